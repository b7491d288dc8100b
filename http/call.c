/* SPDX-License-Identifier: Apache-2.0
 *
 * One request: hand it to libcurl, take the answer, and say in words how it
 * ended. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/http.h"
#include "http/internal.h"

enum { STREAM_BUFFER = 64 * 1024 };

void http_response_init(struct http_response *r)
{
    memset(r, 0, sizeof *r);
    buf_init_secret(&r->body, LIMIT_UPSTREAM_BODY);
    r->retry_after = -1;
}

void http_response_done(struct http_response *r)
{
    buf_done(&r->body);
}

/* An earlier answer (100 Continue) leaves nothing behind. */
static void forget_headers(struct http_response *r)
{
    r->location[0] = '\0';
    r->content_type[0] = '\0';
    r->retry_after = -1;
}

/* The value of a header line if it has this name: a copy in `out`, empty
 * when it does not fit. */
static bool header_value(const char *line, size_t len, const char *name,
                         char *out, size_t size)
{
    size_t n = strlen(name);

    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
        return false;
    line += n + 1;
    len -= n + 1;
    while (len > 0 && (line[0] == ' ' || line[0] == '\t')) {
        line++;
        len--;
    }
    while (len > 0 && (unsigned char)line[len - 1] <= ' ')
        len--;
    if (len >= size || memchr(line, '\0', len) != NULL)
        len = 0;
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct http_transfer *t = ctx;
    struct http_response *r = t->response;
    size_t len = size * count;
    char text[32];
    uint64_t seconds;

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        forget_headers(r);
    else if (header_value(line, len, "Location", r->location,
                          sizeof r->location))
        return len;
    else if (header_value(line, len, "Content-Type", r->content_type,
                          sizeof r->content_type))
        return len;
    else if (header_value(line, len, "Retry-After", text, sizeof text) &&
             text_u64(text, &seconds) && seconds <= 24 * 3600)
        r->retry_after = (int)seconds;
    return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct http_transfer *t = ctx;
    const struct sink *sink = t->request->sink;
    size_t len = size * count;
    long status = 0;

    t->response->received += len;
    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (sink != NULL && status >= 200 && status < 300) {
        if (sink->write(sink->ctx, data, len, &t->error) == 0)
            return len;
    } else {
        buf_add(&t->response->body, data, len);
        if (buf_check(&t->response->body, "the answer", &t->error) == 0)
            return len;
    }
    t->ours = true;
    return 0;
}

static size_t on_read(char *data, size_t size, size_t count, void *ctx)
{
    struct http_transfer *t = ctx;
    const struct source *source = t->request->upload;
    size_t len = 0;

    if (source->read(source->ctx, data, size * count, &len, &t->error) != 0) {
        t->ours = true;
        return CURL_READFUNC_ABORT;
    }
    t->read += len;
    t->all_read = len == 0 || t->read == source->size;
    if (len == 0 && source->size != UINT64_MAX && t->read < source->size) {
        t->ours = true;
        (void)error_set(
            &t->error, ERR_IO, "only %llu of %llu bytes could be read",
            (unsigned long long)t->read, (unsigned long long)source->size);
        return CURL_READFUNC_ABORT;
    }
    return len;
}

/* libcurl goes back to the start when a kept connection turns out to have
 * been closed before it sent anything. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct http_transfer *t = ctx;
    const struct source *source = t->request->upload;

    if (offset != 0 || origin != SEEK_SET || source->rewind == NULL)
        return CURL_SEEKFUNC_CANTSEEK;
    if (source->rewind(source->ctx, &t->error) != 0) {
        t->ours = true;
        return CURL_SEEKFUNC_FAIL;
    }
    t->read = 0;
    t->all_read = false;
    return CURL_SEEKFUNC_OK;
}

/* Once all of a request that must not happen twice is on its way, stopping
 * would only leave us without the answer. */
static bool may_stop(const struct http_transfer *t)
{
    return !(t->request->once && t->request->upload != NULL && t->all_read);
}

static int on_progress(void *ctx, curl_off_t dltotal, curl_off_t dlnow,
                       curl_off_t ultotal, curl_off_t ulnow)
{
    struct http_transfer *t = ctx;
    int64_t now = clock_mono_ms();

    (void)dltotal;
    (void)ultotal;
    if (cancelled(t->request->cancel) && may_stop(t)) {
        t->was_cancelled = true;
        return 1;
    }
    if (dlnow + ulnow != t->moved) {
        t->moved = dlnow + ulnow;
        t->moved_at = now;
    } else if (now - t->moved_at >= t->stall_ms) {
        t->stalled = true;
        return 1;
    }
    return 0;
}

