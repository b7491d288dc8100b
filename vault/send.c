/* SPDX-License-Identifier: Apache-2.0
 *
 * One exchange with a server: headers on, redirects followed by hand, and
 * the answer's status in words. */
#include "vault/send.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "vault/address.h"
#include "vault/internal.h"

enum { HOPS_MAX = 2, SLEEP_SLICE_MS = 50, SAID_MAX = 300 };

/* What a kept connection that turns out dead may make libcurl send again. */
static bool may_repeat(const struct exchange *x)
{
    return x->safe || strcmp(x->method, "GET") == 0 ||
           strcmp(x->method, "LIST") == 0;
}

static int send_to(struct http_client *http, const char *path,
                   const struct exchange *x, struct http_response *response,
                   struct error *err)
{
    struct http_header headers[5];
    struct http_request q = {
        .method = x->method,
        .path = path,
        .query = x->query,
        .headers = headers,
        .body = x->body,
        .body_len = x->body != NULL ? strlen(x->body) : 0,
        .upload = x->upload,
        .sink = x->sink,
        .cancel = x->cancel,
        .timeout_ms = x->timeout_ms,
        .once = x->once || !may_repeat(x),
    };
    size_t n = 0;

    headers[n++] = (struct http_header){"X-Vault-Request", "true"};
    if (x->token != NULL && x->token[0] != '\0')
        headers[n++] = (struct http_header){"X-Vault-Token", x->token};
    if (x->namespace != NULL && x->namespace[0] != '\0')
        headers[n++] = (struct http_header){"X-Vault-Namespace", x->namespace};
    if (x->wrap_ttl != NULL)
        headers[n++] = (struct http_header){"X-Vault-Wrap-TTL", x->wrap_ttl};
    if (x->body != NULL)
        headers[n++] = (struct http_header){"Content-Type", "application/json"};
    q.header_count = n;
    return http_call(http, &q, response, err);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

/* The cluster may have a leader that we have not heard of.  Its own address
 * answers for it, without a token. */
static void learn_leader(struct vault *v)
{
    struct exchange x = {
        .method = "GET", .path = "sys/leader", .timeout_ms = QUICK_TIMEOUT_MS};
    struct http_response r;
    struct json *answer = NULL;

    http_response_init(&r);
    if (send_to(v->http, "/v1/sys/leader", &x, &r, NULL) == 0 &&
        r.status == 200 && send_parse(&x, &r, &answer, NULL) == 0)
        cluster_learn(v, json_get_text(answer, "leader_address", ""));
    json_free(answer);
    http_response_done(&r);
}

/* Where a redirect leads, if that is an address of this cluster. */
static int redirect_target(struct vault *v, const struct exchange *x,
                           const char *location, struct http_client **out,
                           struct error *err)
{
    char place[VAULT_ADDRESS_MAX];

    if (!address_normal(location, place))
        return error_set(err, ERR_UPSTREAM,
                         "%s redirects %s %s to something that is no address",
                         v->address, x->method, x->path);
    *out = cluster_find(v, location);
    if (*out == NULL) {
        learn_leader(v);
        *out = cluster_find(v, location);
    }
    if (*out != NULL)
        return 0;
    return error_set(err, ERR_UPSTREAM,
                     "%s redirects %s %s to %s, which is not a known address "
                     "of this cluster: not followed, no token was sent there",
                     v->address, x->method, x->path, place);
}

static int rewind_body(const struct exchange *x, struct error *err)
{
    if (x->upload == NULL)
        return 0;
    if (x->upload->rewind == NULL)
        return error_set(err, ERR_UPSTREAM,
                         "a redirect, and the body cannot be sent again");
    return x->upload->rewind(x->upload->ctx, err);
}

int send_exchange(struct vault *v, const struct exchange *x,
                  struct http_response *response, struct error *err)
{
    char *plain = text_format("/v1/%s", x->path);
    char *path = plain != NULL ? address_encode_path(plain) : NULL;
    struct http_client *http = v->http;
    char location[HTTP_LOCATION_MAX];
    int hops = 0, rc = -1;

