/* SPDX-License-Identifier: Apache-2.0
 *
 * curl_multi_perform and curl_multi_poll over handles that are set up once:
 * of the ways to do it with libcurl this one was measured the fastest, and a
 * thread more made it slower. */
#include "http/many.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "http/internal.h"

enum {
    TIMEOUT_MS = 60 * 1000,
    LOOK_MS = 1000,         /* how often cancel and timeouts are seen to */
    KEEP_BODY = 32 * 1024,  /* a larger buffer is given back at once */
    BURSTS_PER_SECOND = 10, /* of a rate limit */
};

/* One connection and what is under way on it. */
struct slot {
    struct http_transfer t;
    struct http_request q;  /* t.request */
    struct http_response r; /* t.response */
    uint64_t headers_id;    /* of what t.headers holds; 0: nothing to reuse */
    void *tag;
    int64_t started_at;
    bool busy;
};

struct many {
    struct http_client *client;
    const struct http_many_options *o;
    CURLM *multi;
    struct slot *slots;
    unsigned count, busy;
    struct slot **idle; /* the `count - busy` that are not */
    int64_t looked_at;
    double allowance; /* requests that may begin now */
    int64_t allowed_at;
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

static int slot_init(struct many *m, struct slot *s, struct error *err)
{
    CURL *curl = http_borrow(m->client);

    http_response_init(&s->r);
    s->t.request = &s->q;
    s->t.response = &s->r;
    s->t.curl = curl;
    if (curl == NULL)
        return error_memory(err);
    s->q.timeout_ms = m->o->timeout_ms > 0 ? m->o->timeout_ms : TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_PRIVATE, s);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, s->t.detail);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    return 0;
}

static void slot_done(struct many *m, struct slot *s)
{
    if (s->t.curl != NULL) {
        if (s->busy)
            (void)curl_multi_remove_handle(m->multi, s->t.curl);
        http_give_back(m->client, s->t.curl);
    }
    http_free_headers(s->t.headers);
    http_response_done(&s->r);
}

static int many_init(struct many *m, struct error *err)
{
    m->count = m->o->in_flight > 0 ? m->o->in_flight : HTTP_MANY_DEFAULT;
    if (m->count > HTTP_MANY_MAX)
        m->count = HTTP_MANY_MAX;
    m->multi = curl_multi_init();
    m->idle = calloc(m->count, sizeof *m->idle);
    m->slots = calloc(m->count, sizeof *m->slots);
    if (m->multi == NULL || m->slots == NULL || m->idle == NULL)
        return error_memory(err);
    curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS, (long)m->count);
    for (unsigned i = 0; i < m->count; i++) {
        if (slot_init(m, &m->slots[i], err) != 0)
            return -1;
        m->idle[i] = &m->slots[i];
    }
    m->allowed_at = m->looked_at = clock_mono_ms();
    m->allowance = 1;
    return 0;
}

static void many_done(struct many *m)
{
    for (unsigned i = 0; m->slots != NULL && i < m->count; i++)
        slot_done(m, &m->slots[i]);
    if (m->multi != NULL)
        (void)curl_multi_cleanup(m->multi);
    free(m->slots);
    free(m->idle);
}

/* Whether one more may begin; else how long until then. */
static bool allowed(struct many *m, int64_t *wait_ms)
{
    double rate = m->o->per_second;
    double most = rate / BURSTS_PER_SECOND < 1 ? 1 : rate / BURSTS_PER_SECOND;
    int64_t now;

    if (m->o->per_second == 0)
        return true;
    now = clock_mono_ms();
    m->allowance += (double)(now - m->allowed_at) * rate / 1000;
    m->allowed_at = now;
    if (m->allowance > most)
        m->allowance = most;
    if (m->allowance >= 1)
        return true;
    *wait_ms = (int64_t)((1 - m->allowance) * 1000 / rate) + 1;
    return false;
}

static int set_headers(struct many *m, struct slot *s,
                       const struct http_many_request *q, struct error *err)
{
    if (q->headers_id != 0 && q->headers_id == s->headers_id)
        return 0;
    curl_easy_setopt(s->t.curl, CURLOPT_HTTPHEADER, NULL);
    http_free_headers(s->t.headers);
    s->t.headers = NULL;
    s->headers_id = 0;
    s->q.headers = q->headers;
    s->q.header_count = q->header_count;
    if (http_set_headers(&s->t, http_host_header(m->client), err) != 0)
        return -1;
    s->q.headers = NULL; /* the caller's, and copied by now */
    s->q.header_count = 0;
    s->headers_id = q->headers_id;
    return 0;
}

