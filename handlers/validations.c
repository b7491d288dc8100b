/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/runs.h"

int handlers_validations_create(void *app, struct request *request,
                                struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct jobs_caller who = runs_caller(request);
    struct jobs_validation_request what = {0};
    struct jobs_submitted made = {0};
    int rc = -1;

    if (runs_text_field(request, "cluster", &what.cluster, err) != 0 ||
        runs_text_field(request, "snapshot", &what.snapshot, err) != 0 ||
        runs_text_field(request, "driver", &what.driver, err) != 0 ||
        runs_text_field(request, "oracle", &what.oracle, err) != 0 ||
        jobs_submit_validation(a->jobs, &what, &who, &made, err) != 0)
        return -1;
    rc = runs_answer_created(a, request, reply, &made, err);
    run_done(&made.run);
    return rc;
}

int handlers_validations_list(void *app, struct request *request,
                              struct reply *reply, struct error *err)
{
    return runs_answer_list(app, request, reply, RUN_VALIDATION, err);
}

int handlers_validations_read(void *app, struct request *request,
                              struct reply *reply, struct error *err)
{
    return runs_answer_read(app, request, reply, RUN_VALIDATION, err);
}

int handlers_validations_cancel(void *app, struct request *request,
                                struct reply *reply, struct error *err)
{
    return runs_answer_cancel(app, request, reply, RUN_VALIDATION, err);
}
