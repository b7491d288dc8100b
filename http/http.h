/* SPDX-License-Identifier: Apache-2.0
 *
 * Outgoing HTTP/1.1, the only user of libcurl.
 *
 * A client is bound to one address and is shared by threads: it keeps a few
 * connections alive and lends one to each call.  It never follows a
 * redirect (libcurl would carry a token to whatever host it is told), reads
 * no .netrc and takes no proxy from the environment, and its error texts
 * name the address and never a header. */
#ifndef ASSAY_HTTP_HTTP_H
#define ASSAY_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/stream.h"

struct http_client;

enum { HTTP_LOCATION_MAX = 1024, HTTP_HEADERS_MAX = 24 };

/* NULL and false: the system's own CA certificates, none of ours. */
struct http_tls {
    const char *ca_file;
    const char *ca_dir;
    const char *cert_file; /* ours, PEM, with key_file */
    const char *key_file;
    const char *server_name; /* what the certificate must say, and SNI */
    bool skip_verify;
};

/* Plain data; everything is copied by http_client_new. */
struct http_options {
    const char *address; /* http(s)://host[:port] or unix:///path */
    struct http_tls tls;
    const char *proxy;          /* NULL: none; never used for unix:// */
    int64_t connect_timeout_ms; /* 0: 10 s */
    int64_t stall_timeout_ms;   /* 0: 60 s without a byte ends a call */
    unsigned max_idle;          /* connections kept; 0: 4 */
};

struct http_header {
    const char *name;
    const char *value;
};

/* Plain data, zero where not wanted. */
struct http_request {
    const char *method;
    const char *path;  /* begins with '/', percent-encoded */
    const char *query; /* without '?', percent-encoded; or NULL */
    const struct http_header *headers;
    size_t header_count; /* at most HTTP_HEADERS_MAX */
    const void *body;    /* or: */
    size_t body_len;
    const struct source *upload; /* chunked when its size is unknown */
    const struct sink *sink;     /* takes the body of a 2xx, as it comes in
                                    pieces of at most 16 KiB; any other
                                    body goes to the response */
    const struct cancel *cancel; /* looked at every second or sooner */
    int64_t timeout_ms;          /* for all of it; 0: only stalls count */
    bool once; /* on a connection of its own, so that libcurl can never send
                  it again by itself: for what must not happen twice */
};

/* Why there was no whole answer. */
enum http_failure {
    HTTP_FINE,
    HTTP_NOT_CONNECTED, /* no address, refused, unreachable */
    HTTP_TLS_REFUSED,   /* certificate, name, protocol */
    HTTP_TIMED_OUT,
    HTTP_STALLED, /* nothing moved for stall_timeout_ms */
    HTTP_DROPPED, /* the connection ended before the answer did */
    HTTP_CANCELLED,
    HTTP_OURS, /* our source or sink refused, a ceiling, memory */
};

/* Caller's storage, _init to _done; the body lives until then.  Filled as
 * far as things went, also when the call fails. */
struct http_response {
    enum http_failure failure;
    int status;        /* 0: no status line arrived */
    struct buf body;   /* at most LIMIT_UPSTREAM_BODY; wiped when released */
    uint64_t received; /* body bytes */
    uint64_t sent;     /* body bytes that left for the connection */
    bool started;      /* connected, and some of the request may be there */
    bool sent_all;     /* an upload's last byte was on its way */
    char location[HTTP_LOCATION_MAX]; /* "" when absent or too long */
    char content_type[128];
    int retry_after; /* seconds; -1: absent or a date */
};

/* Thread-safe from the first call on.  -1: ERR_INVALID for an address or a
 * certificate file that cannot be used. */
int http_client_new(const struct http_options *o, struct http_client **out,
                    struct error *err) MUST_USE;
/* No call may be under way.  Accepts NULL. */
void http_client_free(struct http_client *c);
/* As given, without a final slash. */
const char *http_client_address(const struct http_client *c);

void http_response_init(struct http_response *r);
void http_response_done(struct http_response *r);

/* Send one request and take the whole answer.  Blocks; any thread.
 *
 * 0: an answer arrived, whatever its status.  -1: response->failure says
 * how it ended and `err` says it in words: ERR_UNAVAILABLE (not connected,
 * timed out, stalled, dropped before an answer), ERR_UPSTREAM (TLS),
 * ERR_CORRUPT (dropped within a body, "after N bytes"), ERR_CANCELLED,
 * ERR_TOO_LARGE (body over its ceiling), or what the source or sink said. */
int http_call(struct http_client *c, const struct http_request *request,
              struct http_response *response, struct error *err) MUST_USE;

#endif
