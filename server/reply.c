/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope is written around `data` while the handler writes into it, so
 * that a page of a list is built once and never copied. */
#include "server/reply.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"
#include "server/exchange.h"

static const char json_type_name[] = "application/json";

void reply_init(struct reply *reply, const char *request_id)
{
    *reply = (struct reply){.status = 200, .request_id = request_id};
    /* An answer may hold a token, a warning what somebody mistyped. */
    buf_init_secret(&reply->out, LIMIT_REPLY_BODY);
    buf_init_secret(&reply->warnings, LIMIT_REQUEST_BODY);
}

static void drop_headers(struct reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++)
        free(reply->headers[i].value);
    reply->header_count = 0;
}

/* The warnings stay: they are about the request, not about this answer. */
void reply_reset(struct reply *reply)
{
    drop_headers(reply);
    buf_clear(&reply->out);
    reply->kind = REPLY_DATA;
    reply->status = 200;
    reply->content_type = NULL;
    reply->opened = false;
}

void reply_done(struct reply *reply)
{
    drop_headers(reply);
    buf_done(&reply->out);
    buf_done(&reply->warnings);
}

struct jsonw *reply_data(struct reply *reply)
{
    struct jsonw *w = &reply->writer;

    if (reply->opened)
        return w;
    reply->opened = true;
    jsonw_init(w, &reply->out);
    jsonw_object(w, NULL);
    jsonw_text(w, "request_id", reply->request_id);
    jsonw_text(w, "lease_id", "");
    jsonw_bool(w, "renewable", false);
    jsonw_u64(w, "lease_duration", 0);
    reply->data_begin = reply->out.len;
    jsonw_object(w, "data");
    return w;
}

void reply_warning(struct reply *reply, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&reply->warnings, fmt, ap);
    va_end(ap);
    buf_char(&reply->warnings, '\0');
}

void reply_status(struct reply *reply, int status)
{
    assert(status >= 200 && status < 400);
    reply->status = status;
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
    char *copy = text_dup(value);
    char *to = copy;

    assert(reply->header_count < REPLY_HEADERS_MAX);
    if (copy == NULL)
        return; /* an extra: the answer is right without it */
    for (const char *from = copy; *from != '\0'; from++)
        if ((unsigned char)*from >= 0x20 && *from != 0x7f)
            *to++ = *from;
    *to = '\0';
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count].value = copy;
    reply->header_count++;
}

void reply_header_u64(struct reply *reply, const char *name, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    reply_header(reply, name, text);
}

void reply_none(struct reply *reply)
{
    reply->kind = REPLY_NO_CONTENT;
}

void reply_empty_list(struct reply *reply)
{
    reply->kind = REPLY_EMPTY_LIST;
}

void reply_raw(struct reply *reply, int status, const char *content_type,
               const char *body, size_t len)
{
    reply->kind = REPLY_RAW;
    reply->status = status;
    reply->content_type = content_type;
    reply->opened = false;
    buf_clear(&reply->out);
    buf_add(&reply->out, body, len);
}

void reply_plain(struct reply *reply, int status, const char *text)
{
    reply_raw(reply, status, "text/plain; charset=utf-8", text, strlen(text));
}

void reply_park(struct reply *reply, int64_t until_mono_ms)
{
    reply->kind = REPLY_PARKED;
    reply->park_until = until_mono_ms;
}

static void write_warnings(struct reply *reply)
{
    struct jsonw *w = &reply->writer;
    const char *text = buf_text(&reply->warnings);
    const char *end = text + reply->warnings.len;

    if (reply->warnings.len == 0) {
        jsonw_null(w, "warnings");
        return;
    }
    jsonw_array(w, "warnings");
    for (; text < end; text += strlen(text) + 1)
        jsonw_text(w, NULL, text);
    jsonw_end_array(w);
}

static void errors_body(struct reply *reply, const char *text)
{
    struct jsonw w;

    buf_clear(&reply->out);
    reply->content_type = json_type_name;
    jsonw_init(&w, &reply->out);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "errors");
    if (text[0] != '\0')
        jsonw_text(&w, NULL, text);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    buf_char(&reply->out, '\n');
}

void reply_fail(struct reply *reply, const struct error *err, int status)
{
    reply->kind = REPLY_RAW;
    reply->status = status != 0 ? status : error_http_status(err->kind);
    drop_headers(reply);
    errors_body(reply, err->text);
}

/* Strong: over everything but the request_id, which is no part of what was
 * asked for. */
static void tag(struct reply *reply, size_t from, const char *if_none_match)
{
    char hex[DIGEST_SHA256_HEX];
    char etag[36];

    digest_sha256_hex(reply->out.data + from, reply->out.len - from, hex);
    (void)snprintf(etag, sizeof(etag), "\"%.32s\"", hex);
    reply_header(reply, "ETag", etag);
    /* Entity tags hold no quotes: a substring is a member of the list. */
    if (if_none_match == NULL || (strstr(if_none_match, etag) == NULL &&
                                  strcmp(if_none_match, "*") != 0))
        return;
    reply->status = 304;
    reply->content_type = NULL;
    buf_clear(&reply->out);
}

static void finish_data(struct reply *reply, bool tagged,
                        const char *if_none_match)
{
    struct jsonw *w = reply_data(reply);

    jsonw_end_object(w);
    jsonw_null(w, "wrap_info");
    write_warnings(reply);
    jsonw_null(w, "auth");
    jsonw_end_object(w);
    assert(w->depth == 0);
    buf_char(&reply->out, '\n');
    reply->content_type = json_type_name;
    if (tagged && reply->status == 200 && !buf_failed(&reply->out))
        tag(reply, reply->data_begin, if_none_match);
}

int reply_status_ahead(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_NO_CONTENT:
        return 204;
    case REPLY_EMPTY_LIST:
        return 404;
    case REPLY_DATA:
    case REPLY_RAW:
    case REPLY_PARKED:
        break;
    }
    return reply->status;
}

void reply_finish(struct reply *reply, bool tagged, const char *if_none_match)
{
    struct error err = {0};

    switch (reply->kind) {
    case REPLY_DATA:
        finish_data(reply, tagged, if_none_match);
        break;
    case REPLY_NO_CONTENT:
        reply->status = 204;
        buf_clear(&reply->out);
        reply->content_type = NULL;
        break;
    case REPLY_EMPTY_LIST:
        reply->status = 404;
        errors_body(reply, "");
        break;
    case REPLY_RAW:
        if (tagged && reply->status == 200 && reply->out.len > 0)
            tag(reply, 0, if_none_match);
        break;
    case REPLY_PARKED:
        assert(!"a parked reply is not finished");
    }
    if (buf_check(&reply->out, "the answer", &err) < 0) {
        /* Ours to have bounded: not the client's fault. */
        err.kind = ERR_INTERNAL;
        buf_done(&reply->out);
        buf_init_secret(&reply->out, LIMIT_REPLY_BODY);
        reply_fail(reply, &err, 0);
    }
}