static int add_header(struct http_transfer *t, const char *line,
                      struct error *err)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (longer == NULL)
        return error_memory(err);
    t->headers = longer;
    return 0;
}

/* Not by vasprintf, which leaves what it has outgrown behind. */
static int add_pair(struct http_transfer *t, const struct http_header *h,
                    struct error *err)
{
    struct buf line;
    int rc;

    buf_init_secret(&line, strlen(h->name) + 2 + strlen(h->value));
    buf_printf(&line, "%s: %s", h->name, h->value);
    rc = buf_check(&line, "a header", err);
    if (rc == 0)
        rc = add_header(t, buf_text(&line), err);
    buf_done(&line);
    return rc;
}

/* A line break in a value would be a header of somebody else's making. */
int http_set_headers(struct http_transfer *t, const char *host,
                     struct error *err)
{
    const struct http_request *q = t->request;
    bool typed = false;

    if (host != NULL && add_header(t, host, err) != 0)
        return -1;
    for (size_t i = 0; i < q->header_count; i++) {
        const struct http_header *h = &q->headers[i];

        if (!text_is_token(h->name) || h->value[0] == '\0' ||
            strpbrk(h->value, "\r\n") != NULL)
            return error_set(err, ERR_INVALID,
                             "the value of header %s cannot be sent", h->name);
        typed = typed || strcasecmp(h->name, "Content-Type") == 0;
        if (add_pair(t, h, err) != 0)
            return -1;
    }
    /* libcurl would call every body a form. */
    if (!typed && add_header(t, "Content-Type:", err) != 0)
        return -1;
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
    return 0;
}

static void set_body(struct http_transfer *t)
{
    const struct http_request *q = t->request;
    CURL *curl = t->curl;

    if (q->upload != NULL) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, t);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, t);
        if (q->upload->size != UINT64_MAX)
            curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                             (curl_off_t)q->upload->size);
    } else if (strcmp(q->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (q->body != NULL || strcmp(q->method, "POST") == 0 ||
               strcmp(q->method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                         q->body != NULL ? q->body : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(q->body != NULL ? q->body_len : 0));
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
}

static void set_callbacks(struct http_transfer *t)
{
    CURL *curl = t->curl;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->detail);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    if (t->request->sink != NULL)
        curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)STREAM_BUFFER);
    if (t->request->timeout_ms > 0)
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                         (long)t->request->timeout_ms);
    if (t->request->once) {
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    }
}

static int prepare(struct http_client *c, struct http_transfer *t,
                   struct error *err)
{
    const struct http_request *q = t->request;

    t->curl = http_borrow(c);
    t->url = http_url(c, q->path, q->query);
    if (t->curl == NULL || t->url == NULL)
        return error_memory(err);
    t->stall_ms = http_stall_ms(c);
    t->moved_at = clock_mono_ms();
    curl_easy_setopt(t->curl, CURLOPT_URL, t->url);
    set_body(t);
    set_callbacks(t);
    return http_set_headers(t, http_host_header(c), err);
}

static void read_facts(struct http_transfer *t)
{
    struct http_response *r = t->response;
    curl_off_t sent = 0, started = 0;
    long status = 0, request = 0;

    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
    (void)curl_easy_getinfo(t->curl, CURLINFO_PRETRANSFER_TIME_T, &started);
    (void)curl_easy_getinfo(t->curl, CURLINFO_REQUEST_SIZE, &request);
    r->status = status >= 200 ? (int)status : 0; /* 100 is no answer */
    r->sent = sent > 0 ? (uint64_t)sent : 0;
    r->started = started > 0 || request > 0;
    r->sent_all = t->all_read;
}

int http_call(struct http_client *c, const struct http_request *request,
              struct http_response *response, struct error *err)
{
    struct http_transfer t = {.request = request, .response = response};
    CURLcode code;
    int rc = -1;

    assert(c != NULL && request->method != NULL);
    assert(request->path != NULL && request->path[0] == '/');
    assert(request->header_count <= HTTP_HEADERS_MAX);
    response->failure = HTTP_OURS;
    if (prepare(c, &t, err) != 0)
        goto done;
    if (cancelled(request->cancel)) {
        response->failure = HTTP_CANCELLED;
        (void)error_set(err, ERR_CANCELLED, "cancelled");
        goto done;
    }
    code = curl_easy_perform(t.curl);
    read_facts(&t);
    if (code != CURLE_OK) {
        (void)http_say_failure(&t, code, http_client_address(c), err);
        goto done;
    }
    response->failure = HTTP_FINE;
    rc = 0;
done:
    curl_slist_free_all(t.headers);
    free(t.url);
    if (t.curl != NULL)
        http_give_back(c, t.curl);
    return rc;
}
