/* SPDX-License-Identifier: Apache-2.0 */
#include "server/visit.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/connection.h"
#include "server/exchange.h"

enum visit_stage {
    VISIT_NEW,   /* the headers are not known yet */
    VISIT_BODY,  /* being read */
    VISIT_HELD,  /* suspended: the workers have it */
    VISIT_READY, /* to be answered */
    VISIT_CUT,   /* by the end of the server */
    VISIT_ANSWERED,
};

/* While suspended only a worker touches it; suspending and resuming order the
 * accesses. */
struct visit {
    struct work work; /* first: visit_work casts back */
    struct lobby *lobby;
    struct MHD_Connection *con;
    struct watched *watched;
    struct request *request;
    enum visit_stage stage;
    uintptr_t target_end; /* where the target's C string ended */
    size_t body_seen;
    int status;
};

enum {
    /* A body that is too large is read this far, so that the client has
     * stopped sending by the time it gets the answer. */
    BODY_PATIENCE = 16 * LIMIT_REQUEST_BODY,
};

void *visit_target(void *cls, const char *uri, struct MHD_Connection *con)
{
    struct lobby *lobby = cls;
    const struct connection *c = connection_of(con);
    struct visit *v = c != NULL ? calloc(1, sizeof(*v)) : NULL;
    struct origin origin = {.limiter = lobby->limiter};

    if (v == NULL)
        return NULL;
    origin.forwarded = &c->door->forwarded;
    (void)text_copy(origin.from, sizeof(origin.from), c->from);
    v->request = exchange_new(&lobby->options, &origin, uri);
    if (v->request == NULL) {
        free(v);
        return NULL;
    }
    v->lobby = lobby;
    v->con = con;
    v->watched = c->watched;
    v->target_end = (uintptr_t)uri + strlen(uri) + 1;
    v->work.fd = sweeper_fd(v->watched);
    atomic_fetch_add(&lobby->visits, 1);
    sweeper_expect(v->watched, lobby->options.request_ms);
    return v;
}

void visit_completed(void *cls, struct MHD_Connection *con, void **con_cls,
                     enum MHD_RequestTerminationCode code)
{
    struct lobby *lobby = cls;
    struct visit *v = *con_cls;
    const struct request *r;
    long long ms;

    (void)con;
    if (v == NULL)
        return;
    r = v->request;
    ms = (long long)(clock_mono_ms() - r->began_ms);
    /* Neither the query nor a header: both may hold what is no log's
     * business. */
    if (v->stage != VISIT_ANSWERED)
        log_info("request from %s ended early by the client or a time limit, "
                 "%lld ms",
                 request_from(r), ms);
    else if (r->outside && v->status < 400)
        log_debug("%s /%s %d %lld ms", r->method, r->path, v->status, ms);
    else
        log_info("%s %s %d %lld ms from %s%s", r->method,
                 r->path != NULL ? r->path : "(refused)", v->status, ms,
                 request_from(r),
                 code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : ", cut");
    sweeper_expect(v->watched, lobby->options.idle_ms);
    exchange_free(v->request);
    free(v);
    *con_cls = NULL;
    atomic_fetch_sub(&lobby->visits, 1);
}

static enum MHD_Result copy_header(void *cls, enum MHD_ValueKind kind,
                                   const char *name, const char *value)
{
    (void)kind;
    exchange_header(cls, name, value);
    return MHD_YES;
}

static void add_headers(struct visit *v, struct MHD_Response *response)
{
    const struct reply *reply = &v->request->reply;

    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    if (reply->content_type != NULL)
        (void)MHD_add_response_header(response, "Content-Type",
                                      reply->content_type);
    for (size_t i = 0; i < reply->header_count; i++)
        (void)MHD_add_response_header(response, reply->headers[i].name,
                                      reply->headers[i].value);
    if (v->request->must_close || atomic_load(&v->lobby->draining))
        (void)MHD_add_response_header(response, "Connection", "close");
}

static void free_body(void *body)
{
    buf_done(body);
    free(body);
}

/* The body leaves the request: the library may let go of it later. */
static struct MHD_Response *take_body(struct reply *reply)
{
    struct buf *body = malloc(sizeof(*body));
    struct MHD_Response *response;

    if (body == NULL)
        return NULL;
    *body = reply->out;
    reply->out = (struct buf){0};
    response = MHD_create_response_from_buffer_with_free_callback_cls(
        buf_failed(body) ? 0 : body->len, body->data, free_body, body);
    if (response == NULL)
        free_body(body);
    return response;
}

