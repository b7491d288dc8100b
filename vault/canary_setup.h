/* SPDX-License-Identifier: Apache-2.0
 *
 * Make the canaries of vault/canary.h: what an operator does once. */
#ifndef ASSAY_VAULT_CANARY_SETUP_H
#define ASSAY_VAULT_CANARY_SETUP_H

#include <stdbool.h>

#include "base/error.h"
#include "vault/vault.h"

struct vault_canary_setup {
    const char *mount;
    /* Make a new ciphertext although there is one: the key of the old one is
     * known to be lost. */
    bool renew;
    /* Told of each part, in order: its name, and whether it was made now or
     * there already.  May be NULL. */
    void (*said)(void *ctx, const char *what, bool made);
    void *ctx;
};

/* Make what is missing, leave alone what is there, and see that the
 * ciphertext decrypts.  May be repeated.  -1: ERR_CONFLICT, a mount of that
 * name is something else; ERR_PRECONDITION, the ciphertext that is there
 * does not decrypt; ERR_DENIED with the policy line that is missing. */
int vault_canary_setup(struct vault *v, const struct vault_canary_setup *o,
                       struct error *err) MUST_USE;

#endif
