/* SPDX-License-Identifier: Apache-2.0
 *
 * Callers for whom nobody vouches - those of open routes, and those whom
 * Vault does not know - could fill the disk with entries about themselves.
 * They share a bucket: beyond it such a request is not done at all (429,
 * which clients repeat), and that one was refused is only counted. */
#include "handlers/trail.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "server/request.h"
#include "store/audit.h"

/* The lock guards the bucket. */
struct trail {
    struct audit *audit;
    pthread_mutex_t lock;
    int64_t left;
    int64_t filled_ms;
    uint64_t left_out; /* refused ones without an entry, since the last */
};

int trail_new(struct audit *audit, struct trail **out, struct error *err)
{
    struct trail *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return error_memory(err);
    t->audit = audit;
    t->left = LIMIT_AUDIT_STRANGERS;
    t->filled_ms = clock_mono_ms();
    (void)pthread_mutex_init(&t->lock, NULL);
    *out = t;
    return 0;
}

void trail_free(struct trail *t)
{
    if (t == NULL)
        return;
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

/* *left_out, which may be NULL: what was not written since it was last told. */
static bool take(struct trail *t, uint64_t *left_out)
{
    const int64_t now = clock_mono_ms();
    bool taken;

    (void)pthread_mutex_lock(&t->lock);
    const int64_t more = (now - t->filled_ms) / LIMIT_AUDIT_STRANGERS_EVERY_MS;
    t->filled_ms += more * LIMIT_AUDIT_STRANGERS_EVERY_MS;
    t->left += more;
    if (t->left > LIMIT_AUDIT_STRANGERS)
        t->left = LIMIT_AUDIT_STRANGERS;
    taken = t->left > 0;
    if (taken)
        t->left--;
    else
        t->left_out++;
    if (taken && left_out != NULL) {
        *left_out = t->left_out;
        t->left_out = 0;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return taken;
}

/* A caller of an open route has no principal, and may have a token all the
 * same: what it says of him nobody has looked at. */
static bool is_stranger(const struct request *request)
{
    return (request_route(request)->flags & ROUTE_OPEN) != 0 ||
           !request_principal(request)->authenticated;
}

/* What must go on while the disk is full: giving space back, and stopping
 * what somebody thinks better of. */
static bool is_urgent(const struct route *route)
{
    return route->verb == VERB_DELETE || text_ends(route->pattern, "/cancel") ||
           text_ends(route->pattern, "/reject");
}

static struct audit_entry entry_of(const struct request *request,
                                   enum audit_type type)
{
    const struct principal *who = request_principal(request);
    const struct route *route = request_route(request);

    return (struct audit_entry){
        .type = type,
        .request_id = request_id(request),
        .operation = route_verb_name(route->verb),
        .path = request_path(request),
        .display_name = who->display_name,
        .entity_id = who->entity_id,
        .accessor = who->accessor,
        .token_key = who->token_key,
        .remote = request_from(request),
        .subject = request_subject(request),
        .urgent = is_urgent(route),
    };
}

static int begin(void *ctx, const struct request *request, struct error *err)
{
    struct trail *t = ctx;
    struct audit_entry entry = entry_of(request, AUDIT_REQUEST);
    const char *if_match = request_header(request, "If-Match");
    struct buf fields;
    struct jsonw w;
    int rc = -1;

    if (is_stranger(request) && !take(t, NULL))
        return error_set(err, ERR_TOO_MANY,
                         "too many such requests; try again later");
    buf_init(&fields, LIMIT_AUDIT_ENTRY);
    jsonw_init(&w, &fields);
    jsonw_object(&w, NULL);
    request_write_fields(request, &w);
    /* What somebody had before his eyes who agrees to it. */
    if (if_match != NULL)
        jsonw_text_len(&w, "If-Match", if_match,
                       strnlen(if_match, LIMIT_AUDIT_TEXT));
    jsonw_end_object(&w);
    if (buf_check(&fields, "what the audit record would hold", err) == 0) {
        entry.fields = fields.len > 2 ? buf_text(&fields) : NULL;
        rc = audit_write(t->audit, &entry, err);
    }
    buf_done(&fields);
    return rc;
}

static int end(void *ctx, const struct request *request, int status,
               const struct error *why, struct error *err)
{
    struct trail *t = ctx;
    struct audit_entry entry = entry_of(request, AUDIT_RESPONSE);

    entry.status = status;
    entry.error = why != NULL ? why->text : NULL;
    if (status == 0)
        entry.message = "the caller went away before the answer";
    return audit_write(t->audit, &entry, err);
}

static void refused(void *ctx, const struct request *request,
                    const struct error *why)
{
    struct trail *t = ctx;
    struct audit_entry entry = entry_of(request, AUDIT_REFUSED);
    struct error err = {0};
    uint64_t left_out = 0;
    char message[96];

    if (!take(t, &left_out))
        return;
    if (left_out > 0) {
        (void)snprintf(message, sizeof(message),
                       "%" PRIu64 " more before it were refused and are not "
                       "in this record",
                       left_out);
        entry.message = message;
    }
    entry.status = error_http_status(why->kind);
    entry.error = why->text;
    if (audit_write(t->audit, &entry, &err) != 0)
        log_error("%s", err.text);
}

struct server_audit trail_hooks(struct trail *t)
{
    return (struct server_audit){
        .begin = begin, .end = end, .refused = refused, .ctx = t};
}
