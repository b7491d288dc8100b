/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer a handler builds: what goes inside `data` of Vault's envelope,
 * and a few things around it.  The server adds the envelope, request_id,
 * Cache-Control and, for reads and lists, the ETag.
 *
 * When the handler returns -1 all of this is dropped and the error is
 * answered instead: {"errors":["…"]}, never with data or warnings. */
#ifndef ASSAY_SERVER_REPLY_H
#define ASSAY_SERVER_REPLY_H

#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

struct reply;

/* A writer inside the `data` object (already opened; the server closes it).
 * The same one each time. */
struct jsonw *reply_data(struct reply *reply);
/* One line for `warnings`. */
void reply_warning(struct reply *reply, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* 200 unless told; below 400. */
void reply_status(struct reply *reply, int status);
/* An extra header (Location, Retry-After, X-Assay-Index); `name` is kept,
 * `value` copied, control bytes in it are dropped. */
void reply_header(struct reply *reply, const char *name, const char *value);
void reply_header_u64(struct reply *reply, const char *name, uint64_t value);
/* 204, no body. */
void reply_none(struct reply *reply);
/* A list without keys: 404 {"errors":[]}, as Vault says it. */
void reply_empty_list(struct reply *reply);
/* text/plain and any status, without envelope: for probes. */
void reply_plain(struct reply *reply, int status, const char *text);
/* Any other body without envelope: metrics, a generated document.  `body` is
 * copied, `content_type` is kept. */
void reply_raw(struct reply *reply, int status, const char *content_type,
               const char *body, size_t len);

/* Nothing to say yet: call the handler again when server_wake() is called or
 * at `until_mono_ms` (clock_mono_ms; at most LIMIT_WAIT_MS after the request
 * began).  What was written to the reply is dropped. */
void reply_park(struct reply *reply, int64_t until_mono_ms);

#endif
