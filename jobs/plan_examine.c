/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan_examine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "jobs/plan_ask.h"

static int ask_all(struct plan_ask *a, struct error *err)
{
    struct job *job = a->of->job;

    plan_ask_age(a);
    if (a->of->target->leader == NULL)
        return 0;
    if (job_phase(job, "compare", err) != 0)
        return -1;
    plan_names_load(&a->names, a->of->target->leader);
    if (plan_ask_loss(a, err) != 0)
        return -1;
    plan_ask_writes(a);
    if (plan_ask_seal(a, err) != 0)
        return -1;
    plan_ask_login(a);
    return job_check(job, err);
}

int plan_examine(const struct plan_subject *of, struct plan *plan,
                 struct error *err)
{
    struct plan_ask *a = calloc(1, sizeof(*a));
    int rc = -1;

    if (a == NULL)
        return error_memory(err);
    a->of = of;
    a->plan = plan;
    a->row = of->target->row;
    a->foreign = target_foreign(of->target);
    clock_text(a->row->created_ms, a->since);
    rc = ask_all(a, err);
    plan_names_done(&a->names);
    free(a);
    return rc;
}
