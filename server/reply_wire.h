/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of the opaque struct in reply.h, and how it becomes an answer.
 * For exchange.c, which drives it, and for those who put it on the wire. */
#ifndef ASSAY_SERVER_REPLY_WIRE_H
#define ASSAY_SERVER_REPLY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "server/reply.h"

enum { REPLY_HEADERS_MAX = 8 };

enum reply_kind {
    REPLY_DATA,
    REPLY_NO_CONTENT,
    REPLY_EMPTY_LIST,
    REPLY_RAW,
    REPLY_PARKED,
};

/* After reply_finish or reply_fail `status`, `content_type`, `headers` and
 * `out` are what goes on the wire. */
struct reply {
    enum reply_kind kind;
    int status;
    const char *request_id;
    const char *content_type; /* NULL: no body */
    struct buf out;
    struct jsonw writer;
    bool opened;         /* the envelope's beginning is in `out` */
    size_t data_begin;   /* of the data object in `out` */
    struct buf warnings; /* sentences, each ended by a NUL byte */
    size_t header_count;
    struct {
        const char *name;
        char *value;
    } headers[REPLY_HEADERS_MAX];
    int64_t park_until;
};

void reply_init(struct reply *reply, const char *request_id);
void reply_reset(struct reply *reply);
void reply_done(struct reply *reply);
/* The envelope's end, ETag and 304.  `tagged`: a read or list by GET. */
void reply_finish(struct reply *reply, bool tagged, const char *if_none_match);
/* The status that reply_finish will send, but for a 304. */
int reply_status_ahead(const struct reply *reply);
void reply_fail(struct reply *reply, const struct error *err, int status);

#endif
