/* SPDX-License-Identifier: Apache-2.0
 *
 * The server that `assay restore` writes to, and what must be typed there
 * before it can be written to. */
#ifndef ASSAY_CLI_RESTORE_TARGET_H
#define ASSAY_CLI_RESTORE_TARGET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "snapshot/unseal.h"
#include "vault/status.h"
#include "vault/vault.h"

struct restore_target {
    struct vault *vault;
    struct vault_status status; /* at the start */
    bool has_token;
};

/* The environment of Vault's own CLI says how (TLS, proxy, token); `address`
 * and a token file, unless NULL, win over it. */
int restore_target_open(const char *address, const char *token_file,
                        struct restore_target *out, struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void restore_target_done(struct restore_target *t);

/* Whether an archive can be sent there now.  If not, `advice` gets what to
 * type first, with the numbers of the archive's seal. */
bool restore_target_ready(const struct restore_target *t,
                          const struct unseal_config *seal, struct buf *advice);
/* "bao" or "vault". */
const char *restore_target_program(const struct restore_target *t);

#endif
