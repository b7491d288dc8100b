/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own token: had, made, renewed, replaced.  All of it happens under the
 * login's lock, so that many threads that find the token dead log in once. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "vault/grant.h"
#include "vault/internal.h"
#include "vault/send.h"

enum {
    LOGIN_TIMEOUT_MS = 15 * 1000,
    RETRY_MS = 10 * 1000, /* after a renewal that did not work */
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

/* Under the lock. */
static int log_in_anew(struct vault *v, struct error *err)
{
    struct login *l = &v->cluster->login;
    struct grant g = {.token = NULL};
    int rc = grant_get(v, &l->refusal, &g, err);

    if (rc == 0)
        keep(l, &g);
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
        return rc < 0 ? -1 : LOGIN_LIVES;
    (void)pthread_mutex_lock(&l->lock);
    if (l->generation != generation && l->token != NULL) {
        rc = LOGIN_ANEW; /* somebody else was quicker */
    } else if (l->fixed || v->cluster->settings.method == VAULT_AUTH_TOKEN) {
        rc = LOGIN_LOST;
    } else {
        rc = log_in_anew(v, err) == 0 ? LOGIN_ANEW : -1;
        if (rc == LOGIN_ANEW && text_equal_secret(l->token, token))
            rc = LOGIN_LOST; /* a token file that says the same as before */
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
    if (grant_get(v, NULL, &g, err) != 0) {
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
    l->refusal.count = 0;
    (void)pthread_mutex_unlock(&l->lock);
}

/* A login proves a credential; a token is only a text until it is asked for. */
static bool is_text(const struct vault *v)
{
    return v->cluster->settings.method == VAULT_AUTH_TOKEN ||
           v->cluster->settings.method == VAULT_AUTH_TOKEN_FILE;
}

int vault_try_login(struct vault *v, struct error *err)
{
    char *token = NULL;
    unsigned generation = 0;
    int rc = -1;

    if (login_token(v, &token, &generation, err) == 0) {
        rc = is_text(v) ? is_alive(v, token, err) : 1;
        if (rc == 0)
            (void)error_set(err, ERR_DENIED, "%s does not know Assay's token",
                            vault_address(v));
    }
    secret_free(token);
    return rc > 0 ? 0 : -1;
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
