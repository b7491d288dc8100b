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

/* Find `server` (NULL or "": the product's usual program on PATH) and make
 * sure that it can take a snapshot of `product` and `version` ("": any).
 *
 * 0: *out is for server_program_done.  -1: *outcome is NO_SERVER, OLD_SERVER
 * or BROKEN and `err` says what to install or configure.  Runs
 * `<server> version`, up to 20 s. */
int server_program_find(const char *server, const char *product,
                        const char *version, struct server_program *out,
                        enum transient_outcome *outcome,
                        struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void server_program_done(struct server_program *p);

/* Read the first line of `<server> version`: "Vault v1.21.0 (…), built …",
 * "OpenBao v2.7.2 (…)".  false if it is neither. */
bool server_program_parse(const char *line, struct server_program *out);
/* <0, 0, >0 as version `a` is older than, as old as or newer than `b`.
 * Numbers separated by dots; a pre-release (-rc1) is older than its release,
 * build metadata (+ent) counts for nothing; a leading v is skipped. */
int server_version_compare(const char *a, const char *b);

#endif