static enum MHD_Result answer(struct visit *v)
{
    struct reply *reply = &v->request->reply;
    struct MHD_Response *response = take_body(reply);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    add_headers(v, response);
    v->stage = VISIT_ANSWERED;
    v->status = reply->status;
    sweeper_expect(v->watched, v->lobby->options.send_ms);
    result = MHD_queue_response(v->con, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum exchange_next run(struct visit *v, bool may_block)
{
    v->work.seen = workers_generation(v->lobby->workers);
    if (v->work.expired || atomic_load(&v->lobby->draining))
        v->request->deadline_passed = true;
    return exchange_run(v->request, may_block);
}

/* To the workers, to be run or to wait.  Once one has the visit it must not
 * be touched here any more. */
static void hold(struct visit *v, bool to_park)
{
    struct workers *workers = v->lobby->workers;

    v->stage = VISIT_HELD;
    MHD_suspend_connection(v->con);
    if (to_park ? workers_park(workers, &v->work, v->request->reply.park_until)
                : workers_submit(workers, &v->work))
        return;
    v->stage = VISIT_CUT;
    MHD_resume_connection(v->con);
}

/* The request is complete. */
static enum MHD_Result proceed(struct visit *v)
{
    enum exchange_next next;

    sweeper_expect(v->watched, 0);
    next = run(v, false);
    if (next == EXCHANGE_DONE)
        return answer(v);
    hold(v, next == EXCHANGE_PARK);
    return MHD_YES;
}

void visit_work(void *cls, struct work *work)
{
    struct visit *v = (struct visit *)work;

    (void)cls;
    if (run(v, true) == EXCHANGE_PARK) {
        if (workers_park(v->lobby->workers, &v->work,
                         v->request->reply.park_until))
            return;
        v->work.expired = true;
        (void)run(v, true);
    }
    v->stage = VISIT_READY;
    MHD_resume_connection(v->con);
}

/* The library hands out the target as a C string inside the request line,
 * with the version behind it: a NUL inside the target leaves bytes between
 * the two that nobody would look at. */
static void check_hidden_bytes(struct visit *v, const char *version)
{
    const uintptr_t at = (uintptr_t)version;
    struct error err = {0};

    if (at <= v->target_end || at > v->target_end + LIMIT_CONNECTION_MEMORY)
        return;
    error_set(&err, ERR_INVALID, "the request line has a NUL or extra space");
    exchange_refuse(v->request, &err, 0);
}

static bool refuse_large(struct visit *v)
{
    const char *length = request_header(v->request, "Content-Length");
    struct error err = {0};

    if (length == NULL || strlen(length) < 6 ||
        (strlen(length) == 6 && request_header(v->request, "Expect") == NULL))
        return false;
    error_set(&err, ERR_TOO_LARGE, "the body is larger than %d bytes",
              LIMIT_REQUEST_BODY);
    exchange_refuse(v->request, &err, 0);
    return true;
}

static enum MHD_Result begin(struct visit *v, const char *method,
                             const char *version)
{
    check_hidden_bytes(v, version);
    (void)MHD_get_connection_values(v->con, MHD_HEADER_KIND, copy_header,
                                    v->request);
    exchange_begin(v->request, method, strcmp(version, "HTTP/1.0") == 0);
    v->stage = VISIT_BODY;
    if (v->request->fault.kind != ERR_NONE || refuse_large(v)) {
        /* The library closes after an answer before the body. */
        (void)exchange_run(v->request, false);
        return answer(v);
    }
    return MHD_YES;
}

enum MHD_Result visit_request(void *cls, struct MHD_Connection *con,
                              const char *url, const char *method,
                              const char *version, const char *data,
                              size_t *size, void **con_cls)
{
    struct visit *v = *con_cls;

    (void)cls;
    (void)con;
    (void)url; /* decoded by the library; ours comes from the raw target */
    if (v == NULL)
        return MHD_NO;
    switch (v->stage) {
    case VISIT_NEW:
        return begin(v, method, version);
    case VISIT_BODY:
        if (*size == 0)
            return proceed(v);
        v->body_seen += *size;
        if (v->body_seen > BODY_PATIENCE)
            return MHD_NO;
        exchange_body(v->request, data, *size);
        *size = 0;
        return MHD_YES;
    case VISIT_READY:
        return answer(v);
    case VISIT_CUT:
        return MHD_NO;
    case VISIT_HELD:
    case VISIT_ANSWERED:
        break;
    }
    return MHD_YES;
}
