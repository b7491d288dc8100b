/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/auth.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/call.h"
#include "vault/send.h"

enum { CALLER_TOKEN_MAX = 8 * 1024 };

static const struct {
    const char *name;
    unsigned bit;
} capabilities[] = {
    {"create", VAULT_CAP_CREATE}, {"read", VAULT_CAP_READ},
    {"update", VAULT_CAP_UPDATE}, {"patch", VAULT_CAP_PATCH},
    {"delete", VAULT_CAP_DELETE}, {"list", VAULT_CAP_LIST},
    {"sudo", VAULT_CAP_SUDO},     {"root", VAULT_CAP_ROOT},
};

/* What is not a token must not get into a header. */
static int check_caller(const struct vault_caller *who, struct error *err)
{
    if (who->token == NULL || who->token[0] == '\0')
        return error_set(err, ERR_DENIED, "missing token");
    if (strlen(who->token) > CALLER_TOKEN_MAX || !text_is_token(who->token))
        return error_set(err, ERR_DENIED, "bad token");
    return 0;
}

/* A name that we do not know grants nothing. */
static unsigned set_of(const struct json *names)
{
    unsigned set = 0;

    for (const struct json *n = json_first(names); n != NULL;
         n = json_next(n)) {
        const char *name = json_text(n, "");

        if (strcmp(name, "deny") == 0)
            return 0;
        for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0];
             i++) {
            if (strcmp(capabilities[i].name, name) == 0)
                set |= capabilities[i].bit;
        }
    }
    return set;
}

static int read_sets(const struct json *answer,
                     struct vault_capabilities *asked, size_t count,
                     struct error *err)
{
    const struct json *data = json_get(answer, "data");
    unsigned found[VAULT_CAPABILITY_PATHS_MAX];

    for (size_t i = 0; i < count; i++) {
        const struct json *names = json_get(data, asked[i].path);

        if (json_type(names) != JSON_ARRAY)
            return error_set(err, ERR_UPSTREAM,
                             "the server did not say what is allowed on %s",
                             asked[i].path);
        found[i] = set_of(names);
    }
    for (size_t i = 0; i < count; i++)
        asked[i].set = found[i];
    return 0;
}

int vault_capabilities_self(struct vault *v, const struct vault_caller *who,
                            struct vault_capabilities *asked, size_t count,
                            struct error *err)
{
    struct exchange x = {
        .method = "POST",
        .path = "sys/capabilities-self",
        .token = who->token,
        .namespace = who->namespace,
        .timeout_ms = QUICK_TIMEOUT_MS,
        .safe = true,
    };
    struct json *answer = NULL;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    assert(count > 0 && count <= VAULT_CAPABILITY_PATHS_MAX);
    if (check_caller(who, err) != 0)
        return -1;
    buf_init(&body, LIMIT_REQUEST_BODY);
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "paths");
    for (size_t i = 0; i < count; i++)
        jsonw_text(&w, NULL, asked[i].path);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    x.body = buf_text(&body);
    if (buf_check(&body, "a request", err) != 0 ||
        send_simple(v, &x, &answer, err) != 0)
        goto done;
    rc = read_sets(answer, asked, count, err);
done:
    json_free(answer);
    buf_done(&body);
    return rc;
}

bool vault_capability_has(unsigned set, unsigned wanted)
{
    return (set & VAULT_CAP_ROOT) != 0 || (set & wanted) == wanted;
}

static void add_policies(const struct json *names, struct vault_token *out)
{
    for (const struct json *n = json_first(names); n != NULL;
         n = json_next(n)) {
        const char *name = json_text(n, "");

        if (strcmp(name, "root") == 0)
            out->root = true;
        if (out->policies < VAULT_POLICIES_MAX)
            (void)text_copy(out->policy[out->policies++], VAULT_NAME_MAX, name);
    }
}

static void copy(char *dst, size_t size, const struct json *o, const char *key)
{
    (void)text_copy(dst, size, json_get_text(o, key, ""));
}

static int read_token(const struct json *answer, struct vault_token *out,
                      struct error *err)
{
    const struct json *d = json_get(answer, "data");

    if (json_type(d) != JSON_OBJECT)
        return error_set(err, ERR_UPSTREAM,
                         "the server did not say whose token it is");
    memset(out, 0, sizeof *out);
    copy(out->display_name, sizeof out->display_name, d, "display_name");
    copy(out->entity_id, sizeof out->entity_id, d, "entity_id");
    copy(out->accessor, sizeof out->accessor, d, "accessor");
    copy(out->type, sizeof out->type, d, "type");
    copy(out->path, sizeof out->path, d, "path");
    out->orphan = json_get_bool(d, "orphan", false);
    out->renewable = json_get_bool(d, "renewable", false);
    out->ttl_seconds = json_get_i64(d, "ttl", 0);
    add_policies(json_get(d, "policies"), out);
    add_policies(json_get(d, "identity_policies"), out);
    return 0;
}

int vault_lookup_self(struct vault *v, const struct vault_caller *who,
                      struct vault_token *out, struct error *err)
{
    struct exchange x = {
        .method = "GET",
        .path = "auth/token/lookup-self",
        .token = who->token,
        .namespace = who->namespace,
        .timeout_ms = QUICK_TIMEOUT_MS,
    };
    struct json *answer = NULL;
    int rc;

    assert(v != NULL && out != NULL);
    if (check_caller(who, err) != 0 || send_simple(v, &x, &answer, err) != 0)
        return -1;
    rc = read_token(answer, out, err);
    json_free(answer);
    return rc;
}

int vault_own_token(struct vault *v, struct vault_token *out, struct error *err)
{
    struct json *answer = NULL;
    int rc;

    assert(v != NULL && out != NULL);
    if (vault_read(v, "auth/token/lookup-self", &answer, err) != 0)
        return -1;
    rc = read_token(answer, out, err);
    json_free(answer);
    return rc;
}
