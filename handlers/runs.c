/* SPDX-License-Identifier: Apache-2.0
 *
 * A run may be read and cancelled by whoever created it, also after its
 * token has died in the restore that it asked for: hence
 * request_require_owner before a word is said about the run. */
#include "handlers/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "handlers/handlers.h"
#include "handlers/listing.h"
#include "handlers/run_view.h"

/* Below the 30 s after which common clients give up. */
enum { WAIT_DEFAULT_MS = 25 * 1000 };

struct jobs_caller runs_caller(const struct request *request)
{
    const struct principal *p = request_principal(request);

    return (struct jobs_caller){
        .display_name = p->display_name,
        .entity_id = p->entity_id,
        .requester_key = p->token_key,
        .idempotency_key = request_header(request, "Idempotency-Key"),
    };
}

int runs_text_field(const struct request *request, const char *field,
                    const char **out, struct error *err)
{
    const char *text = request_text(request, field, NULL);

    if (text != NULL && *text == '\0')
        text = NULL;
    if (text != NULL && strlen(text) >= RUN_REASON_MAX)
        return error_set(err, ERR_INVALID, "%s: longer than %d bytes", field,
                         RUN_REASON_MAX - 1);
    *out = text;
    return 0;
}

static void write_headers(struct reply *reply, const struct run *run)
{
    char etag[32];

    reply_header_u64(reply, "X-Assay-Index", run->revision);
    /* What an approval names as If-Match. */
    if (run->plan_revision > 0) {
        (void)snprintf(etag, sizeof(etag), "\"%llu\"",
                       (unsigned long long)run->plan_revision);
        reply_header(reply, "ETag", etag);
    }
    if (!run_status_final(run->status))
        reply_header(reply, "Retry-After", "1");
}

/* Those who wait for their part in it see how far the others are. */
static int write_run(struct handlers_app *app, const struct run *run,
                     struct jsonw *w, struct error *err)
{
    struct jobs_unseal_view unseal = {.sealed = true};
    struct jobs_unseal_nodes *nodes = NULL;
    bool asked;
    bool waits = false;

    if (run_view_write(app->store, run, w, err) != 0)
        return -1;
    if (run->kind == RUN_BACKUP)
        return 0;
    if (run->kind == RUN_RECOVERY)
        jsonw_bool(w, "claimable", jobs_recovery_waits(app->jobs, run->id));
    asked = jobs_unseal_view(app->jobs, run->id, &unseal);
    if (run->kind == RUN_RESTORE && run->status == RUN_AWAITING_UNSEAL) {
        nodes = calloc(1, sizeof(*nodes));
        if (nodes == NULL)
            return error_memory(err);
        waits = jobs_unseal_nodes(app->jobs, run->id, nodes);
    }
    if (asked || waits) {
        jsonw_object(w, "unseal");
        run_view_write_unseal(&unseal, w);
        if (waits)
            run_view_write_nodes(nodes, w);
        jsonw_end_object(w);
    } else {
        jsonw_null(w, "unseal");
    }
    free(nodes);
    return 0;
}

int runs_answer(struct handlers_app *app, struct reply *reply,
                const struct run *run, struct error *err)
{
    if (write_run(app, run, reply_data(reply), err) != 0)
        return -1;
    write_headers(reply, run);
    return 0;
}

int runs_answer_created(struct handlers_app *app, struct request *request,
                        struct reply *reply, const struct jobs_submitted *made,
                        struct error *err)
{
    const struct run *run = &made->run;
    struct jsonw *w = reply_data(reply);
    char location[LIMIT_REQUEST_URL];

    request_set_subject(request, run->id);
    if (write_run(app, run, w, err) != 0)
        return -1;
    jsonw_bool(w, "existing", made->existing);
    (void)snprintf(location, sizeof(location), "/v1/%s/%s",
                   request_path(request), run->id);
    reply_header(reply, "Location", location);
    write_headers(reply, run);
    if (request_prefers_async(request))
        reply_status(reply, 202);
    return 0;
}

int runs_load(struct handlers_app *app, struct request *request,
              enum run_kind kind, struct run *run, struct error *err)
{
    struct error missing = {0};
    const char *id = request_param(request, "id");
    bool found = false;

    if (runs_get(app->store, id, run, &missing) == 0)
        found = run->kind == kind;
    else if (missing.kind != ERR_NOT_FOUND) {
        *err = missing;
        return -1;
    }
    if (request_require_owner(request, found ? run->requester_key : NULL,
                              err) == 0) {
        if (found)
            return 0;
        (void)error_set(err, ERR_NOT_FOUND, "there is no %s with the id %s",
                        run_kind_name(kind), id);
    }
    run_done(run);
    return -1;
}

