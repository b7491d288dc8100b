/* SPDX-License-Identifier: Apache-2.0
 *
 * What http.c (the client and its connections) and call.c (one request)
 * share.  Nobody else includes this. */
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

#endif
