/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/options.h"

#include <string.h>

static bool given(const char *s)
{
    return s != NULL && s[0] != '\0';
}

int vault_auth_method_parse(const char *name, enum vault_auth_method *out,
                            struct error *err)
{
    static const struct {
        const char *name;
        enum vault_auth_method method;
    } known[] = {
        {"token", VAULT_AUTH_TOKEN},
        {"token_file", VAULT_AUTH_TOKEN_FILE},
        {"approle", VAULT_AUTH_APPROLE},
        {"kubernetes", VAULT_AUTH_KUBERNETES},
        {"approver", VAULT_AUTH_APPROVER},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) == 0) {
            *out = known[i].method;
            return 0;
        }
    }
    return error_set(err, ERR_INVALID,
                     "auth method \"%s\": it is one of token, token_file, "
                     "approle, kubernetes, approver",
                     name);
}

static int check_auth(const struct vault_auth_options *a, struct error *err)
{
    switch (a->method) {
    case VAULT_AUTH_NONE:
    case VAULT_AUTH_APPROVER:
        return 0;
    case VAULT_AUTH_TOKEN:
        if (!given(a->token))
            return error_set(err, ERR_INVALID, "auth: no token");
        return 0;
    case VAULT_AUTH_TOKEN_FILE:
        if (!given(a->token_file))
            return error_set(err, ERR_INVALID, "auth: no token_file");
        return 0;
    case VAULT_AUTH_APPROLE:
        if (!given(a->role_id) && !given(a->role_id_file))
            return error_set(err, ERR_INVALID,
                             "auth: approle needs role_id or role_id_file");
        return 0;
    case VAULT_AUTH_KUBERNETES:
        if (!given(a->role))
            return error_set(err, ERR_INVALID, "auth: kubernetes needs a role");
        return 0;
    }
    return error_set(err, ERR_INVALID, "auth: unknown method");
}

int vault_options_check(const struct vault_options *o, struct error *err)
{
    if (!given(o->address))
        return error_set(err, ERR_INVALID, "no address of the cluster");
    return check_auth(&o->auth, err);
}
