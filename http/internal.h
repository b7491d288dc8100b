/* SPDX-License-Identifier: Apache-2.0
 *
 * What http.c (the client and its connections), call.c (one request), slot.c
 * and many.c (many at once) and failure.c (how it ended) share.  Nobody else
 * includes this. */
#ifndef ASSAY_HTTP_INTERNAL_H
#define ASSAY_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "http/http.h"

/* A borrowed connection with everything set that belongs to the client and
 * nothing that belongs to a request.  NULL without memory. */
CURL *http_borrow(struct http_client *c);
void http_give_back(struct http_client *c, CURL *curl);

/* The URL of a request, malloc'd; NULL without memory. */
char *http_url(const struct http_client *c, const char *path,
               const char *query);
/* "Host: …", where the URL names another host than the address does
 * (tls.server_name); NULL where libcurl's own is right. */
const char *http_host_header(const struct http_client *c);
int64_t http_stall_ms(const struct http_client *c);

/* What libcurl's callbacks need to know; lives on http_call's stack. */
struct http_transfer {
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

/* The request's headers into t->headers and onto its connection; `host` as
 * http_host_header gives it. */
int http_set_headers(struct http_transfer *t, const char *host,
                     struct error *err) MUST_USE;

/* Fill response->failure and `err`.  Returns -1. */
int http_say_failure(struct http_transfer *t, CURLcode code,
                     const char *address, struct error *err);

#endif
