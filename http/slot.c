/* SPDX-License-Identifier: Apache-2.0 */
#include "http/slot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum {
    TIMEOUT_MS = 60 * 1000,
    KEEP_BODY = 32 * 1024, /* a larger buffer is given back at once */
};

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct slot *s = ctx;
    size_t len = size * count;

    s->r.received += len;
    buf_add(&s->r.body, data, len);
    if (buf_check(&s->r.body, "the answer", &s->t.error) == 0)
        return len;
    s->t.ours = true;
    return 0;
}

int slot_init(struct slot *s, struct http_client *client, int64_t timeout_ms,
              struct error *err)
{
    CURL *curl = http_borrow(client);

    http_response_init(&s->r);
    s->client = client;
    s->t.request = &s->q;
    s->t.response = &s->r;
    s->t.curl = curl;
    if (curl == NULL)
        return error_memory(err);
    s->q.timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_PRIVATE, s);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, s->t.detail);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    return 0;
}

void slot_done(struct slot *s)
{
    if (s->t.curl != NULL)
        http_give_back(s->client, s->t.curl);
    curl_slist_free_all(s->t.headers);
    http_response_done(&s->r);
}

static int set_headers(struct slot *s, const struct http_many_request *q,
                       struct error *err)
{
    if (q->headers_id != 0 && q->headers_id == s->headers_id)
        return 0;
    curl_easy_setopt(s->t.curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(s->t.headers);
    s->t.headers = NULL;
    s->headers_id = 0;
    s->q.headers = q->headers;
    s->q.header_count = q->header_count;
    if (http_set_headers(&s->t, http_host_header(s->client), err) != 0)
        return -1;
    s->q.headers = NULL; /* the caller's, and copied by now */
    s->q.header_count = 0;
    s->headers_id = q->headers_id;
    return 0;
}

int slot_prepare(struct slot *s, const struct http_many_request *q,
                 struct error *err)
{
    CURL *curl = s->t.curl;
    char *url;

    assert(q->method != NULL && q->path != NULL && q->path[0] == '/');
    assert(q->header_count <= HTTP_HEADERS_MAX);
    url = http_url(s->client, q->path, q->query);
    if (url == NULL)
        return error_memory(err);
    curl_easy_setopt(curl, CURLOPT_URL, url); /* copied */
    free(url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST,
                     strcmp(q->method, "GET") == 0 ? NULL : q->method);
    if (set_headers(s, q, err) != 0)
        return -1;
    s->tag = q->tag;
    s->t.ours = s->t.stalled = false;
    s->t.detail[0] = '\0';
    s->r.failure = HTTP_OURS;
    s->r.status = 0;
    s->r.received = 0;
    s->r.retry_after = -1;
    return 0;
}

void slot_read_facts(struct slot *s)
{
    curl_off_t started = 0, after = 0;
    long status = 0;

    (void)curl_easy_getinfo(s->t.curl, CURLINFO_RESPONSE_CODE, &status);
    s->r.status = (int)status;
    s->r.started = true;
    if (status == 0) {
        (void)curl_easy_getinfo(s->t.curl, CURLINFO_PRETRANSFER_TIME_T,
                                &started);
        s->r.started = started > 0;
    }
    if (status >= 400) {
        (void)curl_easy_getinfo(s->t.curl, CURLINFO_RETRY_AFTER, &after);
        if (after > 0 && after <= 24 * 3600)
            s->r.retry_after = (int)after;
    }
}

void slot_clear(struct slot *s)
{
    if (s->r.body.cap > KEEP_BODY)
        buf_done(&s->r.body);
    else
        buf_clear(&s->r.body);
}
