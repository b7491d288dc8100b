/* SPDX-License-Identifier: Apache-2.0
 *
 * Approvals will stand between creating a restore and its start: a route
 * :id/approve here, `needs_approval` in the catalog's run_new. */
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/runs.h"

int handlers_restores_create(void *app, struct request *request,
                             struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct jobs_caller who = runs_caller(request);
    struct jobs_restore_request what = {
        .dry_run = request_bool(request, "dry_run", false),
        .force = request_bool(request, "force", false),
        .override = request_bool(request, "override", false),
    };
    struct jobs_submitted made = {0};
    int rc = -1;

    if (runs_text_field(request, "snapshot", &what.snapshot, err) != 0 ||
        runs_text_field(request, "target", &what.target, err) != 0 ||
        runs_text_field(request, "reason", &what.reason, err) != 0)
        return -1;
    if (what.snapshot == NULL)
        return error_set(err, ERR_INVALID,
                         "snapshot: say which one; \"latest-valid\" is the "
                         "newest proven one");
    if (what.override && what.reason == NULL)
        return error_set(err, ERR_INVALID, "reason: an override needs one");
    if (jobs_submit_restore(a->jobs, &what, &who, &made, err) != 0)
        return -1;
    rc = runs_answer_created(a, request, reply, &made, err);
    run_done(&made.run);
    return rc;
}

int handlers_restores_list(void *app, struct request *request,
                           struct reply *reply, struct error *err)
{
    return runs_answer_list(app, request, reply, RUN_RESTORE, err);
}

int handlers_restores_read(void *app, struct request *request,
                           struct reply *reply, struct error *err)
{
    return runs_answer_read(app, request, reply, RUN_RESTORE, err);
}

int handlers_restores_cancel(void *app, struct request *request,
                             struct reply *reply, struct error *err)
{
    return runs_answer_cancel(app, request, reply, RUN_RESTORE, err);
}
