/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection of many.c and what is under way on it: a handle that is set
 * up once and used again and again.  Private to http/. */
#ifndef ASSAY_HTTP_SLOT_H
#define ASSAY_HTTP_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/internal.h"
#include "http/many.h"

struct slot {
    struct http_transfer t;
    struct http_request q;  /* t.request */
    struct http_response r; /* t.response */
    struct http_client *client;
    uint64_t headers_id; /* of what t.headers holds; 0: nothing to reuse */
    void *tag;
    int64_t started_at;
    bool busy; /* many.c's */
};

int slot_init(struct slot *s, struct http_client *client, int64_t timeout_ms,
              struct error *err) MUST_USE;
/* It is not under way any more.  Accepts a zeroed one. */
void slot_done(struct slot *s);

/* Everything is set for this request, and nothing is left of the last. */
int slot_prepare(struct slot *s, const struct http_many_request *q,
                 struct error *err) MUST_USE;
/* It ended: what of it is asked of libcurl, into `r`. */
void slot_read_facts(struct slot *s);
/* The answer was taken. */
void slot_clear(struct slot *s);

#endif
