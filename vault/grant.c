/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/grant.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/address.h"
#include "vault/internal.h"
#include "vault/send.h"
#include "vault/status.h"

#define JWT_FILE "/var/run/secrets/kubernetes.io/serviceaccount/token"
#define LOCKED_OUT                                                             \
    " (perhaps locked out: five refusals in a row do that, for 15 minutes)"

enum {
    LOGIN_TIMEOUT_MS = 15 * 1000,
    /* A standby is behind by 0.1 s, a loaded one by more.  Together fewer
     * requests than lock a role out. */
    TRIES_MAX = 3,
    PAUSE_MS = 1000,
    LOCKOUT_MS = 16 * 60 * 1000, /* the servers count for 15 minutes */
};

/* Where a login is sent, and what is known of it. */
struct to {
    const char *mount;
    struct refusal *refusal; /* NULL: not looked at */
};

/* The policies of a login, or of a token. */
static bool names_root(const struct json *policies)
{
    for (const struct json *p = json_first(policies); p != NULL;
         p = json_next(p)) {
        if (strcmp(json_text(p, ""), "root") == 0)
            return true;
    }
    return false;
}

static int refuse_root(const struct vault *v, const struct json *policies,
                       struct error *err)
{
    if (!v->cluster->settings.refuse_root || !names_root(policies))
        return 0;
    return error_set(err, ERR_DENIED,
                     "this is a root token; give Assay a role of its own "
                     "(`assay policy backup` says how), or set \"allow_root\": "
                     "true beside the credential");
}

static int read_grant(const struct vault *v, const struct json *answer,
                      struct grant *g, struct error *err)
{
    const struct json *auth = json_get(answer, "auth");
    const char *token = json_get_text(auth, "client_token", "");

    if (token[0] == '\0')
        return error_set(err, ERR_UPSTREAM, "the login gave no token");
    if (refuse_root(v, json_get(auth, "policies"), err) != 0)
        return -1;
    g->token = secret_dup(token);
    if (g->token == NULL)
        return error_set(err, ERR_INTERNAL, "no secret memory is left");
    g->lease_ms = json_get_i64(auth, "lease_duration", 0) * 1000;
    g->renewable = json_get_bool(auth, "renewable", false);
    g->service =
        strcmp(json_get_text(auth, "token_type", "service"), "batch") != 0;
    return 0;
}

/* A value, or else the file's, as it is now. */
static int value_or_file(const char *value, const char *path, char **out,
                         struct error *err)
{
    if (value != NULL) {
        *out = secret_dup(value);
        return *out != NULL
                   ? 0
                   : error_set(err, ERR_INTERNAL, "no secret memory is left");
    }
    if (path == NULL)
        return 0;
    if (secret_read_file(path, out, err) != 0)
        return error_prefix(err, "login");
    return 0;
}

/* Whether the server would be asked too early for the same credential. */
static bool too_early(const struct refusal *refusal, const char *credential,
                      struct error *err)
{
    int64_t now = clock_mono_ms();

    if (refusal == NULL || refusal->count == 0 || now >= refusal->again_at ||
        strcmp(refusal->credential, credential) != 0)
        return false;
    if (err != NULL) {
        *err = refusal->why;
        (void)error_set(err, ERR_DENIED,
                        "%.300s (asked %lld s ago; asked again in %lld s, or "
                        "when the credential changes)",
                        refusal->why.text,
                        (long long)((now - refusal->asked_at) / 1000),
                        (long long)((refusal->again_at - now + 999) / 1000));
        err->status = refusal->why.status;
    }
    return true;
}

/* `requests` more were refused. */
static void remember(struct refusal *refusal, const char *credential,
                     unsigned requests, const struct error *why)
{
    static const int64_t pauses_ms[] = {10 * 1000, 60 * 1000, 5 * 60 * 1000,
                                        LOCKOUT_MS};
    const unsigned last = sizeof pauses_ms / sizeof pauses_ms[0];

    if (refusal == NULL)
        return;
    if (refusal->count == 0 || strcmp(refusal->credential, credential) != 0)
        *refusal = (struct refusal){.count = 0};
    refusal->count += requests;
    refusal->asked_at = clock_mono_ms();
    refusal->again_at =
        refusal->asked_at +
        pauses_ms[(refusal->count < last ? refusal->count : last) - 1];
    refusal->why = *why;
    (void)text_copy(refusal->credential, sizeof refusal->credential,
                    credential);
}

/* The leader's word is final; a standby's may be an old one.  *requests is
 * how many it took. */
static int ask(struct vault *v, const struct exchange *x, unsigned *requests,
               struct json **answer, struct error *err)
{
    struct vault *leader = NULL;
    struct vault_status st;
    bool final = false;
    int rc;

    /* Something between us and the servers may answer for each in turn. */
    if (vault_leader(v, &leader, &st, NULL) == 0)
        final = address_same(vault_address(leader), st.leader_address) ||
                !address_same(vault_address(leader), v->address);
    for (*requests = 1;; (*requests)++) {
        error_clear(err);
        rc = send_simple(leader != NULL ? leader : v, x, answer, err);
        if (rc == 0 || final || err->status != 400 || *requests == TRIES_MAX ||
            send_pause(PAUSE_MS * *requests, NULL, err) != 0)
            break;
    }
    vault_free(leader);
    return rc;
}

/* A refused login, in words. */
static void judge(const struct vault *v, struct error *why)
{
    const struct error said = *why;
    bool locked =
        said.status == 403 && v->cluster->settings.method == VAULT_AUTH_APPROLE;

    if (said.status == 400 || said.status == 403)
        why->kind = ERR_DENIED;
    (void)error_set(why, why->kind, "login refused or not possible: %.350s%s",
                    said.text, locked ? LOCKED_OUT : "");
    why->status = said.status;
}

