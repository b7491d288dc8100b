/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/scratch.h"

#include <string.h>

#include "jobs/engine.h"

enum { LOOK_MS = 200 };

static bool wants_it(const struct job *job)
{
    const char *driver =
        job->run.driver[0] != '\0' ? job->run.driver : job->settings->driver;

    return strcmp(driver, "existing") == 0;
}

int scratch_take(struct job *job, bool *taken, struct error *err)
{
    struct jobs *j = job->jobs;
    int rc = 0;

    *taken = false;
    if (!wants_it(job))
        return 0;
    pthread_mutex_lock(&j->lock);
    while (j->scratch_taken && (rc = job_check(job, err)) == 0)
        engine_wait(j, LOOK_MS);
    if (rc == 0) {
        j->scratch_taken = true;
        *taken = true;
    }
    pthread_mutex_unlock(&j->lock);
    return rc;
}

void scratch_give(struct job *job, bool *taken)
{
    struct jobs *j = job->jobs;

    if (!*taken)
        return;
    *taken = false;
    pthread_mutex_lock(&j->lock);
    j->scratch_taken = false;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
}
