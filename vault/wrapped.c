/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/wrapped.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/internal.h"
#include "vault/send.h"
#include "vault/status.h"
#include "vault/sys.h"

/* Why it could be unknown, and what then has to be done about it. */
#define UNKNOWN                                                                \
    "Vault does not know the wrapping token: it has expired or was used "      \
    "already.  If none of you used it, revoke what it held.  Wrap a new one"

#define WANTED                                                                 \
    "wanted is a token (vault token create -wrap-ttl=1h …) or a secret-id "  \
    "(vault write -f -wrap-ttl=1h auth/%s/role/<role>/secret-id)"

enum { UNWRAP_TIMEOUT_MS = 15 * 1000 };

static const char *approle_mount(const struct vault *v)
{
    const struct settings *s = &v->cluster->settings;

    return s->method != VAULT_AUTH_KUBERNETES && s->mount != NULL ? s->mount
                                                                  : "approle";
}

bool vault_awaits_credential(const struct vault *v)
{
    return v->cluster->settings.method == VAULT_AUTH_APPROVER;
}

int vault_wrapped_check(const char *token, struct error *err)
{
    if (token[0] == '\0' || strlen(token) > LIMIT_HANDED_TOKEN ||
        !text_is_token(token))
        return error_set(err, ERR_INVALID, "that is no wrapping token");
    return 0;
}

/* The one exchange, with the leader where there is one: a standby of OpenBao
 * does not know yet what was made a moment ago. */
static int ask(struct vault *v, struct exchange *x, struct json **answer,
               struct error *err)
{
    struct vault *leader = NULL;
    struct vault_status status;
    struct error why;
    int rc;

    x->method = "POST";
    x->namespace = v->cluster->settings.namespace;
    if (vault_leader(v, &leader, &status, NULL) != 0)
        leader = NULL;
    error_clear(&why);
    rc = send_simple(leader != NULL ? leader : v, x, answer, &why);
    vault_free(leader);
    if (rc == 0)
        return 0;
    if (why.status == 400 || why.status == 403)
        (void)error_set(&why, ERR_DENIED, UNKNOWN);
    if (err != NULL)
        *err = why;
    return -1;
}

/* Whether `path` is "auth/<mount>/role/<role>/secret-id". */
static bool makes_secret_id(const char *path, const char *mount)
{
    char *start = text_format("auth/%s/role/", mount);
    const char *role;
    size_t len;
    bool is;

    if (start == NULL)
        return false;
    is = text_starts(path, start);
    role = is ? path + strlen(start) : "";
    len = strcspn(role, "/");
    free(start);
    return is && len > 0 && strcmp(role + len, "/secret-id") == 0;
}

static bool makes_token(const char *path)
{
    return strcmp(path, "auth/token/create") == 0 ||
           strcmp(path, "auth/token/create-orphan") == 0 ||
           text_starts(path, "auth/token/create/");
}

/* A path begins with its namespace where the wrapping was made in one. */
static const char *in_namespace(const struct vault *v, const char *path)
{
    const char *space = v->cluster->settings.namespace;
    size_t len;

    if (space == NULL || !text_starts(path, space))
        return path;
    len = strlen(space);
    if (len > 0 && space[len - 1] == '/')
        return path + len;
    return path[len] == '/' ? path + len + 1 : path;
}

static int judge(const struct vault *v, struct vault_wrapped *w,
                 struct error *err)
{
    const struct settings *s = &v->cluster->settings;
    const char *path = in_namespace(v, w->creation_path);

    if (makes_token(path)) {
        w->kind = VAULT_WRAPPED_TOKEN;
        return 0;
    }
    if (!makes_secret_id(path, approle_mount(v)))
        return error_set(err, ERR_INVALID,
                         "the wrapping was made by %s and holds no credential "
                         "for this: " WANTED,
                         path, approle_mount(v));
    if (s->role_id == NULL && s->role_id_file == NULL)
        return error_set(err, ERR_INVALID,
                         "the wrapping holds a secret-id, and no role_id is "
                         "configured to go with it: wrap a token instead");
    w->kind = VAULT_WRAPPED_SECRET_ID;
    return 0;
}

