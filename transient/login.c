/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/login.h"

#include "base/secret.h"
#include "vault/sys.h"

int login_client(const struct login_options *o, struct vault **out,
                 struct error *err)
{
    const struct vault_place place = {
        .address = o->facts->address,
        .ca_file = o->facts->ca_file,
        .namespace = o->facts->namespace,
    };
    struct vault_options own = {
        .address = o->facts->address,
        .namespace = o->facts->namespace,
        .tls = {.ca_file = o->facts->ca_file},
    };

    if (o->auth == NULL)
        return vault_like(o->primary, &place, out, err);
    if (own.namespace == NULL && o->primary != NULL)
        own.namespace = vault_namespace(o->primary);
    own.auth = *o->auth;
    return vault_new(&own, out, err);
}

int login_with_token(const struct transient_facts *facts, const char *token,
                     struct vault **out, struct error *err)
{
    const struct vault_options o = {
        .address = facts->address,
        .tls = {.ca_file = facts->ca_file},
        .auth = {.method = token == NULL ? VAULT_AUTH_NONE : VAULT_AUTH_TOKEN,
                 .token = token},
    };

    return vault_new(&o, out, err);
}

int login_as_root(const struct transient_facts *facts, const struct keys *keys,
                  struct vault **out, struct error *err)
{
    const char *shares[KEYS_MAX];
    struct vault *v = NULL;
    char *token = NULL;
    int rc = -1;

    for (size_t i = 0; i < keys_count(keys); i++)
        shares[i] = keys_at(keys, i);
    if (login_with_token(facts, NULL, &v, err) == 0 &&
        vault_generate_root(v, shares, keys_count(keys), &token, err) == 0)
        rc = login_with_token(facts, token, out, err);
    if (rc != 0 && err != NULL && err->kind == ERR_METHOD)
        error_set(err, ERR_METHOD,
                  "the server does not make root tokens from key shares: set "
                  "disable_unauthed_generate_root_endpoints = false for its "
                  "listener");
    vault_free(v);
    secret_free(token);
    return rc;
}
