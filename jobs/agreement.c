/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/agreement.h"

#include "base/clock.h"
#include "jobs/credential.h"
#include "jobs/recorded.h"
#include "store/approvals.h"

int agreement_in_time(const struct job *job, struct error *err)
{
    static const char text[] = "its approval came in time, but it could not "
                               "begin before that time was over";

    if (job->run.expires_ms == 0 || clock_now_ms() < job->run.expires_ms)
        return 0;
    if (runs_finish(job->world->store, job->run.id, RUN_EXPIRED, text, err) !=
        0)
        return -1;
    recorded_end(job, RUN_EXPIRED, text);
    return JOB_LEFT;
}

int agreement_reached(const struct job *job, bool *reached, struct error *err)
{
    unsigned have = 0;

    if (job->run.approvals_needed > 0 &&
        approvals_count(job->world->store, job->run.id, &have, err) != 0)
        return -1;
    *reached = have >= job->run.approvals_needed;
    return 0;
}

int agreement_wait(struct job *job, struct error *err)
{
    int64_t expires = clock_now_ms() + job->settings->approval_ttl_ms;

    /* What was handed over went with the plan of before. */
    credential_forget(job);
    if (job_let_go(job, err) != 0 ||
        approvals_wait(job->world->store, job->run.id, expires, err) != 0)
        return -1;
    return JOB_LEFT;
}
