/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/admit.h"
#include "server/audited.h"

struct request *exchange_new(const struct server_options *site,
                             const struct origin *origin, const char *raw_uri)
{
    struct request *r = calloc(1, sizeof(*r));
    struct error err = {0};

    if (r == NULL)
        return NULL;
    r->site = site;
    if (origin != NULL)
        r->origin = *origin;
    r->began_ms = clock_mono_ms();
    id_random(r->id);
    buf_init_secret(&r->body, LIMIT_REQUEST_BODY);
    reply_init(&r->reply, r->id);
    if (uri_parse(raw_uri, &r->uri, &err) < 0)
        exchange_refuse(r, &err, err.kind == ERR_TOO_LARGE ? 414 : 0);
    return r;
}

void exchange_free(struct request *r)
{
    if (r == NULL)
        return;
    audited_abandon(r);
    reply_done(&r->reply);
    fields_done(&r->fields);
    form_done(&r->form);
    json_free(r->json);
    buf_done(&r->body);
    free(r->allow);
    free(r->path);
    uri_done(&r->uri);
    free(r);
}

void exchange_refuse(struct request *r, const struct error *why, int status)
{
    if (r->fault.kind != ERR_NONE)
        return;
    r->fault = *why;
    r->fault_status = status;
    r->must_close = true;
}

static void refuse_body(struct request *r, size_t more)
{
    struct error err = {0};

    if (r->body.len + more <= LIMIT_REQUEST_BODY)
        return;
    error_set(&err, ERR_TOO_LARGE, "the body is larger than %d bytes",
              LIMIT_REQUEST_BODY);
    exchange_refuse(r, &err, 0);
}

void exchange_body(struct request *r, const void *data, size_t len)
{
    refuse_body(r, len);
    if (r->fault.kind == ERR_NONE)
        buf_add(&r->body, data, len);
}

/* Where this path of the request lies: below the mount or not. */
static size_t mount_segments(const struct request *r)
{
    const char *mount = r->site->mount;
    size_t n = 1;

    if (r->uri.count == 0 || strcmp(r->uri.segments[0], "v1") != 0)
        return 0;
    while (*mount != '\0') {
        const size_t len = strcspn(mount, "/");

        if (n >= r->uri.count || strlen(r->uri.segments[n]) != len ||
            memcmp(r->uri.segments[n], mount, len) != 0)
            return 0;
        mount += len + (mount[len] == '/');
        n++;
    }
    return n;
}

static int join_path(struct request *r, size_t from, struct error *err)
{
    struct buf path;

    buf_init(&path, LIMIT_REQUEST_URL);
    for (size_t i = from; i < r->uri.count; i++)
        buf_printf(&path, "%s%s", i > from ? "/" : "", r->uri.segments[i]);
    r->path = path.len > 0 ? buf_take(&path) : text_dup("");
    buf_done(&path);
    return r->path != NULL ? 0 : error_memory(err);
}

static int query_flag(const struct request *r, const char *name, bool *out,
                      struct error *err)
{
    const char *value = form_get(&r->uri.query, name);

    if (value == NULL || text_bool(value, out))
        return 0;
    return error_set(err, ERR_INVALID, "query parameter \"%s\" must be %s",
                     name, fields_type_name(FIELD_BOOL));
}

static int choose_get(struct request *r, struct error *err)
{
    const char *help = form_get(&r->uri.query, "help");
    bool list = false;

    if (query_flag(r, "list", &list, err) < 0)
        return -1;
    r->is_get = true;
    r->is_help = help != NULL && help[0] != '\0';
    r->verb = list ? VERB_LIST : VERB_READ;
    return 0;
}

/* False for a method that no path has. */
static int choose_verb(struct request *r, bool *known, struct error *err)
{
    const char *m = r->method;

    *known = true;
    if (strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0)
        return choose_get(r, err);
    if (strcmp(m, "LIST") == 0) {
        r->is_get = true;
        r->verb = VERB_LIST;
    } else if (strcmp(m, "PUT") == 0 || strcmp(m, "POST") == 0) {
        r->verb = VERB_WRITE;
    } else if (strcmp(m, "DELETE") == 0) {
        r->verb = VERB_DELETE;
    } else if (strcmp(m, "HELP") == 0) {
        r->is_help = true;
    } else {
        *known = false;
    }
    return 0;
}

