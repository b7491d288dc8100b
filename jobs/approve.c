/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/approve.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "jobs/engine.h"
#include "jobs/handed.h"
#include "jobs/jobs.h"
#include "store/approvals.h"
#include "vault/wrapped.h"

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

static bool awaits_credential(struct jobs *j, const char *target)
{
    struct jobs_settings *s = engine_settings(j);
    const struct jobs_settings_cluster *c = jobs_settings_cluster(s, target);
    bool awaits = c != NULL && vault_awaits_credential(c->restore_vault);

    jobs_settings_release(s);
    return awaits;
}

static bool was_handed(struct jobs *j, const struct jobs_approval *a)
{
    pthread_mutex_lock(&j->lock);
    bool any = handed_any(j->handed, a->run_id, a->plan_revision);
    pthread_mutex_unlock(&j->lock);
    return any;
}

/* Whether a credential is wanted, and brought by somebody.  *counts: the
 * approval is about the run as it is now; else approvals_give says what is
 * wrong, and what was handed over before must stay. */
static int check_credential(struct jobs *j, const struct jobs_approval *a,
                            bool *counts, struct error *err)
{
    struct run run = {0};
    unsigned have = 0;
    int rc = -1;

    if (runs_get(j->world.store, a->run_id, &run, err) != 0 ||
        approvals_count(j->world.store, a->run_id, &have, err) != 0)
        goto done;
    bool awaits = awaits_credential(j, run.target);
    bool last = have + 1 >= run.approvals_needed;
    *counts = run.kind == a->kind && run.status == RUN_PENDING_APPROVAL &&
              run.plan_revision == a->plan_revision;
    if (!*counts)
        rc = 0;
    else if (!awaits && a->wrapped_token != NULL)
        error_set(err, ERR_PRECONDITION,
                  "wrapped_token: Assay has a credential that restores %s "
                  "(restore_auth): approve without",
                  run.target);
    else if (awaits && last && a->wrapped_token == NULL && !was_handed(j, a))
        error_set(err, ERR_PRECONDITION,
                  "wrapped_token: Assay has no credential that restores %s: "
                  "it must come with the last approval at the latest",
                  run.target);
    else
        rc = 0;
done:
    run_done(&run);
    return rc;
}

/* Before the approval is stored: a worker may take the run that moment. */
static int hand_over(struct jobs *j, const struct jobs_approval *a,
                     const char *entity_id, struct error *err)
{
    const struct handed_key key = {.run_id = a->run_id,
                                   .revision = a->plan_revision,
                                   .entity_id = entity_id};

    if (a->wrapped_token == NULL)
        return 0;
    pthread_mutex_lock(&j->lock);
    int rc = handed_put(&j->handed, &key, a->wrapped_token, err);
    pthread_mutex_unlock(&j->lock);
    return rc;
}

static void take_back(struct jobs *j, const char *run_id, const char *entity_id)
{
    pthread_mutex_lock(&j->lock);
    handed_drop(&j->handed, run_id, entity_id);
    pthread_mutex_unlock(&j->lock);
}

int jobs_approve(struct jobs *j, const struct jobs_approval *a,
                 const struct jobs_caller *who, bool *approved,
                 struct error *err)
{
    assert(j != NULL && a != NULL && who != NULL && approved != NULL);
    const struct approval_new new = {
        .run = {a->kind, a->run_id},
        .entity_id = text_of(who->entity_id),
        .display_name = text_of(who->display_name),
        .token_key = text_of(who->requester_key),
        .plan_revision = a->plan_revision,
    };

    bool counts = false;

    if (check_credential(j, a, &counts, err) != 0 ||
        (counts && hand_over(j, a, new.entity_id, err) != 0))
        return -1;
    if (approvals_give(j->world.store, &new, approved, err) != 0) {
        if (counts && a->wrapped_token != NULL)
            take_back(j, a->run_id, new.entity_id);
        return -1;
    }
    if (*approved)
        jobs_wake(j);
    return 0;
}

int jobs_reject(struct jobs *j, const struct approval_run *which,
                const char *reason, const struct jobs_caller *who,
                struct error *err)
{
    assert(j != NULL && which != NULL && reason != NULL && who != NULL);
    char text[ERROR_TEXT_MAX];

    if (strlen(reason) > JOBS_REASON_MAX)
        return error_set(err, ERR_INVALID, "reason: longer than %d bytes",
                         JOBS_REASON_MAX);
    snprintf(text, sizeof(text), "rejected by %.80s: %s",
             text_of(who->display_name), reason);
    if (approvals_reject(j->world.store, which, text, err) != 0)
        return -1;
    take_back(j, which->id, NULL);
    return 0;
}
