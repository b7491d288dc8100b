/* SPDX-License-Identifier: Apache-2.0
 *
 * Very many small requests over a few kept connections: one request per
 * connection at a time, the next as soon as one is answered.
 *
 * It pulls: whoever has the work gives a request when there is room for one,
 * and may find more work in every answer, so that what waits is bounded by
 * him.  Requests have no body. */
#ifndef ASSAY_HTTP_MANY_H
#define ASSAY_HTTP_MANY_H

#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "http/http.h"

enum { HTTP_MANY_DEFAULT = 64, HTTP_MANY_MAX = 256 };

/* Everything is copied when it is given. */
struct http_many_request {
    const char *method;
    const char *path;  /* begins with '/', percent-encoded */
    const char *query; /* without '?', percent-encoded; or NULL */
    const struct http_header *headers;
    size_t header_count;
    uint64_t headers_id; /* not 0: the headers are what they were whenever
                            it was this number */
    void *tag;           /* given back with the answer */
};

struct http_many_options {
    unsigned in_flight;  /* 0: HTTP_MANY_DEFAULT; at most HTTP_MANY_MAX */
    unsigned per_second; /* at most so many begin; 0: no limit */
    int64_t timeout_ms;  /* of each; 0: 60 s */
    const struct cancel *cancel;
    /* Called by more threads than one, never by two at once. */
    void *ctx;
    /* 1: *request is the next.  0: none now; it is asked again when one is
     * answered, or once *wait_ms are over if it sets that.  -1: stop. */
    int (*next)(void *ctx, struct http_many_request *request, int64_t *wait_ms,
                struct error *err);
    /* A whole answer of whatever status, or failure != HTTP_FINE and why.
     * The body may be written to, and is wiped after the call.  -1: stop. */
    int (*done)(void *ctx, void *tag, struct http_response *response,
                const struct error *why, struct error *err);
};

/* Runs until nothing is under way and `next` has nothing and waits for
 * nothing.  -1: what `next` or `done` said, ERR_CANCELLED, or memory; what
 * was under way is dropped, without a call of `done`. */
int http_many_run(struct http_client *client, const struct http_many_options *o,
                  struct error *err) MUST_USE;

#endif
