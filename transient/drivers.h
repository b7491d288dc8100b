/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator has configured about the drivers other than `process`.
 * Plain data: the giver's strings, until copied. */
#ifndef ASSAY_TRANSIENT_DRIVERS_H
#define ASSAY_TRANSIENT_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/program.h"
#include "vault/options.h"

struct transient_terraform {
    const char *dir;    /* the operator's module; NULL: not configured */
    const char *binary; /* NULL: terraform or tofu from PATH */
    struct program_pairs vars;
    struct program_pairs env;
    int64_t timeout_ms; /* for apply, and for destroy; 0: 30 min */
};

/* Programs with their arguments, NULL-terminated; no shell. */
struct transient_command {
    const char *const *up; /* NULL: not configured */
    const char *const *down;
    const char *const *status;       /* NULL: none */
    const char *const *egress_probe; /* NULL: none */
    int64_t timeout_ms;              /* for each; 0: 10 min */
};

struct transient_existing {
    const char *address; /* NULL: not configured */
    const char *ca_cert_file;
    const char *token_file;       /* may force a snapshot on it */
    const char *const *key_files; /* its own key shares, NULL-terminated */
};

struct transient_drivers {
    /* Somebody says that what the other drivers raise cannot reach anything:
     * without that they are not used. */
    bool egress_blocked;
    /* Where the login to the restored copy fails, a root token may be made
     * in it. */
    bool allow_generate_root;
    /* Who logs in to the restored copy; NULL: whoever does on the primary. */
    const struct vault_auth_options *auth;
    struct transient_terraform terraform;
    struct transient_command command;
    struct transient_existing existing;
};

/* A copy that owns everything, secrets in secret memory. */
int transient_drivers_copy(const struct transient_drivers *from,
                           const struct transient_drivers **out,
                           struct error *err) MUST_USE;
/* Of such a copy.  Accepts NULL. */
void transient_drivers_free(const struct transient_drivers *d);

/* Is there a driver of that name, and does `d` (may be NULL) have what it
 * needs?  ERR_INVALID says which setting is missing. */
int transient_drivers_check(const char *name, const struct transient_drivers *d,
                            struct error *err) MUST_USE;

#endif