/* What the caller waits for. */
struct wait {
    bool wanted;
    bool until_done;
    bool has_index;
    uint64_t index;
    int64_t deadline;
};

static int read_wait(struct request *request, struct wait *out,
                     struct error *err)
{
    const char *until = request_text(request, "until", NULL);
    int64_t index = request_int(request, "index", 0);
    int64_t ms = request_duration_ms(request, "wait", WAIT_DEFAULT_MS);

    if (until != NULL && strcmp(until, "done") != 0)
        return error_set(err, ERR_INVALID, "until: expected \"done\"");
    if (index < 0)
        return error_set(err, ERR_INVALID, "index: expected a whole number");
    if (ms > LIMIT_WAIT_MS)
        ms = LIMIT_WAIT_MS;
    *out = (struct wait){
        .wanted = request_has(request, "wait") || until != NULL ||
                  request_has(request, "index"),
        .until_done = until != NULL,
        .has_index = request_has(request, "index"),
        .index = (uint64_t)index,
        .deadline = request_began_ms(request) + ms,
    };
    return 0;
}

/* Whether there is nothing new to tell.  The revision seen at the first
 * call is the mark; an index from the caller replaces it.  An index ahead
 * of ours is from before the catalog was rebuilt: answer. */
static bool keeps_waiting(struct request *request, const struct wait *wait,
                          const struct run *run)
{
    uint64_t mark = 0;

    if (!wait->wanted || run_status_final(run->status) ||
        request_deadline_passed(request) || clock_mono_ms() >= wait->deadline)
        return false;
    if (wait->until_done)
        return true;
    if (wait->has_index)
        return run->revision == wait->index;
    if (!request_mark(request, &mark)) {
        request_set_mark(request, run->revision);
        return true;
    }
    return run->revision == mark;
}

int runs_answer_read(struct handlers_app *app, struct request *request,
                     struct reply *reply, enum run_kind kind, struct error *err)
{
    struct run run = {0};
    struct wait wait = {0};
    int rc = -1;

    if (runs_load(app, request, kind, &run, err) != 0)
        return -1;
    if (read_wait(request, &wait, err) != 0)
        goto done;
    if (keeps_waiting(request, &wait, &run)) {
        reply_park(reply, wait.deadline);
        rc = 0;
        goto done;
    }
    rc = runs_answer(app, reply, &run, err);
done:
    run_done(&run);
    return rc;
}

static int read_filter(const struct request *request, enum run_kind kind,
                       struct runs_filter *out, struct error *err)
{
    const char *status = request_text(request, "status", NULL);
    enum run_status parsed = RUN_QUEUED;

    if (status != NULL && !run_status_parse(status, &parsed))
        return error_set(err, ERR_INVALID,
                         "status: expected a status of a run, such as "
                         "succeeded");
    *out = (struct runs_filter){
        .kind = (int)kind,
        .status = status != NULL ? (int)parsed : -1,
        .cluster = request_text(request, "cluster", NULL),
        .after = request_text(request, "after", NULL),
    };
    return listing_limit(request, &out->limit, err);
}

int runs_answer_list(struct handlers_app *app, struct request *request,
                     struct reply *reply, enum run_kind kind, struct error *err)
{
    struct runs_filter filter = {0};
    struct run_list list = {0};
    struct jsonw *w = reply_data(reply);

    if (read_filter(request, kind, &filter, err) != 0 ||
        runs_list(app->store, &filter, &list, err) != 0)
        return -1;
    if (list.count == 0) {
        reply_empty_list(reply);
        goto done;
    }
    jsonw_array(w, "keys");
    for (size_t i = 0; i < list.count; i++)
        jsonw_text(w, NULL, list.items[i].id);
    jsonw_end_array(w);
    jsonw_object(w, "key_info");
    for (size_t i = 0; i < list.count; i++) {
        jsonw_object(w, list.items[i].id);
        run_view_write_row(&list.items[i], w);
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
    jsonw_text(w, "next_after",
               list.more ? list.items[list.count - 1].id : NULL);
done:
    run_list_done(&list);
    return 0;
}

int runs_answer_cancel(struct handlers_app *app, struct request *request,
                       struct reply *reply, enum run_kind kind,
                       struct error *err)
{
    struct run run = {0};
    int rc = -1;

    if (runs_load(app, request, kind, &run, err) != 0)
        return -1;
    if (jobs_cancel(app->jobs, run.id, err) != 0)
        goto done;
    run_done(&run);
    if (runs_get(app->store, request_param(request, "id"), &run, err) != 0)
        goto done;
    rc = runs_answer(app, reply, &run, err);
done:
    run_done(&run);
    return rc;
}
