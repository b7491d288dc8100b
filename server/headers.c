/* SPDX-License-Identifier: Apache-2.0
 *
 * What the headers of a request say together.  libmicrohttpd takes
 * Content-Length with Transfer-Encoding, and two lengths that differ: a proxy
 * in front may see another request than we do, so anything ambiguous ends the
 * connection. */
#include <string.h>

#include "base/text.h"
#include "server/exchange.h"

void exchange_header(struct request *r, const char *name, const char *value)
{
    if (value == NULL)
        value = "";
    r->header_bytes += strlen(name) + strlen(value) + 4;
    if (r->header_count < LIMIT_REQUEST_HEADERS)
        r->headers[r->header_count] = (struct header){name, value};
    r->header_count++;
}

/* RFC 9110's token: "Content-Length " with a space is another header to us
 * and the same to somebody else. */
static bool name_is_token(const char *name)
{
    static const char also[] = "!#$%&'*+-.^_`|~";

    if (name[0] == '\0')
        return false;
    for (; *name != '\0'; name++) {
        const char c = *name;

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
              (c >= 'A' && c <= 'Z') || strchr(also, c) != NULL))
            return false;
    }
    return true;
}

static size_t count_headers(const struct request *r, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < r->header_count; i++)
        count += text_equal_nocase(r->headers[i].name, name);
    return count;
}

static int check_names(const struct request *r, struct error *err)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (!name_is_token(r->headers[i].name))
            return error_set(err, ERR_INVALID,
                             "a header's name has a byte that must not be "
                             "there");
    return 0;
}

static int check_framing(const struct request *r, bool http_1_0,
                         struct error *err)
{
    const size_t lengths = count_headers(r, "Content-Length");
    const size_t codings = count_headers(r, "Transfer-Encoding");
    const char *length = request_header(r, "Content-Length");
    const char *coding = request_header(r, "Transfer-Encoding");

    if (lengths > 1)
        return error_set(err, ERR_INVALID, "more than one Content-Length");
    if (lengths > 0 && codings > 0)
        return error_set(err, ERR_INVALID,
                         "Content-Length together with Transfer-Encoding");
    if (codings > 1 ||
        (codings == 1 && (http_1_0 || !text_equal_nocase(coding, "chunked"))))
        return error_set(err, ERR_INVALID, "unsupported Transfer-Encoding");
    if (lengths == 1 &&
        (length[0] == '\0' || length[strspn(length, "0123456789")] != '\0'))
        return error_set(err, ERR_INVALID, "bad Content-Length");
    if (count_headers(r, "Host") > 1)
        return error_set(err, ERR_INVALID, "more than one Host");
    return 0;
}

static const char *bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    char start[sizeof(scheme)];

    (void)text_copy(start, sizeof(start), authorization);
    if (!text_equal_nocase(start, scheme))
        return NULL;
    authorization += sizeof(scheme) - 1;
    return authorization + strspn(authorization, " ");
}

static int choose_token(struct request *r, struct error *err)
{
    if (count_headers(r, "X-Vault-Token") > 1)
        return error_set(err, ERR_INVALID, "more than one X-Vault-Token");
    r->token = request_header(r, "X-Vault-Token");
    for (size_t i = 0; i < r->header_count; i++) {
        if (r->token != NULL && r->token[0] != '\0')
            break;
        if (text_equal_nocase(r->headers[i].name, "Authorization"))
            r->token = bearer(r->headers[i].value);
    }
    /* It goes into a header of a request to Vault. */
    if (r->token != NULL)
        for (const char *c = r->token; *c != '\0'; c++)
            if (*c <= 0x20 || *c >= 0x7f)
                return error_set(err, ERR_DENIED, "permission denied");
    return 0;
}

static int check_wrapping(const struct request *r, struct error *err)
{
    const char *ttl = request_header(r, "X-Vault-Wrap-TTL");
    int64_t ms;

    if (ttl == NULL || (text_duration_ms(ttl, &ms) && ms == 0))
        return 0;
    return error_set(err, ERR_INVALID,
                     "response wrapping is not supported here: send the "
                     "request without X-Vault-Wrap-TTL");
}

/* All of them are one list (RFC 9110, 5.3): the end that counts is that of
 * the last header. */
static int find_sender(struct request *r, struct error *err)
{
    struct buf values;
    int rc = -1;

    if (r->origin.forwarded == NULL || r->origin.forwarded->count == 0)
        return 0;
    buf_init(&values, LIMIT_HEADER_BYTES);
    for (size_t i = 0; i < r->header_count; i++)
        if (text_equal_nocase(r->headers[i].name, "X-Forwarded-For"))
            buf_printf(&values, "%s%s", values.len > 0 ? "," : "",
                       r->headers[i].value);
    if (buf_check(&values, "X-Forwarded-For", err) == 0)
        rc = forwarded_resolve(r->origin.forwarded,
                               values.len > 0 ? buf_text(&values) : NULL,
                               r->origin.from, err);
    buf_done(&values);
    return rc;
}

void exchange_begin(struct request *r, const char *method, bool http_1_0)
{
    struct error err = {0};
    int status = 0;

    (void)text_copy(r->method, sizeof(r->method), method);
    if (r->header_count > LIMIT_REQUEST_HEADERS ||
        r->header_bytes > LIMIT_HEADER_BYTES) {
        r->header_count = 0;
        status = 431;
        error_set(&err, ERR_TOO_LARGE,
                  "more than %d headers, or more than %d bytes of them",
                  LIMIT_REQUEST_HEADERS, LIMIT_HEADER_BYTES);
    } else if (check_names(r, &err) == 0 &&
               check_framing(r, http_1_0, &err) == 0 &&
               choose_token(r, &err) == 0 && check_wrapping(r, &err) == 0 &&
               find_sender(r, &err) == 0) {
        return;
    }
    exchange_refuse(r, &err, status);
}
