/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/wrap.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "vault/internal.h"
#include "vault/send.h"

int vault_wrap(struct vault *v, const char *json, int64_t ttl_ms, char **token,
               struct error *err)
{
    char ttl[24];
    struct exchange x = {
        .method = "POST",
        .path = "sys/wrapping/wrap",
        .body = json,
        .namespace = v->cluster->settings.namespace,
        .wrap_ttl = ttl,
        .timeout_ms = v->cluster->settings.call_timeout_ms,
    };
    struct http_response r;
    struct json *answer = NULL;
    const char *given;
    int rc = -1;

    assert(json != NULL && ttl_ms >= 1000 && token != NULL);
    (void)snprintf(ttl, sizeof ttl, "%" PRId64, ttl_ms / 1000);
    http_response_init(&r);
    if (call_exchange(v, &x, &r, err) != 0 || send_check(&x, &r, err) != 0 ||
        send_parse(&x, &r, &answer, err) != 0)
        goto done;
    given = json_get_text(json_get(answer, "wrap_info"), "token", "");
    if (given[0] == '\0') {
        (void)error_set(err, ERR_UPSTREAM, "no wrapping token was given");
        goto done;
    }
    *token = secret_dup(given);
    rc = *token != NULL
             ? 0
             : error_set(err, ERR_INTERNAL, "no secret memory is left");
done:
    json_free(answer);
    http_response_done(&r);
    return rc;
}

int wrap_lookup(const char *token, struct exchange *x, struct buf *body,
                struct error *err)
{
    struct jsonw w;

    buf_init_secret(body, 2 * LIMIT_HANDED_TOKEN);
    jsonw_init(&w, body);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "token", token);
    jsonw_end_object(&w);
    x->method = "POST";
    x->path = "sys/wrapping/lookup";
    x->body = buf_text(body);
    x->safe = true;
    return buf_check(body, "a token", err);
}
