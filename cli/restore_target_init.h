/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that nobody has initialised, made ready to take an archive: with
 * keys and a token that live in memory only, because the archive brings its
 * own. */
#ifndef ASSAY_CLI_RESTORE_TARGET_INIT_H
#define ASSAY_CLI_RESTORE_TARGET_INIT_H

#include "base/error.h"
#include "cli/restore_target.h"
#include "snapshot/unseal.h"
#include "vault/status.h"

/* What is left to say of a target (its address) when nothing could be sent to
 * it after it was initialised. */
#define RESTORE_TARGET_ORPHANED                                                \
    "%s was initialised, and nobody has its keys: stop it, empty its raft "    \
    "directory, and begin again"

/* Initialise it with the share count of the archive's seal, so that it need
 * not be restarted afterwards, unseal it, wait until it leads, and use its
 * root token from now on.  t->status is renewed.
 *
 * -1 with an error that says what is left: once initialised, it can only be
 * emptied, for nobody has its keys. */
int restore_target_init(struct restore_target *t,
                        const struct unseal_config *seal,
                        const struct cancel *cancel,
                        struct error *err) MUST_USE;

#endif