static void read_facts(const struct json *answer, struct vault_wrapped *w)
{
    const struct json *data = json_get(answer, "data");
    int64_t made = 0;

    *w = (struct vault_wrapped){.kind = VAULT_WRAPPED_TOKEN};
    (void)text_copy(w->creation_path, sizeof w->creation_path,
                    json_get_text(data, "creation_path", ""));
    if (text_rfc3339_ms(json_get_text(data, "creation_time", ""), &made))
        w->expires_at_ms = made + json_get_i64(data, "creation_ttl", 0) * 1000;
}

int vault_wrapped_look(struct vault *v, const char *wrapping_token,
                       struct vault_wrapped *out, struct error *err)
{
    struct exchange x = {.timeout_ms = QUICK_TIMEOUT_MS};
    struct vault_wrapped found;
    struct json *answer = NULL;
    struct buf body;
    int rc = -1;

    assert(v != NULL && wrapping_token != NULL && out != NULL);
    if (vault_wrapped_check(wrapping_token, err) != 0)
        return -1;
    if (wrap_lookup(wrapping_token, &x, &body, err) != 0 ||
        ask(v, &x, &answer, err) != 0)
        goto done;
    read_facts(answer, &found);
    if (judge(v, &found, err) != 0)
        goto done;
    *out = found;
    rc = 0;
done:
    json_free(answer);
    buf_done(&body);
    return rc;
}

static int unwrap(struct vault *v, const char *wrapping_token,
                  const struct vault_wrapped *w, char **credential,
                  struct error *err)
{
    struct exchange x = {.path = "sys/wrapping/unwrap",
                         .token = wrapping_token,
                         .body = "{}",
                         .timeout_ms = UNWRAP_TIMEOUT_MS};
    struct json *answer = NULL;
    const char *found;
    int rc = -1;

    if (ask(v, &x, &answer, err) != 0)
        return -1;
    found = w->kind == VAULT_WRAPPED_TOKEN
                ? json_get_text(json_get(answer, "auth"), "client_token", "")
                : json_get_text(json_get(answer, "data"), "secret_id", "");
    if (found[0] == '\0') {
        (void)error_set(err, ERR_UPSTREAM,
                        "there was no credential in the wrapping");
    } else {
        *credential = secret_dup(found);
        rc = *credential != NULL
                 ? 0
                 : error_set(err, ERR_INTERNAL, "no secret memory is left");
    }
    json_free(answer);
    return rc;
}

static int handle_with(struct vault *v, const struct vault_wrapped *w,
                       const char *credential, struct vault **out,
                       struct error *err)
{
    const struct settings *s = &v->cluster->settings;
    struct vault_auth_options auth = {.method = VAULT_AUTH_TOKEN,
                                      .token = credential};

    if (w->kind == VAULT_WRAPPED_SECRET_ID)
        auth = (struct vault_auth_options){.method = VAULT_AUTH_APPROLE,
                                           .mount = approle_mount(v),
                                           .role_id = s->role_id,
                                           .role_id_file = s->role_id_file,
                                           .secret_id = credential};
    return vault_with(v, &auth, out, err);
}

/* A root token that is not wanted is not left lying about. */
static int refused(struct vault *v, const struct vault_wrapped *w,
                   const char *credential, const struct error *why,
                   struct error *err)
{
    if (w->kind == VAULT_WRAPPED_TOKEN)
        (void)!vault_token_revoke(v, credential, NULL);
    if (err != NULL)
        *err = *why;
    return error_prefix(err, "the credential that was wrapped");
}

int vault_from_wrapped(struct vault *v, const char *wrapping_token,
                       struct vault **out, struct error *err)
{
    struct vault *with = NULL;
    struct vault_wrapped w;
    char *credential = NULL;
    struct error why;
    int rc = -1;

    assert(out != NULL);
    error_clear(&why);
    if (vault_wrapped_look(v, wrapping_token, &w, err) != 0 ||
        unwrap(v, wrapping_token, &w, &credential, err) != 0 ||
        handle_with(v, &w, credential, &with, err) != 0)
        goto done;
    /* What was used up must not be lost because nobody answers now. */
    if (vault_keep_login(with, &why) != 0 && why.kind == ERR_DENIED) {
        rc = refused(v, &w, credential, &why, err);
        goto done;
    }
    *out = with;
    with = NULL;
    rc = 0;
done:
    vault_free(with);
    secret_free(credential);
    return rc;
}
