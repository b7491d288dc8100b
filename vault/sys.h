/* SPDX-License-Identifier: Apache-2.0
 *
 * Birth and seal of a server: what a transient one is put through, and what
 * key holders do.  None of these is repeated; none needs a token. */
#ifndef ASSAY_VAULT_SYS_H
#define ASSAY_VAULT_SYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "vault/vault.h"

enum { VAULT_SHARES_MAX = 255 };

/* In secret memory; vault_keys_done wipes. */
struct vault_keys {
    size_t count;
    char *share[VAULT_SHARES_MAX]; /* base64; recovery keys with an
                                      auto-unseal seal */
    char *root_token;
};

struct vault_seal {
    bool initialized;
    bool sealed;
    unsigned threshold, shares, progress;
    char type[32];
    bool recovery_seal;
    char cluster_id[64]; /* "" while sealed */
};

struct vault_init_options {
    unsigned shares;
    unsigned threshold;
    bool recovery; /* the seal is an automatic one */
};

/* Without `recovery`, at least `threshold` shares are there on success. */
int vault_init(struct vault *v, const struct vault_init_options *o,
               struct vault_keys *out, struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void vault_keys_done(struct vault_keys *k);

int vault_seal_status(struct vault *v, struct vault_seal *out,
                      struct error *err) MUST_USE;
/* Give one share, base64 or hex.  0 when it was taken: `out` has the
 * progress, or sealed=false.  ERR_INVALID when the server refuses it: a bad
 * share, or shares that together are not the key (progress is 0 again). */
int vault_unseal(struct vault *v, const char *share, struct vault_seal *out,
                 struct error *err) MUST_USE;
/* Forget the shares given so far. */
int vault_unseal_reset(struct vault *v, struct vault_seal *out,
                       struct error *err) MUST_USE;

/* A root token from key shares (sys/generate-root), in secret memory; the
 * caller frees it with secret_free.  ERR_METHOD where the listener does not
 * offer it.  An attempt that somebody else has begun is given up.  For
 * transient servers only. */
int vault_generate_root(struct vault *v, const char *const *shares,
                        size_t count, char **token, struct error *err) MUST_USE;
/* End a token, our own when NULL. */
int vault_token_revoke(struct vault *v, const char *token,
                       struct error *err) MUST_USE;

#endif
