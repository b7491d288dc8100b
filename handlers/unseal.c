/* SPDX-License-Identifier: Apache-2.0
 *
 * Key holders are strangers: no token, no name.  What they are told is what
 * sys/unseal would tell them, and of a run that does not wait nothing at
 * all. */
#include "base/log.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/run_view.h"
#include "jobs/jobs.h"

static void write_to_log(const struct jobs_unseal_share *share,
                         const struct jobs_unseal_view *view)
{
    const char *kind = run_kind_name(share->kind);

    if (share->reset)
        log_info("%s %s: the key shares submitted so far are reset", kind,
                 share->run_id);
    else if (view->progress >= view->threshold || !view->sealed)
        log_info("%s %s: the key shares are complete, and right", kind,
                 share->run_id);
    else
        log_info("%s %s: %u of %u key shares", kind, share->run_id,
                 view->progress, view->threshold);
}

/* The run's status besides, for scripts; it may have moved on by now. */
static int answer(struct handlers_app *app, const char *id,
                  const struct jobs_unseal_view *view, struct reply *reply,
                  struct error *err)
{
    struct jsonw *w = reply_data(reply);
    struct run run = {0};

    if (runs_get(app->store, id, &run, err) != 0)
        return -1;
    jsonw_text(w, "id", id);
    jsonw_text(w, "status", run_status_name(run.status));
    run_view_write_unseal(view, w);
    run_done(&run);
    return 0;
}

static int take(struct handlers_app *a, enum run_kind kind,
                struct request *request, struct reply *reply, struct error *err)
{
    const struct jobs_unseal_share share = {
        .run_id = request_param(request, "id"),
        .kind = kind,
        .key = request_secret(request, "key"),
        .reset = request_bool(request, "reset", false),
    };
    struct jobs_unseal_view view;

    if (!share.reset && (share.key == NULL || share.key[0] == '\0'))
        return error_set(err, ERR_INVALID,
                         "\"key\" must be in the body, or \"reset\" be true");
    if (jobs_unseal(a->jobs, &share, &view, err) != 0) {
        if (err->kind == ERR_INVALID)
            log_warn("%s %s: key share refused: %s", run_kind_name(kind),
                     share.run_id, err->text);
        return -1;
    }
    write_to_log(&share, &view);
    return answer(a, share.run_id, &view, reply, err);
}

int handlers_unseal_validation(void *app, struct request *request,
                               struct reply *reply, struct error *err)
{
    return take(app, RUN_VALIDATION, request, reply, err);
}

int handlers_unseal_recovery(void *app, struct request *request,
                             struct reply *reply, struct error *err)
{
    return take(app, RUN_RECOVERY, request, reply, err);
}

int handlers_unseal_restore(void *app, struct request *request,
                            struct reply *reply, struct error *err)
{
    return take(app, RUN_RESTORE, request, reply, err);
}
