/* SPDX-License-Identifier: Apache-2.0
 *
 * A credential that somebody else hands over for one occasion, wrapped by
 * Vault: the answer to one request, kept by the server until the wrapping
 * token is used, once.  What it holds is told by where it was made, which
 * only the server can write; anything else than the two kinds below is
 * refused before it is unwrapped, and so what an outsider put into a wrapping
 * of his own (sys/wrapping/wrap) is never taken for a credential.
 *
 *   a token        vault token create -policy=… -ttl=1h -wrap-ttl=1h
 *   a secret-id    vault write -f -wrap-ttl=1h auth/approle/role/…/secret-id
 *
 * Both are younger than any snapshot: whoever restores with one has to look
 * at the restored cluster with another credential. */
#ifndef ASSAY_VAULT_WRAPPED_H
#define ASSAY_VAULT_WRAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "vault/vault.h"

enum vault_wrapped_kind {
    VAULT_WRAPPED_TOKEN,     /* auth/token/create… */
    VAULT_WRAPPED_SECRET_ID, /* auth/<mount>/role/<role>/secret-id */
};

struct vault_wrapped {
    enum vault_wrapped_kind kind;
    char creation_path[2 * VAULT_NAME_MAX];
    int64_t expires_at_ms; /* Unix; 0: the server did not say */
};

/* ERR_INVALID: no server makes such a token.  Nobody is asked. */
int vault_wrapped_check(const char *wrapping_token, struct error *err) MUST_USE;

/* What is in it, as `v` would use it, without using it up.  Blocks, 5 s at
 * most for each of two questions.  -1: ERR_DENIED, the server does not know
 * it (expired, used by somebody else, or never there); ERR_INVALID, it holds
 * something that is no credential for `v`: the text says what would be.  The
 * errors of vault/call.h besides. */
int vault_wrapped_look(struct vault *v, const char *wrapping_token,
                       struct vault_wrapped *out, struct error *err) MUST_USE;

/* Use it up: *out is another handle to v's cluster, with that credential, a
 * login of its own and v's other settings; a secret-id goes with the mount
 * and role_id of v's.  Sent once and never again: after a doubtful answer the
 * wrapping counts as used.  Logged in on return, unless Vault did not answer
 * just then.  -1: as above; also ERR_DENIED for a secret-id that does not log
 * in (a token is first asked for when it is used), or for a root token where
 * v refuses them (it is revoked). */
int vault_from_wrapped(struct vault *v, const char *wrapping_token,
                       struct vault **out, struct error *err) MUST_USE;

/* Whether `v` has no credential until one is handed over (method
 * "approver"). */
bool vault_awaits_credential(const struct vault *v);

#endif
