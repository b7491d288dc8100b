/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients of a transient server.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_LOGIN_H
#define ASSAY_TRANSIENT_LOGIN_H

#include "base/error.h"
#include "transient/driver.h"
#include "transient/keys.h"
#include "vault/vault.h"

/* Who logs in to a restored copy, and where.  Nothing is sent yet. */
struct login_options {
    const struct vault_auth_options *auth; /* NULL: the credential of: */
    struct vault *primary;
    const struct transient_facts *facts;
};

int login_client(const struct login_options *o, struct vault **out,
                 struct error *err) MUST_USE;
/* The same with a token, or (NULL) as nobody. */
int login_with_token(const struct transient_facts *facts, const char *token,
                     struct vault **out, struct error *err) MUST_USE;
/* Make a root token in the copy from its key shares, and a client that uses
 * it.  ERR_METHOD where the server does not offer that. */
int login_as_root(const struct transient_facts *facts, const struct keys *keys,
                  struct vault **out, struct error *err) MUST_USE;

#endif
