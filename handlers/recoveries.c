/* SPDX-License-Identifier: Apache-2.0
 *
 * One secret of a snapshot.  What is wrapped is handed over by a request of
 * its own: reading the run changes nothing, and who takes it is on record. */
#include "base/log.h"
#include "base/secret.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/runs.h"

static int read_request(const struct request *request,
                        struct jobs_recovery_request *out, struct error *err)
{
    out->version = request_int(request, "version", 0);
    out->wrap_ttl_ms = request_duration_ms(request, "wrap_ttl", 0);
    out->overwrite = request_bool(request, "overwrite", false);
    /* Too long a path is told by jobs_submit_recovery. */
    out->path = request_text(request, "path", NULL);
    out->mount = request_text(request, "mount", NULL);
    if (runs_text_field(request, "snapshot", &out->snapshot, err) != 0 ||
        runs_text_field(request, "cluster", &out->cluster, err) != 0 ||
        runs_text_field(request, "to", &out->to, err) != 0)
        return -1;
    return runs_text_field(request, "reason", &out->reason, err);
}

int handlers_recoveries_create(void *app, struct request *request,
                               struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    const struct jobs_caller who = runs_caller(request);
    struct jobs_recovery_request what = {.path = NULL};
    struct jobs_submitted made = {0};
    int rc = -1;

    if (read_request(request, &what, err) != 0 ||
        jobs_submit_recovery(a->jobs, &what, &who, &made, err) != 0)
        return -1;
    rc = runs_answer_created(a, request, reply, &made, err);
    run_done(&made.run);
    return rc;
}

int handlers_recoveries_list(void *app, struct request *request,
                             struct reply *reply, struct error *err)
{
    return runs_answer_list(app, request, reply, RUN_RECOVERY, err);
}

int handlers_recoveries_read(void *app, struct request *request,
                             struct reply *reply, struct error *err)
{
    return runs_answer_read(app, request, reply, RUN_RECOVERY, err);
}

int handlers_recoveries_cancel(void *app, struct request *request,
                               struct reply *reply, struct error *err)
{
    return runs_answer_cancel(app, request, reply, RUN_RECOVERY, err);
}

int handlers_recoveries_claim(void *app, struct request *request,
                              struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    const struct jobs_caller who = runs_caller(request);
    const char *id = request_param(request, "id");
    struct jsonw *w = reply_data(reply);
    char *token = NULL;

    if (jobs_recovery_claim(a->jobs, id, &who, &token, err) != 0)
        return -1;
    jsonw_text(w, "id", id);
    jsonw_text(w, "wrap_token", token);
    secret_free(token);
    log_info("recovery %s: %s claims the wrapped secret", id, who.display_name);
    return 0;
}
