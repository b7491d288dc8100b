/* SPDX-License-Identifier: Apache-2.0
 *
 * The server program that a transient cluster runs: found, and asked who it
 * is.  A snapshot goes into a server of its own product, of the same version
 * or a newer one.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_SERVER_PROGRAM_H
#define ASSAY_TRANSIENT_SERVER_PROGRAM_H

#include <stddef.h>

#include "base/error.h"
#include "transient/transient.h"

struct server_program {
    char *path; /* absolute; malloc'd */
    char product[16];
    char version[64];
};

struct server_wanted {
    const char *server;  /* NULL or "": the product's usual one on PATH */
    const char *product; /* "vault" or "openbao" */
    const char *version; /* that old at least; NULL or "": any */
};

/* Find the program and make sure that it can take the snapshot.
 *
 * 0: *out is for server_program_done.  -1: *outcome is NO_SERVER or
 * OLD_SERVER and `err` says what to install or configure.  Runs
 * `<server> version`, up to 20 s. */
int server_program_find(const struct server_wanted *wanted,
                        struct server_program *out,
                        enum transient_outcome *outcome,
                        struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void server_program_done(struct server_program *p);

/* Read the first line of `<server> version`: "Vault v1.21.0 (…), built …",
 * "OpenBao v2.7.2 (…)".  false if it is neither. */
bool server_program_parse(const char *line, struct server_program *out);

/* "1.21.0+ent", "1.21.0+ent.hsm": a Vault that needs a license. */
bool server_version_is_enterprise(const char *version);

#endif