static int post_login(struct vault *v, const struct to *to,
                      const struct buf *body, struct grant *g,
                      struct error *err)
{
    struct exchange x = {
        .method = "POST",
        .body = buf_text(body),
        .namespace = v->cluster->settings.namespace,
        .timeout_ms = LOGIN_TIMEOUT_MS,
        .safe = true,
    };
    char *path = text_format("auth/%s/login", to->mount);
    char credential[DIGEST_SHA256_HEX];
    struct json *answer = NULL;
    struct error why;
    unsigned requests = 0;
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    x.path = path;
    digest_sha256_hex(body->data, body->len, credential);
    if (too_early(to->refusal, credential, err))
        goto done;
    if (ask(v, &x, &requests, &answer, &why) != 0) {
        judge(v, &why);
        if (why.status == 400)
            remember(to->refusal, credential, requests, &why);
        if (err != NULL)
            *err = why;
        goto done;
    }
    rc = read_grant(v, answer, g, err);
    if (rc == 0 && to->refusal != NULL)
        to->refusal->count = 0;
done:
    json_free(answer);
    free(path);
    return rc;
}

static int login_approle(struct vault *v, struct refusal *refusal,
                         struct grant *g, struct error *err)
{
    const struct settings *s = &v->cluster->settings;
    struct to to = {.refusal = refusal};
    char *role_id = NULL, *secret_id = NULL;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    buf_init_secret(&body, LIMIT_SECRET_FILE);
    if (value_or_file(s->role_id, s->role_id_file, &role_id, err) != 0 ||
        value_or_file(s->secret_id, s->secret_id_file, &secret_id, err) != 0)
        goto done;
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "role_id", role_id);
    if (secret_id != NULL)
        jsonw_text(&w, "secret_id", secret_id);
    jsonw_end_object(&w);
    if (buf_check(&body, "the login", err) != 0)
        goto done;
    to.mount = s->mount != NULL ? s->mount : "approle";
    rc = post_login(v, &to, &body, g, err);
done:
    secret_free(secret_id);
    secret_free(role_id);
    buf_done(&body);
    return rc;
}

static int login_kubernetes(struct vault *v, struct refusal *refusal,
                            struct grant *g, struct error *err)
{
    const struct settings *s = &v->cluster->settings;
    struct to to = {.refusal = refusal};
    char *jwt = NULL;
    struct buf body;
    struct jsonw w;
    int rc = -1;

    buf_init_secret(&body, 2 * LIMIT_SECRET_FILE);
    if (value_or_file(NULL, s->jwt_file != NULL ? s->jwt_file : JWT_FILE, &jwt,
                      err) != 0)
        goto done;
    jsonw_init(&w, &body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "role", s->role);
    jsonw_text(&w, "jwt", jwt);
    jsonw_end_object(&w);
    if (buf_check(&body, "the login", err) != 0)
        goto done;
    to.mount = s->mount != NULL ? s->mount : "kubernetes";
    rc = post_login(v, &to, &body, g, err);
done:
    secret_free(jwt);
    buf_done(&body);
    return rc;
}

/* A token that was given to us: how long it lives is for the server to say.
 * A policy may forbid asking; then it is used as it is. */
static int adopt_token(struct vault *v, const char *value, const char *path,
                       struct grant *g, struct error *err)
{
    struct exchange x = {
        .method = "GET",
        .path = "auth/token/lookup-self",
        .namespace = v->cluster->settings.namespace,
        .timeout_ms = LOGIN_TIMEOUT_MS,
    };
    struct json *answer = NULL;
    const struct json *data;
    struct error why = {.kind = ERR_NONE};
    int rc;

    if (value_or_file(value, path, &g->token, err) != 0)
        return -1;
    if (g->token == NULL || g->token[0] == '\0')
        return error_set(err, ERR_DENIED, "login: the token is empty");
    g->service = !text_starts(g->token, "hvb.") && !text_starts(g->token, "b.");
    x.token = g->token;
    if (send_simple(v, &x, &answer, &why) != 0) {
        if (why.status == 403)
            return 0;
        if (err != NULL)
            *err = why;
        return -1;
    }
    data = json_get(answer, "data");
    g->lease_ms = json_get_i64(data, "ttl", 0) * 1000;
    g->renewable = json_get_bool(data, "renewable", false);
    rc = refuse_root(v, json_get(data, "policies"), err);
    json_free(answer);
    return rc;
}

int grant_get(struct vault *v, struct refusal *refusal, struct grant *g,
              struct error *err)
{
    const struct settings *s = &v->cluster->settings;

    switch (s->method) {
    case VAULT_AUTH_NONE:
        return error_set(err, ERR_DENIED, "no credential for %s is configured",
                         v->address);
    case VAULT_AUTH_APPROVER:
        return error_set(err, ERR_DENIED,
                         "the credential that restores %s comes with an "
                         "approval, and none is here",
                         v->address);
    case VAULT_AUTH_TOKEN:
        return adopt_token(v, s->token, NULL, g, err);
    case VAULT_AUTH_TOKEN_FILE:
        return adopt_token(v, NULL, s->token_file, g, err);
    case VAULT_AUTH_APPROLE:
        return login_approle(v, refusal, g, err);
    case VAULT_AUTH_KUBERNETES:
        return login_kubernetes(v, refusal, g, err);
    }
    return error_set(err, ERR_INTERNAL, "unknown auth method");
}
