/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own token: had, made, renewed, replaced.  All of it happens under the
 * login's lock, so that many threads that find the token dead log in once. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/internal.h"
#include "vault/send.h"

#define JWT_FILE "/var/run/secrets/kubernetes.io/serviceaccount/token"

enum {
    LOGIN_TIMEOUT_MS = 15 * 1000,
    RETRY_MS = 10 * 1000, /* after a renewal that did not work */
};

/* What a login or a renewal gave. */
struct grant {
    char *token; /* secret */
    int64_t lease_ms;
    bool renewable;
    bool service;
};

void login_init(struct login *l)
{
    (void)pthread_mutex_init(&l->lock, NULL);
}

/* Under the lock. */
static void forget(struct login *l)
{
    secret_free(l->token);
    l->token = NULL;
}

void login_done(struct login *l)
{
    forget(l);
    (void)pthread_mutex_destroy(&l->lock);
}

/* Under the lock.  Takes g->token over. */
static void keep(struct login *l, struct grant *g)
{
    int64_t now = clock_mono_ms();

    forget(l);
    l->token = g->token;
    g->token = NULL;
    l->service = g->service;
    l->renewable = g->renewable;
    l->lease_ms = g->lease_ms;
    l->renew_at = now + g->lease_ms / 3 * 2;
    l->expires_at = g->lease_ms > 0 ? now + g->lease_ms : 0;
    l->generation++;
}

static int read_grant(const struct json *answer, struct grant *g,
                      struct error *err)
{
    const struct json *auth = json_get(answer, "auth");
    const char *token = json_get_text(auth, "client_token", "");

    if (token[0] == '\0')
        return error_set(err, ERR_UPSTREAM, "the login gave no token");
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

static int post_login(struct vault *v, const char *mount,
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
    char *path = text_format("auth/%s/login", mount);
    struct json *answer = NULL;
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    x.path = path;
    if (send_simple(v, &x, &answer, err) != 0) {
        if (err != NULL && (err->status == 400 || err->status == 403))
            err->kind = ERR_DENIED;
        (void)error_prefix(err, "login refused or not possible");
        goto done;
    }
    rc = read_grant(answer, g, err);
done:
    json_free(answer);
    free(path);
    return rc;
}

static int login_approle(struct vault *v, struct grant *g, struct error *err)
{
    const struct settings *s = &v->cluster->settings;
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
    rc = post_login(v, s->mount != NULL ? s->mount : "approle", &body, g, err);
done:
    secret_free(secret_id);
    secret_free(role_id);
    buf_done(&body);
    return rc;
}

static int login_kubernetes(struct vault *v, struct grant *g, struct error *err)
{
    const struct settings *s = &v->cluster->settings;
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
    rc = post_login(v, s->mount != NULL ? s->mount : "kubernetes", &body, g,
                    err);
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
    json_free(answer);
    return 0;
}

static int log_in(struct vault *v, struct grant *g, struct error *err)
{
    const struct settings *s = &v->cluster->settings;

    switch (s->method) {
    case VAULT_AUTH_NONE:
        return error_set(err, ERR_DENIED, "no credential for %s is configured",
                         v->address);
    case VAULT_AUTH_TOKEN:
        return adopt_token(v, s->token, NULL, g, err);
    case VAULT_AUTH_TOKEN_FILE:
        return adopt_token(v, NULL, s->token_file, g, err);
    case VAULT_AUTH_APPROLE:
        return login_approle(v, g, err);
    case VAULT_AUTH_KUBERNETES:
        return login_kubernetes(v, g, err);
    }
    return error_set(err, ERR_INTERNAL, "unknown auth method");
}

/* Under the lock. */
static int log_in_anew(struct vault *v, struct error *err)
{
    struct grant g = {.token = NULL};
    int rc = log_in(v, &g, err);

    if (rc == 0)
        keep(&v->cluster->login, &g);
    secret_free(g.token);
    return rc;
}

/* Under the lock.  A renewal that reaches the token's last day gives less
 * and less: a third of the first lease is the time for a new login. */
static int renew(struct vault *v, struct error *err)
{
    struct login *l = &v->cluster->login;
    struct exchange x = {
        .method = "POST",
        .path = "auth/token/renew-self",
        .body = "{}",
        .token = l->token,
        .namespace = v->cluster->settings.namespace,
        .timeout_ms = LOGIN_TIMEOUT_MS,
        .safe = true,
    };
    struct json *answer = NULL;
    int64_t lease, now;

    if (send_simple(v, &x, &answer, err) != 0)
        return -1;
    lease = json_get_i64(json_get(answer, "auth"), "lease_duration", 0) * 1000;
    json_free(answer);
    if (lease < l->lease_ms / 3)
        return error_set(err, ERR_DENIED, "the token is at its end");
    now = clock_mono_ms();
    l->renew_at = now + lease / 3 * 2;
    l->expires_at = now + lease;
    return 0;
}

/* Under the lock: a token that should do. */
static int ensure(struct vault *v, struct error *err)
{
    struct login *l = &v->cluster->login;
    int64_t now = clock_mono_ms();
    struct error why;

    if (l->token == NULL)
        return log_in_anew(v, err);
    if (l->expires_at == 0 || now < l->renew_at)
        return 0;
    error_clear(&why);
    if (now < l->expires_at && l->renewable && renew(v, &why) == 0)
        return 0;
    if (!l->fixed && log_in_anew(v, &why) == 0)
        return 0;
    now = clock_mono_ms();
    if (now < l->expires_at) {
        l->renew_at = now + RETRY_MS;
        return 0;
    }
    if (why.kind == ERR_NONE)
        return error_set(err, ERR_DENIED, "our token has expired");
    if (err != NULL)
        *err = why;
    return -1;
}

int login_token(struct vault *v, char **token, unsigned *generation,
                struct error *err)
{
    struct login *l = &v->cluster->login;
    int rc;