static int begin(struct many *m, struct slot *s,
                 const struct http_many_request *q, struct error *err)
{
    CURL *curl = s->t.curl;
    char *url;

    assert(q->method != NULL && q->path != NULL && q->path[0] == '/');
    assert(q->header_count <= HTTP_HEADERS_MAX);
    url = http_url(m->client, q->path, q->query);
    if (url == NULL)
        return error_memory(err);
    curl_easy_setopt(curl, CURLOPT_URL, url); /* copied */
    free(url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST,
                     strcmp(q->method, "GET") == 0 ? NULL : q->method);
    if (set_headers(m, s, q, err) != 0)
        return -1;
    s->tag = q->tag;
    s->t.ours = s->t.stalled = false;
    s->t.detail[0] = '\0';
    s->r.failure = HTTP_OURS;
    s->r.status = 0;
    s->r.received = 0;
    s->r.retry_after = -1;
    s->started_at = m->looked_at;
    if (curl_multi_add_handle(m->multi, curl) != CURLM_OK)
        return error_set(err, ERR_INTERNAL, "libcurl takes no request");
    s->busy = true;
    m->busy++;
    return 0;
}

/* Give every idle connection something to do, as far as there is. */
static int fill(struct many *m, int64_t *wait_ms, bool *waits,
                struct error *err)
{
    while (m->busy < m->count) {
        struct http_many_request q = {.method = NULL};
        int64_t later = 0;
        int rc;

        if (!allowed(m, wait_ms)) {
            *waits = true;
            break;
        }
        rc = m->o->next(m->o->ctx, &q, &later, err);
        if (rc < 0)
            return -1;
        if (rc == 0) {
            *waits = later > 0;
            if (later > 0 && later < *wait_ms)
                *wait_ms = later;
            break;
        }
        if (begin(m, m->idle[m->count - m->busy - 1], &q, err) != 0)
            return -1;
        m->allowance -= 1;
    }
    return 0;
}

static void read_facts(struct slot *s)
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

/* It ended, one way or another: say so and make room. */
static int finish(struct many *m, struct slot *s, CURLcode code,
                  struct error *err)
{
    struct error why = {.kind = ERR_NONE};
    int rc;

    read_facts(s);
    (void)curl_multi_remove_handle(m->multi, s->t.curl);
    s->busy = false;
    m->busy--;
    m->idle[m->count - m->busy - 1] = s;
    s->r.failure = HTTP_FINE;
    if (code != CURLE_OK)
        (void)http_say_failure(&s->t, code, http_client_address(m->client),
                               &why);
    rc = m->o->done(m->o->ctx, s->tag, &s->r, &why, err);
    if (s->r.body.cap > KEEP_BODY)
        buf_done(&s->r.body);
    else
        buf_clear(&s->r.body);
    return rc;
}

static int take_answers(struct many *m, bool *any, struct error *err)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(m->multi, &left)) != NULL) {
        CURLcode code = msg->data.result;
        void *slot = NULL;

        if (msg->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &slot);
        if (finish(m, slot, code, err) != 0)
            return -1;
        *any = true;
    }
    return 0;
}

/* Now and then: is it still wanted, does everything still move? */
static int look_around(struct many *m, struct error *err)
{
    int64_t now = clock_mono_ms();

    if (cancelled(m->o->cancel))
        return error_set(err, ERR_CANCELLED, "cancelled");
    if (now - m->looked_at < LOOK_MS)
        return 0;
    m->looked_at = now;
    for (unsigned i = 0; i < m->count; i++) {
        struct slot *s = &m->slots[i];

        if (s->busy && now - s->started_at > s->q.timeout_ms &&
            finish(m, s, CURLE_OPERATION_TIMEDOUT, err) != 0)
            return -1;
    }
    return 0;
}

static int run(struct many *m, struct error *err)
{
    for (;;) {
        int64_t wait_ms = LOOK_MS;
        bool waits = false, any = false;
        int running = 0;

        if (fill(m, &wait_ms, &waits, err) != 0)
            return -1;
        if (m->busy == 0 && !waits)
            return 0;
        if (curl_multi_perform(m->multi, &running) != CURLM_OK)
            return error_set(err, ERR_INTERNAL, "libcurl does not go on");
        if (take_answers(m, &any, err) != 0 || look_around(m, err) != 0)
            return -1;
        if (!any)
            (void)curl_multi_poll(m->multi, NULL, 0, (int)wait_ms, NULL);
    }
}

int http_many_run(struct http_client *client, const struct http_many_options *o,
                  struct error *err)
{
    struct many m = {.client = client, .o = o};
    int rc = -1;

    assert(client != NULL && o->next != NULL && o->done != NULL);
    if (many_init(&m, err) == 0)
        rc = run(&m, err);
    many_done(&m);
    return rc;
}
