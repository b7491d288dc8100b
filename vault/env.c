/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/env.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"

enum { NAME_MAX_LEN = 64, PATH_LEN = 4096 };

/* BAO_<name>, else VAULT_<name>; NULL when neither says anything.  `used`
 * is the variable's own name, for a complaint. */
static const char *look(const char *name, char used[NAME_MAX_LEN])
{
    static const char *const prefixes[] = {"BAO", "VAULT"};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const char *value;

        (void)snprintf(used, NAME_MAX_LEN, "%s_%s", prefixes[i], name);
        value = getenv(used);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return NULL;
}

static void set_text(const char **field, const char *name)
{
    char used[NAME_MAX_LEN];
    const char *value = look(name, used);

    if (value != NULL)
        *field = value;
}

/* Where `vault login` leaves it. */
static const char *token_helper_file(void)
{
    static char path[PATH_LEN];
    const char *home = getenv("HOME");
    int n;

    if (home == NULL || home[0] != '/')
        return NULL;
    n = snprintf(path, sizeof path, "%s/.vault-token", home);
    if (n < 0 || (size_t)n >= sizeof path || !file_exists(path))
        return NULL;
    return path;
}

static void set_auth(struct vault_auth_options *a)
{
    char used[NAME_MAX_LEN];
    const char *value;

    if (a->method != VAULT_AUTH_NONE)
        return;
    value = look("TOKEN", used);
    if (value != NULL) {
        a->method = VAULT_AUTH_TOKEN;
        a->token = value;
        return;
    }
    value = token_helper_file();
    if (value != NULL) {
        a->method = VAULT_AUTH_TOKEN_FILE;
        a->token_file = value;
    }
}

int vault_options_from_env(struct vault_options *o, struct error *err)
{
    char used[NAME_MAX_LEN];
    const char *value;

    assert(o != NULL);
    value = look("SKIP_VERIFY", used);
    if (value != NULL && !text_bool(value, &o->tls.skip_verify))
        return error_set(err, ERR_INVALID, "%s is \"%s\", not true or false",
                         used, value);
    set_text(&o->address, "ADDR");
    set_text(&o->namespace, "NAMESPACE");
    set_text(&o->proxy, "PROXY_ADDR");
    set_text(&o->tls.ca_file, "CACERT");
    set_text(&o->tls.ca_dir, "CAPATH");
    set_text(&o->tls.cert_file, "CLIENT_CERT");
    set_text(&o->tls.key_file, "CLIENT_KEY");
    set_text(&o->tls.server_name, "TLS_SERVER_NAME");
    set_auth(&o->auth);
    return 0;
}