    if (path == NULL) {
        (void)error_memory(err);
        goto done;
    }
    for (;;) {
        if (send_to(http, path, x, response, err) != 0)
            goto done;
        if (!is_redirect(response->status) || x->once)
            break;
        if (hops++ == HOPS_MAX) {
            (void)error_set(err, ERR_UNAVAILABLE,
                            "%s redirects in circles: is there a leader?",
                            v->address);
            goto done;
        }
        (void)text_copy(location, sizeof location, response->location);
        if (redirect_target(v, x, location, &http, err) != 0 ||
            rewind_body(x, err) != 0)
            goto done;
        http_response_done(response);
        http_response_init(response);
    }
    rc = 0;
done:
    free(path);
    free(plain);
    return rc;
}

/* "2 errors occurred:\n\t* a\n\t* b\n\n" as "a; b", on one line. */
static void tidy(const char *said, struct buf *out)
{
    const char *list = strstr(said, " occurred:");
    bool space = false, any = false;

    if (list != NULL)
        said = list + strlen(" occurred:");
    for (const char *p = said; *p != '\0' && out->len < SAID_MAX; p++) {
        if ((unsigned char)*p <= ' ') {
            space = true;
        } else if (space && p[0] == '*' && p[1] == ' ') {
            if (any)
                buf_char(out, ';');
        } else {
            if (space && any)
                buf_char(out, ' ');
            buf_char(out, *p);
            space = false;
            any = true;
        }
    }
}

/* What the server said, for people. */
static void server_words(const struct http_response *r, struct buf *out)
{
    struct json *root = NULL;
    const struct json *e;

    if (r->body.len == 0 ||
        json_parse(r->body.data, r->body.len, &root, NULL) != 0)
        return;
    for (e = json_first(json_get(root, "errors")); e != NULL;
         e = json_next(e)) {
        if (out->len > 0)
            buf_str(out, "; ");
        tidy(json_text(e, ""), out);
    }
    json_free(root);
}

static enum error_kind kind_of(int status)
{
    switch (status) {
    case 403:
        return ERR_DENIED;
    case 404:
        return ERR_NOT_FOUND;
    case 405:
        return ERR_METHOD;
    case 429: /* overloaded; of sys/health, a standby */
    case 472: /* recovering, of disaster recovery */
    case 473: /* a performance standby */
    case 474: /* a standby that does not reach the leader */
    case 502: /* whatever stands in front cannot reach it */
    case 503: /* sealed */
    case 504:
        return ERR_UNAVAILABLE;
    default:
        return ERR_UPSTREAM;
    }
}

/* "permission denied" helps nobody: the line that is missing does.  Only for
 * our own login, which was made anew before a refusal is taken for meant; and
 * not for what the server grants to whoever has rights on something else. */
static void add_missing_line(const struct exchange *x,
                             const struct http_response *r, struct error *err)
{
    static const struct {
        const char *method;
        const char *capability;
    } needs[] = {
        {"GET", "read"},   {"LIST", "list"},     {"POST", "update"},
        {"PUT", "update"}, {"DELETE", "delete"},
    };
    char before[ERROR_TEXT_MAX];

    if (r->status != 403 || !x->own || err == NULL ||
        text_starts(x->path, "sys/internal/"))
        return;
    (void)text_copy(before, sizeof before, err->text);
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (strcmp(needs[i].method, x->method) == 0)
            (void)error_set(err, ERR_DENIED,
                            "%.340s (Assay's policy lacks \"%s\" on %.120s)",
                            before, needs[i].capability, x->path);
}

int send_check(const struct exchange *x, const struct http_response *r,
               struct error *err)
{
    struct buf words;
    const char *text;

    if (r->status >= 200 && r->status < 300)
        return 0;
    if (is_redirect(r->status)) {
        (void)error_set(err, ERR_UNAVAILABLE,
                        "%s %s: %d: it is a standby and redirects", x->method,
                        x->path, r->status);
        if (err != NULL)
            err->status = r->status;
        return -1;
    }
    buf_init(&words, 1024);
    server_words(r, &words);
    text = words.len > 0 ? buf_text(&words) : "no reason given";
    (void)error_set(err, kind_of(r->status), "%s %s: %d: %s", x->method,
                    x->path, r->status, text);
    add_missing_line(x, r, err);
    if (err != NULL)
        err->status = r->status;
    buf_done(&words);
    return -1;
}

int send_parse(const struct exchange *x, const struct http_response *r,
               struct json **answer, struct error *err)
{
    *answer = NULL;
    if (r->body.len == 0)
        return 0;
    if (json_parse(r->body.data, r->body.len, answer, err) == 0)
        return 0;
    /* What the parser says may quote the text, which may be a secret. */
    return error_set(err, ERR_UPSTREAM, "%s %s: the answer is not JSON",
                     x->method, x->path);
}

int send_simple(struct vault *v, const struct exchange *x, struct json **answer,
                struct error *err)
{
    struct http_response r;
    int rc = -1;

    http_response_init(&r);
    if (send_exchange(v, x, &r, err) == 0 && send_check(x, &r, err) == 0)
        rc = send_parse(x, &r, answer, err);
    http_response_done(&r);
    return rc;
}

int send_pause(int64_t ms, const struct cancel *cancel, struct error *err)
{
    uint32_t random;
    int64_t until;

    digest_random(&random, sizeof random);
    until = clock_mono_ms() + ms / 2 + (int64_t)random % (ms / 2 + 1);
    for (;;) {
        int64_t left = until - clock_mono_ms();

        if (cancelled(cancel))
            return error_set(err, ERR_CANCELLED, "cancelled");
        if (left <= 0)
            return 0;
        clock_sleep_ms(left < SLEEP_SLICE_MS ? left : SLEEP_SLICE_MS);
    }
}
