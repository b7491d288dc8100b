/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/approve.h"

#include <assert.h>
#include <stdio.h>

#include "jobs/engine.h"
#include "jobs/jobs.h"
#include "store/approvals.h"

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

int jobs_approve(struct jobs *j, const struct jobs_approval *a,
                 const struct jobs_caller *who, bool *approved,
                 struct error *err)
{
    assert(j != NULL && a != NULL && who != NULL && approved != NULL);
    const struct approval_new new = {
        .run_id = a->run_id,
        .entity_id = text_of(who->entity_id),
        .display_name = text_of(who->display_name),
        .token_key = text_of(who->requester_key),
        .plan_revision = a->plan_revision,
    };

    if (approvals_give(j->world.store, &new, approved, err) != 0)
        return -1;
    if (*approved)
        jobs_wake(j);
    return 0;
}

int jobs_reject(struct jobs *j, const char *run_id, const char *reason,
                const struct jobs_caller *who, struct error *err)
{
    assert(j != NULL && run_id != NULL && reason != NULL && who != NULL);
    char text[ERROR_TEXT_MAX];

    snprintf(text, sizeof(text), "rejected by %.100s: %.380s",
             text_of(who->display_name), reason);
    return approvals_reject(j->world.store, run_id, text, err);
}
