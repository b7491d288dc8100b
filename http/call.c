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
#include "base/secret.h"
#include "base/text.h"
#include "http/http.h"
#include "http/internal.h"

enum { STREAM_BUFFER = 64 * 1024 };

/* What libcurl's callbacks need to know; lives on http_call's stack. */
struct transfer {
    const struct http_request *request;
    struct http_response *response;
    CURL *curl;
    struct curl_slist *headers;
    char *url;
    int64_t stall_ms;
    int64_t moved_at; /* monotonic: when a byte last went either way */
    curl_off_t moved; /* bytes both ways by then */
    uint64_t read;    /* taken from the source */
    bool all_read;    /* the source has no more */
    bool stalled, was_cancelled, ours;
    struct error error; /* of the source or the sink, when `ours` */
    char detail[CURL_ERROR_SIZE];
};

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
    struct transfer *t = ctx;
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
    struct transfer *t = ctx;
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
    struct transfer *t = ctx;
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
    struct transfer *t = ctx;
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
static bool may_stop(const struct transfer *t)
{
    return !(t->request->once && t->request->upload != NULL && t->all_read);
}

static int on_progress(void *ctx, curl_off_t dltotal, curl_off_t dlnow,
                       curl_off_t ultotal, curl_off_t ulnow)
{
    struct transfer *t = ctx;
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

static int add_header(struct transfer *t, const char *line, struct error *err)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (longer == NULL)
        return error_memory(err);
    t->headers = longer;
    return 0;
}

/* A line break in a value would be a header of somebody else's making. */
static int set_headers(struct transfer *t, const char *host, struct error *err)
{
    const struct http_request *q = t->request;
    bool typed = false;

    if (host != NULL && add_header(t, host, err) != 0)
        return -1;
    for (size_t i = 0; i < q->header_count; i++) {
        const struct http_header *h = &q->headers[i];
        char *line;
        int rc;

        if (!text_is_token(h->name) || h->value[0] == '\0' ||
            strpbrk(h->value, "\r\n") != NULL)
            return error_set(err, ERR_INVALID,
                             "the value of header %s cannot be sent", h->name);
        typed = typed || strcasecmp(h->name, "Content-Type") == 0;
        line = text_format("%s: %s", h->name, h->value);
        if (line == NULL)
            return error_memory(err);
        rc = add_header(t, line, err);
        secret_wipe(line, strlen(line));
        free(line);
        if (rc != 0)
            return -1;
    }
    /* libcurl would call every body a form. */
    if (!typed && add_header(t, "Content-Type:", err) != 0)
        return -1;
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
    return 0;
}

static void set_body(struct transfer *t)
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

static void set_callbacks(struct transfer *t)
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

static int prepare(struct http_client *c, struct transfer *t, struct error *err)
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
    return set_headers(t, http_host_header(c), err);
}

static void read_facts(struct transfer *t)
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

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *h = list; h != NULL; h = h->next)
        secret_wipe(h->data, strlen(h->data));
    curl_slist_free_all(list);
}

static bool is_tls_failure(const struct transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return true;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        /* TLS 1.3: a missing client certificate is complained of after the
         * handshake, in place of an answer. */
        return t->response->status == 0 && strstr(t->detail, "alert") != NULL;
    default:
        return false;
    }
}

static int say_tls(const struct transfer *t, const char *address,
                   struct error *err)
{
    const char *hint = "";

    if (strstr(t->detail, "does not match") != NULL)
        hint = " (the certificate is for another name: check the address "
               "or the TLS server name)";
    else if (strstr(t->detail, "verification failed") != NULL)
        hint = " (it is not signed by the CA that is configured, or it is "
               "out of date)";
    else if (strstr(t->detail, "alert") != NULL)
        hint = " (it refused ours: does it ask for a client certificate?)";
    return error_set(err, ERR_UPSTREAM, "no TLS with %s: %s%s", address,
                     t->detail, hint);
}

static int say_timeout(struct transfer *t, const char *address,
                       struct error *err)
{
    struct http_response *r = t->response;

    if (!r->started) {
        r->failure = HTTP_NOT_CONNECTED;
        return error_set(err, ERR_UNAVAILABLE, "cannot connect to %s: %s",
                         address, t->detail);
    }
    r->failure = HTTP_TIMED_OUT;
    return error_set(err, ERR_UNAVAILABLE,
                     "%s did not answer in full within %.1f s", address,
                     (double)t->request->timeout_ms / 1000.0);
}

static int say_dropped(struct transfer *t, const char *address,
                       struct error *err)
{
    struct http_response *r = t->response;

    r->failure = HTTP_DROPPED;
    if (r->status != 0)
        return error_set(err, ERR_CORRUPT,
                         "%s closed the connection within its answer, after "
                         "%llu bytes",
                         address, (unsigned long long)r->received);
    if (r->sent > 0)
        return error_set(err, ERR_UNAVAILABLE,
                         "%s closed the connection without an answer, after "
                         "%llu bytes were sent",
                         address, (unsigned long long)r->sent);
    return error_set(err, ERR_UNAVAILABLE,
                     "%s closed the connection without an answer", address);
}

static int say_stopped(struct transfer *t, const char *address,
                       struct error *err)
{
    struct http_response *r = t->response;

    if (t->was_cancelled) {
        r->failure = HTTP_CANCELLED;
        return error_set(err, ERR_CANCELLED, "cancelled");
    }
    if (t->stalled) {
        r->failure = HTTP_STALLED;
        return error_set(err, ERR_UNAVAILABLE,
                         "%s stalled: nothing moved for %.1f s, after %llu "
                         "bytes were received and %llu sent",
                         address, (double)t->stall_ms / 1000.0,
                         (unsigned long long)r->received,
                         (unsigned long long)r->sent);
    }
    r->failure = HTTP_OURS;
    if (err != NULL)
        *err = t->error;
    return -1;
}

static int say_failure(struct transfer *t, CURLcode code, const char *address,
                       struct error *err)
{
    if (t->detail[0] == '\0')
        (void)text_copy(t->detail, sizeof t->detail, curl_easy_strerror(code));
    if (t->was_cancelled || t->stalled || t->ours)
        return say_stopped(t, address, err);
    if (is_tls_failure(t, code)) {
        t->response->failure = HTTP_TLS_REFUSED;
        return say_tls(t, address, err);
    }
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return say_timeout(t, address, err);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        t->response->failure = HTTP_NOT_CONNECTED;
        return error_set(err, ERR_UNAVAILABLE, "cannot connect to %s: %s",
                         address, t->detail);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        return say_dropped(t, address, err);
    case CURLE_OUT_OF_MEMORY:
        t->response->failure = HTTP_OURS;
        return error_memory(err);
    default:
        /* Not HTTP, a broken chunk, and the like. */
        t->response->failure = HTTP_DROPPED;
        return error_set(err, ERR_UPSTREAM, "%s: %s", address, t->detail);
    }
}

int http_call(struct http_client *c, const struct http_request *request,
              struct http_response *response, struct error *err)
{
    struct transfer t = {.request = request, .response = response};
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
        (void)say_failure(&t, code, http_client_address(c), err);
        goto done;
    }
    response->failure = HTTP_FINE;
    rc = 0;
done:
    free_headers(t.headers);
    free(t.url);
    if (t.curl != NULL)
        http_give_back(c, t.curl);
    return rc;
}