    (void)pthread_mutex_lock(&l->lock);
    rc = ensure(v, err);
    if (rc == 0) {
        *token = secret_dup(l->token);
        *generation = l->generation;
        if (*token == NULL)
            rc = error_set(err, ERR_INTERNAL, "no secret memory is left");
    }
    (void)pthread_mutex_unlock(&l->lock);
    return rc;
}

/* Whether the server still knows the token.  1, 0, or -1. */
static int is_alive(struct vault *v, const char *token, struct error *err)
{
    struct exchange x = {
        .method = "GET",
        .path = "auth/token/lookup-self",
        .token = token,
        .namespace = v->cluster->settings.namespace,
        .timeout_ms = LOGIN_TIMEOUT_MS,
    };
    struct error why = {.kind = ERR_NONE};
    struct json *answer = NULL;

    if (send_simple(v, &x, &answer, &why) == 0) {
        json_free(answer);
        return 1;
    }
    if (why.status == 403)
        return 0;
    if (err != NULL)
        *err = why;
    return -1;
}

int login_refused(struct vault *v, const char *token, unsigned generation,
                  struct error *err)
{
    struct login *l = &v->cluster->login;
    int rc = is_alive(v, token, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    (void)pthread_mutex_lock(&l->lock);
    if (l->generation != generation && l->token != NULL) {
        rc = 1; /* somebody else was quicker */
    } else if (l->fixed || v->cluster->settings.method == VAULT_AUTH_TOKEN) {
        rc = 0; /* there is no other token to be had */
    } else {
        rc = log_in_anew(v, err) == 0 ? 1 : -1;
        if (rc == 1 && text_equal_secret(l->token, token))
            rc = 0; /* a token file that says the same as before */
    }
    (void)pthread_mutex_unlock(&l->lock);
    return rc;
}

int login_extra(struct vault *v, char **token, bool *service, struct error *err)
{
    struct grant g = {.token = NULL};

    switch (v->cluster->settings.method) {
    case VAULT_AUTH_APPROLE:
    case VAULT_AUTH_KUBERNETES:
        break;
    default:
        return error_set(err, ERR_PRECONDITION,
                         "the credential is a token: it cannot log in");
    }
    if (log_in(v, &g, err) != 0) {
        secret_free(g.token);
        return -1;
    }
    *token = g.token;
    *service = g.service;
    return 0;
}

int vault_use_token(struct vault *v, const char *token, struct error *err)
{
    struct login *l = &v->cluster->login;
    struct grant g = {.token = secret_dup(token), .service = true};

    assert(token != NULL);
    if (g.token == NULL)
        return error_set(err, ERR_INTERNAL, "no secret memory is left");
    (void)pthread_mutex_lock(&l->lock);
    keep(l, &g);
    l->fixed = true;
    (void)pthread_mutex_unlock(&l->lock);
    return 0;
}

void vault_forget_login(struct vault *v)
{
    struct login *l = &v->cluster->login;

    (void)pthread_mutex_lock(&l->lock);
    forget(l);
    l->fixed = false;
    (void)pthread_mutex_unlock(&l->lock);
}

int vault_keep_login(struct vault *v, struct error *err)
{
    struct login *l = &v->cluster->login;
    int rc;

    (void)pthread_mutex_lock(&l->lock);
    rc = ensure(v, err);
    (void)pthread_mutex_unlock(&l->lock);
    return rc;
}