static int refuse_path(const struct request *r, struct error *err)
{
    if (r->outside && r->uri.count > 0 && strcmp(r->uri.segments[0], "v1") == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "no handler for \"%.200s\": this is Assay, which "
                         "serves \"%s/\" only; ask Vault for the rest",
                         r->path, r->site->mount);
    return error_set(err, ERR_NOT_FOUND, "there is no path \"%.200s\"",
                     r->path);
}

static int refuse_verb(struct request *r, struct error *err)
{
    static const char *const methods[] = {
        [VERB_READ] = "GET, HEAD",
        [VERB_LIST] = "LIST",
        [VERB_WRITE] = "PUT, POST",
        [VERB_DELETE] = "DELETE",
    };
    struct buf allow;
    struct buf can;

    buf_init(&allow, 128);
    buf_init(&can, 128);
    for (unsigned v = VERB_READ; v <= VERB_DELETE; v++) {
        if ((r->match.verbs & (1u << v)) == 0)
            continue;
        buf_printf(&allow, "%s%s", allow.len > 0 ? ", " : "", methods[v]);
        buf_printf(&can, "%s%s", can.len > 0 ? ", " : "",
                   route_verb_name((enum verb)v));
    }
    error_set(err, ERR_METHOD, "unsupported operation on \"%.200s\": it has %s",
              r->path, buf_text(&can));
    /* Errors drop the handler's headers; there are none yet. */
    r->allow = buf_take(&allow);
    buf_done(&can);
    return -1;
}

static int route(struct request *r, struct error *err)
{
    const size_t mount = mount_segments(r);
    const struct route *const outside[] = {r->site->outside, NULL};
    const struct router_path path = {r->uri.segments + mount,
                                     r->uri.count - mount};
    bool known;

    r->outside = mount == 0;
    if (!r->outside && admit_unknown(r, err) < 0)
        return -1;
    if (join_path(r,
                  r->outside && r->uri.count > 0 &&
                          strcmp(r->uri.segments[0], "v1") != 0
                      ? 0
                      : 1,
                  err) < 0 ||
        choose_verb(r, &known, err) < 0)
        return -1;
    if (r->is_help && !r->outside)
        return help_reply(r->site, &path, &r->reply, err);
    router_find(r->outside ? outside : r->site->routes, &path, r->verb,
                &r->match);
    if (r->match.verbs == 0)
        return refuse_path(r, err);
    if (!known || r->match.route == NULL)
        return refuse_verb(r, err);
    r->stage = STAGE_AUTHORIZE;
    return 0;
}

/* 0, -1 or 1 as server_authorize_fn. */
static int authorize(struct request *r, bool may_block, struct error *err)
{
    const unsigned flags = r->match.route->flags;
    int rc = 0;

    if ((flags & ROUTE_OPEN) == 0) {
        rc = r->site->authorize(r->site->authorize_ctx, r, may_block,
                                &r->principal, err);
        if (rc == 0 && !r->principal.authenticated &&
            (flags & ROUTE_OWN_RUN) == 0)
            rc = error_set(err, ERR_DENIED, "permission denied");
        if (rc == 0 && r->principal.authenticated)
            rc = admit_known(r, err);
    }
    if (rc < 0 && err->kind == ERR_DENIED)
        audited_refused(r, err);
    if (rc == 0)
        r->stage = STAGE_FIELDS;
    return rc;
}

static bool is_form(const struct request *r, char first)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = request_header(r, "Content-Type");
    char start[sizeof(form)];

    if (type == NULL || first == '{' || first == '[')
        return false;
    (void)text_copy(start, sizeof(start), type);
    return text_equal_nocase(start, form);
}

/* curl -d '{…}' labels JSON as a form, Go's client labels nothing, and
 * `vault write -f` sends the four bytes "null". */
static int read_body(struct request *r, struct error *err)
{
    const char *text = buf_text(&r->body);
    const size_t blank = strspn(text, " \t\r\n");
    const char *encoding = request_header(r, "Content-Encoding");

    if (r->verb != VERB_WRITE || r->body.len == blank)
        return 0;
    if (encoding != NULL && !text_equal_nocase(encoding, "identity"))
        return error_set(err, ERR_INVALID, "Content-Encoding is not supported");
    if (strcmp(text + blank, "null") != 0 && is_form(r, text[blank]))
        return form_parse(text, r->body.len, &r->form, err);
    if (json_parse(text, r->body.len, &r->json, err) < 0)
        return error_prefix(err, "body");
    if (json_type(r->json) != JSON_OBJECT && json_type(r->json) != JSON_NULL)
        return error_set(err, ERR_INVALID, "the body must be a JSON object");
    return 0;
}

