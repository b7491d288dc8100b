/* SPDX-License-Identifier: Apache-2.0
 *
 * Somebody else's word on a restore or a recovery.  It is about one revision of
 * the plan, which must be named: what was not looked at is not agreed to. */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/runs.h"

/* If-Match: "3", also weak and without quotes, as proxies and shells make
 * it; or the field. */
static int read_revision(const struct request *request, uint64_t *out,
                         struct error *err)
{
    const char *match = request_header(request, "If-Match");
    int64_t given = request_int(request, "plan_revision", 0);
    uint64_t revision = 0;
    char number[24];

    if (match == NULL && given > 0) {
        *out = (uint64_t)given;
        return 0;
    }
    if (match != NULL) {
        if (match[0] == 'W' && match[1] == '/')
            match += 2;
        size_t quoted = match[0] == '"';
        (void)text_copy(number, sizeof(number), match + quoted);
        number[strcspn(number, "\"")] = '\0';
        if (text_u64(number, &revision) && revision > 0 &&
            (given == 0 || (uint64_t)given == revision)) {
            *out = revision;
            return 0;
        }
    }
    return error_set(err, ERR_INVALID,
                     "say which revision of the plan is approved: an If-Match "
                     "header or plan_revision in the body, with the number "
                     "of plan.revision");
}

static int answer(struct handlers_app *app, struct request *request,
                  struct reply *reply, struct error *err)
{
    struct run run = {0};
    int rc = -1;

    if (runs_get(app->store, request_param(request, "id"), &run, err) != 0)
        return -1;
    rc = runs_answer(app, reply, &run, err);
    run_done(&run);
    return rc;
}

static int approve(struct handlers_app *a, enum run_kind kind,
                   struct request *request, struct reply *reply,
                   struct error *err)
{
    const struct jobs_caller who = runs_caller(request);
    struct jobs_approval approval = {
        .kind = kind,
        .run_id = request_param(request, "id"),
        .wrapped_token = request_secret(request, "wrapped_token"),
    };
    bool approved = false;

    if (read_revision(request, &approval.plan_revision, err) != 0 ||
        jobs_approve(a->jobs, &approval, &who, &approved, err) != 0)
        return -1;
    log_info("%s %s: %s approves revision %llu of its plan%s%s",
             run_kind_name(kind), approval.run_id, who.display_name,
             (unsigned long long)approval.plan_revision,
             approval.wrapped_token != NULL ? ", and hands a credential over"
                                            : "",
             approved ? "; it goes on" : "");
    return answer(a, request, reply, err);
}

static int reject(struct handlers_app *a, enum run_kind kind,
                  struct request *request, struct reply *reply,
                  struct error *err)
{
    const struct jobs_caller who = runs_caller(request);
    const struct approval_run which = {kind, request_param(request, "id")};
    const char *reason = NULL;

    if (runs_text_field(request, "reason", &reason, err) != 0)
        return -1;
    if (reason == NULL)
        return error_set(err, ERR_INVALID,
                         "reason: say why; it is kept with the run");
    if (jobs_reject(a->jobs, &which, reason, &who, err) != 0)
        return -1;
    log_warn("%s %s: %s rejects it", run_kind_name(kind), which.id,
             who.display_name);
    return answer(a, request, reply, err);
}

int handlers_approvals_approve_restore(void *app, struct request *request,
                                       struct reply *reply, struct error *err)
{
    return approve(app, RUN_RESTORE, request, reply, err);
}

int handlers_approvals_reject_restore(void *app, struct request *request,
                                      struct reply *reply, struct error *err)
{
    return reject(app, RUN_RESTORE, request, reply, err);
}

int handlers_approvals_approve_recovery(void *app, struct request *request,
                                        struct reply *reply, struct error *err)
{
    return approve(app, RUN_RECOVERY, request, reply, err);
}

int handlers_approvals_reject_recovery(void *app, struct request *request,
                                       struct reply *reply, struct error *err)
{
    return reject(app, RUN_RECOVERY, request, reply, err);
}
