/* SPDX-License-Identifier: Apache-2.0
 *
 * One request and its reply, inside server/: the bodies of the two opaque
 * structs, and the steps from a parsed target to bytes for the wire.  Knows
 * no sockets: server.c feeds it from libmicrohttpd, testing.c from a test. */
#ifndef ASSAY_SERVER_EXCHANGE_H
#define ASSAY_SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/principal.h"
#include "server/fields.h"
#include "server/forwarded.h"
#include "server/limiter.h"
#include "server/reply_wire.h"
#include "server/request.h"
#include "server/router.h"
#include "server/server.h"
#include "server/uri.h"

enum exchange_stage {
    STAGE_ROUTE,
    STAGE_AUTHORIZE,
    STAGE_FIELDS,
    STAGE_HANDLE,
    STAGE_ANSWERED,
};

struct header {
    const char *name; /* borrowed */
    const char *value;
};

/* What is known of a request before its first byte; NULL: nothing is looked
 * at or limited. */
struct origin {
    char from[FORWARDED_FROM_MAX]; /* the other end of the connection */
    const struct forwarded *forwarded;
    struct limiter *limiter;
};

struct request {
    const struct server_options *site;
    struct origin origin; /* `from` becomes whoever asked */
    enum exchange_stage stage;
    struct error fault; /* refused before it was complete */
    int fault_status;   /* when the kind has no status of its own (414, 431) */
    bool must_close;    /* the connection cannot be trusted any more */
    char id[ID_TEXT_MAX];
    int64_t began_ms;
    struct uri uri;
    char method[8];
    size_t header_count; /* may exceed what is kept: a fault then */
    struct header headers[LIMIT_REQUEST_HEADERS];
    size_t header_bytes;
    struct buf body;
    const char *token; /* borrowed from a header */
    char *path;
    char *allow;  /* for a 405 */
    bool outside; /* the path is not under the mount */
    bool is_get;  /* may be answered 304 */
    bool is_help;
    enum verb verb;
    struct router_match match;
    struct json *json;
    struct form form;
    struct fields fields;
    struct principal principal;
    char subject[ID_TEXT_MAX];
    bool owner_checked;
    bool audited;     /* its beginning is written down, its end is not */
    int64_t retry_ms; /* of a 429: when it may be worth trying again */
    bool deadline_passed;
    bool has_mark;
    uint64_t mark;
    struct reply reply;
};

/* NULL without memory.  A target that is refused leaves a fault.  `origin` is
 * copied; NULL: not known. */
struct request *exchange_new(const struct server_options *site,
                             const struct origin *origin, const char *raw_uri);
void exchange_free(struct request *request);

/* In this order: every header (which must live as long as the request), then
 * the method, then the body in pieces, then exchange_run. */
void exchange_header(struct request *request, const char *name,
                     const char *value);
/* Look at all headers together; `http_1_0` changes what is allowed. */
void exchange_begin(struct request *request, const char *method, bool http_1_0);
void exchange_body(struct request *request, const void *data, size_t len);
/* Refuse it and close the connection, unless that was done already.  `status`
 * 0: the one of the kind. */
void exchange_refuse(struct request *request, const struct error *why,
                     int status);

enum exchange_next {
    EXCHANGE_DONE,  /* request->reply is ready for the wire */
    EXCHANGE_BLOCK, /* call again where it may block */
    EXCHANGE_PARK,  /* call again later, see reply.park_until */
};

/* Route, authorize, read the fields, handle: as far as it gets. */
enum exchange_next exchange_run(struct request *request, bool may_block);

/* Vault's answer to a help request: the routes that fit, or all of them for
 * the mount itself (path->count 0).  -1 when none fits. */
int help_reply(const struct server_options *site,
               const struct router_path *path, struct reply *reply,
               struct error *err) MUST_USE;

#endif