static int read_fields(struct request *r, struct error *err)
{
    struct fields_source from = {.form = &r->form, .query = &r->uri.query};

    if (read_body(r, err) < 0)
        return -1;
    from.body = r->json;
    return fields_resolve(r->match.route->fields, &from, &r->fields,
                          &r->reply.warnings, err);
}

/* From here on it counts as asked for. */
static int prepare(struct request *r, struct error *err)
{
    if (read_fields(r, err) < 0 || audited_begin(r, err) < 0)
        return -1;
    r->stage = STAGE_HANDLE;
    return 0;
}

/* A route for dead tokens whose handler forgot to ask whose run it is must
 * not answer: fail closed. */
static int check_owner(const struct request *r, struct error *err)
{
    if ((r->match.route->flags & (ROUTE_OWN_RUN | ROUTE_OPEN)) !=
            ROUTE_OWN_RUN ||
        r->principal.authenticated || r->owner_checked)
        return 0;
    log_error("handler of %s does not check the owner",
              r->match.route->pattern);
    return error_set(err, ERR_DENIED, "permission denied");
}

static int handle(struct request *r, struct error *err)
{
    const struct route *route = r->match.route;

    reply_reset(&r->reply);
    r->owner_checked = false;
    if (route->handle(r->site->app, r, &r->reply, err) < 0)
        return -1;
    if (check_owner(r, err) < 0)
        return -1;
    if (r->reply.kind == REPLY_PARKED && r->deadline_passed)
        return error_set(err, ERR_INTERNAL,
                         "the handler waits beyond its deadline");
    return 0;
}

static enum exchange_next fail(struct request *r, const struct error *err)
{
    struct error ignored;
    const int status = r->fault_status;

    r->stage = STAGE_ANSWERED;
    reply_fail(&r->reply, err, status);
    (void)audited_end(r, r->reply.status, err, &ignored);
    if (r->allow != NULL)
        reply_header(&r->reply, "Allow", r->allow);
    if (r->reply.status == 429)
        reply_header_u64(&r->reply, "Retry-After",
                         (uint64_t)(r->retry_ms + 999) / 1000 +
                             (r->retry_ms == 0));
    /* 502 and 503 are about somebody else: Vault, or the age of a backup. */
    if (r->reply.status == 500)
        log_error("%s %s: %s", r->method, r->path != NULL ? r->path : "",
                  err->text);
    else if (r->reply.status > 500)
        log_warn("%s %s: %s", r->method, r->path != NULL ? r->path : "",
                 err->text);
    return EXCHANGE_DONE;
}

static enum exchange_next finish(struct request *r)
{
    struct error err = {0};

    if (buf_check(&r->reply.out, "the answer", &err) < 0) {
        err.kind = ERR_INTERNAL; /* ours to have bounded */
        return fail(r, &err);
    }
    if (audited_end(r, reply_status_ahead(&r->reply), NULL, &err) < 0)
        return fail(r, &err);
    r->stage = STAGE_ANSWERED;
    reply_finish(&r->reply, r->is_get, request_header(r, "If-None-Match"));
    return EXCHANGE_DONE;
}

/* Parked for no longer than is allowed, whatever the handler says. */
static bool park(struct request *r)
{
    const int64_t most = r->began_ms + LIMIT_WAIT_MS;

    if (r->reply.park_until > most)
        r->reply.park_until = most;
    if (r->reply.park_until > clock_mono_ms())
        return true;
    r->deadline_passed = true;
    return false;
}

enum exchange_next exchange_run(struct request *r, bool may_block)
{
    struct error err = {0};
    int rc;

    assert(r->stage != STAGE_ANSWERED);
    if (r->fault.kind != ERR_NONE)
        return fail(r, &r->fault);
    if (r->stage == STAGE_ROUTE) {
        if (route(r, &err) < 0)
            return fail(r, &err);
        if (r->stage == STAGE_ROUTE)
            return finish(r); /* help */
    }
    if (r->stage == STAGE_AUTHORIZE) {
        rc = authorize(r, may_block, &err);
        if (rc > 0) {
            assert(!may_block);
            return EXCHANGE_BLOCK;
        }
        if (rc < 0)
            return fail(r, &err);
    }
    if (r->stage == STAGE_FIELDS && prepare(r, &err) < 0)
        return fail(r, &err);
    do {
        if (handle(r, &err) < 0)
            return fail(r, &err);
        if (r->reply.kind == REPLY_PARKED && park(r))
            return EXCHANGE_PARK;
    } while (r->reply.kind == REPLY_PARKED);
    return finish(r);
}
