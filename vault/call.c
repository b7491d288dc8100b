/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests with our own login: a refusal is answered with a new login once,
 * and what is safe to repeat is repeated. */
#include "vault/call.h"

#include <assert.h>
#include <string.h>

#include "base/secret.h"
#include "vault/internal.h"
#include "vault/send.h"

enum { TRIES_MAX = 4, PAUSE_MS = 200 };

static int rewind_upload(const struct exchange *x, struct error *err)
{
    if (x->upload == NULL)
        return 0;
    if (x->upload->rewind == NULL)
        return error_set(err, ERR_DENIED,
                         "the token was refused, and the body cannot be sent "
                         "again with another");
    return x->upload->rewind(x->upload->ctx, err);
}

int call_exchange(struct vault *v, struct exchange *x,
                  struct http_response *response, struct error *err)
{
    char *token = NULL;
    unsigned generation = 0;
    int rc = -1, again = 0;

    for (;;) {
        if (login_token(v, &token, &generation, err) != 0)
            goto done;
        x->token = token;
        x->own = true;
        if (send_exchange(v, x, response, err) != 0)
            goto done;
        if (response->status != 403 || again || x->once)
            break;
        again = login_refused(v, token, generation, err);
        if (again < 0)
            goto done;
        x->own = again != LOGIN_LOST;
        if (again != LOGIN_ANEW)
            break;
        if (rewind_upload(x, err) != 0)
            goto done;
        secret_free(token);
        token = NULL;
        http_response_done(response);
        http_response_init(response);
    }
    rc = 0;
done:
    x->token = NULL;
    secret_free(token);
    return rc;
}

static bool repeatable(const struct exchange *x)
{
    return strcmp(x->method, "GET") == 0 || strcmp(x->method, "LIST") == 0;
}

bool call_passing(const struct http_response *r, const struct error *err)
{
    switch (r->failure) {
    case HTTP_NOT_CONNECTED:
    case HTTP_DROPPED:
        return true;
    case HTTP_FINE:
        break;
    default:
        return false;
    }
    /* OpenBao answers some reads in a transaction, and two of them may be in
     * each other's way. */
    if (strstr(err->text, "transaction commit failed") != NULL)
        return true;
    switch (r->status) {
    case 429:
    case 472:
    case 473:
    case 474:
    case 502:
    case 504:
        return true;
    case 500:
        /* Between two leaders, both products say so. */
        return strstr(err->text, "active cluster node not found") != NULL ||
               strstr(err->text, "no active") != NULL;
    case 503:
        return strstr(err->text, "sealed") == NULL;
    default:
        /* Redirected in circles, while there is no leader. */
        return r->status / 100 == 3 && err->kind == ERR_UNAVAILABLE;
    }
}

static int one_try(struct vault *v, const struct vault_request *q,
                   struct exchange *x, struct http_response *r,
                   struct error *err)
{
    if (q->token != NULL) {
        x->token = q->token;
        return send_exchange(v, x, r, err);
    }
    return call_exchange(v, x, r, err);
}

int call_answer(struct vault *v, const struct vault_request *q,
                struct exchange *x, struct http_response *r, struct error *err)
{
    const struct settings *s = &v->cluster->settings;
    int rc;

    assert(q->method != NULL && q->path != NULL);
    *x = (struct exchange){
        .method = q->method,
        .path = q->path,
        .query = q->query,
        .body = q->body,
        .namespace = q->namespace != NULL ? q->namespace : s->namespace,
        .cancel = q->cancel,
        .timeout_ms = q->timeout_ms > 0 ? q->timeout_ms : s->call_timeout_ms,
    };
    for (int tries = 1;; tries++) {
        error_clear(err);
        http_response_init(r);
        rc = one_try(v, q, x, r, err);
        if (rc == 0)
            rc = send_check(x, r, err);
        if (rc == 0 || tries == TRIES_MAX || !repeatable(x) ||
            !call_passing(r, err))
            return rc;
        http_response_done(r);
        if (send_pause(PAUSE_MS << tries, q->cancel, err) != 0)
            return -1;
    }
}

int vault_call(struct vault *v, const struct vault_request *q,
               struct json **answer, struct error *err)
{
    struct exchange x;
    struct http_response r;
    struct json *tree = NULL;
    struct error why;
    int rc = call_answer(v, q, &x, &r, &why);

    if (rc == 0)
        rc = send_parse(&x, &r, &tree, &why);
    http_response_done(&r);
    if (rc != 0) {
        if (err != NULL)
            *err = why;
        return -1;
    }
    if (answer != NULL)
        *answer = tree;
    else
        json_free(tree);
    return 0;
}

int vault_read(struct vault *v, const char *path, struct json **answer,
               struct error *err)
{
    return vault_call(v, &(struct vault_request){.method = "GET", .path = path},
                      answer, err);
}

int vault_list(struct vault *v, const char *path, struct json **answer,
               struct error *err)
{
    return vault_call(v,
                      &(struct vault_request){.method = "LIST", .path = path},
                      answer, err);
}

int vault_write(struct vault *v, const char *path, const char *body,
                struct json **answer, struct error *err)
{
    return vault_call(
        v,
        &(struct vault_request){.method = "POST", .path = path, .body = body},
        answer, err);
}

int vault_delete(struct vault *v, const char *path, struct error *err)
{
    return vault_call(v,
                      &(struct vault_request){.method = "DELETE", .path = path},
                      NULL, err);
}
