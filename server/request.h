/* SPDX-License-Identifier: Apache-2.0
 *
 * A request as a handler sees it: routed, authorized, its fields already of
 * the declared type.  All pointers live as long as the request.  A request is
 * worked on by one thread at a time.
 *
 * Fields come from the body (JSON object or form) and from the query; the
 * body wins.  Reading a field that the route does not declare is a bug and
 * is asserted. */
#ifndef ASSAY_SERVER_REQUEST_H
#define ASSAY_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/principal.h"
#include "server/route.h"

struct request;

const struct route *request_route(const struct request *request);
/* The path with the mount and without slashes around it, decoded, as Vault's
 * policies name it: "assay/restores/<id>/approve". */
const char *request_path(const struct request *request);
/* A parameter of the pattern: "id" for "snapshots/:id".  Never empty. */
const char *request_param(const struct request *request, const char *name);
/* X-Vault-Token or the bearer token; "" without.  A secret. */
const char *request_token(const struct request *request);
/* A header's first value, or NULL.  `name` in any case. */
const char *request_header(const struct request *request, const char *name);
/* "Prefer: respond-async" was sent: 202 instead of 200 is welcome. */
bool request_prefers_async(const struct request *request);
/* Where it came from: an IP address (of the client, where a proxy that is
 * authorised to has said so), "unix uid=1000" for the user of a socket in the
 * file system, "" when it is not known. */
const char *request_from(const struct request *request);
/* The id that the answer's envelope carries. */
const char *request_id(const struct request *request);
/* The bytes of the body, NUL-terminated after `*len`. */
const char *request_body(const struct request *request, size_t *len);

/* Whoever Vault says it is; all empty on a ROUTE_OPEN route. */
const struct principal *request_principal(const struct request *request);
/* For ROUTE_OWN_RUN: 0 if Vault accepted the token for this path, or if
 * `owner_key` (the run's stored token_key; NULL when there is no such run) is
 * the caller's.  Else -1 with the refusal in `err`, which tells nothing about
 * whether the run exists.  Call it before anything else is said or done. */
int request_require_owner(struct request *request, const char *owner_key,
                          struct error *err) MUST_USE;

/* Whether the field was given (null counts as not given). */
bool request_has(const struct request *request, const char *field);
const char *request_text(const struct request *request, const char *field,
                         const char *otherwise);
/* NULL when it was not given.  Wiped with the request: copy it to where
 * secrets are kept (base/secret.h), and never into an error. */
const char *request_secret(const struct request *request, const char *field);
bool request_bool(const struct request *request, const char *field,
                  bool otherwise);
int64_t request_int(const struct request *request, const char *field,
                    int64_t otherwise);
int64_t request_duration_ms(const struct request *request, const char *field,
                            int64_t otherwise);
/* NULL-terminated array of *count strings; *count 0 when not given. */
const char *const *request_list(const struct request *request,
                                const char *field, size_t *count);

/* The id of what it is about: that of the path (":id"), or of what it made,
 * once the handler has said so; "" without. */
void request_set_subject(struct request *request, const char *id);
const char *request_subject(const struct request *request);
/* The fields that were given, as members of the object that `w` is in: for the
 * audit record.  Of a secret only that there was one; long texts and lists are
 * cut (LIMIT_AUDIT_…). */
void request_write_fields(const struct request *request, struct jsonw *w);

/* Long polls.  A handler with nothing to say yet calls reply_park() and
 * returns 0; it is called again when something may have changed or when the
 * time is over: then request_deadline_passed() is true, and it must answer.
 * That is also so from the start when too many requests wait already, and
 * when the server drains. */
bool request_deadline_passed(const struct request *request);
/* Monotonic ms (base/clock.h) when the request had arrived. */
int64_t request_began_ms(const struct request *request);
/* One number to remember between calls, such as the revision that was
 * current at the first.  request_mark is false until one was set. */
void request_set_mark(struct request *request, uint64_t mark);
bool request_mark(const struct request *request, uint64_t *mark);

#endif
