/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/runs.h"

int handlers_backups_create(void *app, struct request *request,
                            struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct jobs_caller who = runs_caller(request);
    struct jobs_backup_request what = {0};
    struct jobs_submitted made = {0};
    int rc = -1;

    if (runs_text_field(request, "cluster", &what.cluster, err) != 0 ||
        jobs_submit_backup(a->jobs, &what, &who, &made, err) != 0)
        return -1;
    rc = runs_answer_created(a, request, reply, &made, err);
    run_done(&made.run);
    return rc;
}

int handlers_backups_list(void *app, struct request *request,
                          struct reply *reply, struct error *err)
{
    return runs_answer_list(app, request, reply, RUN_BACKUP, err);
}

int handlers_backups_read(void *app, struct request *request,
                          struct reply *reply, struct error *err)
{
    return runs_answer_read(app, request, reply, RUN_BACKUP, err);
}

int handlers_backups_cancel(void *app, struct request *request,
                            struct reply *reply, struct error *err)
{
    return runs_answer_cancel(app, request, reply, RUN_BACKUP, err);
}
