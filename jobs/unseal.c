/* SPDX-License-Identifier: Apache-2.0
 *
 * A stranger's call, by the id of a run: found among the runs that wait,
 * counted, tried, all of it under the lock of the engine, since all of it is
 * memory and at most some milliseconds of work. */
#include "jobs/unseal.h"

#include <assert.h>

#include "base/clock.h"
#include "jobs/engine.h"
#include "jobs/holders.h"

/* `lock` held.  NULL: not waiting, not any more, or not known. */
static struct job *find_waiting(struct jobs *j, const char *run_id)
{
    struct job *job = engine_find(j, run_id);

    if (job == NULL || job->holders == NULL || j->stopping ||
        cancelled(&job->cancel))
        return NULL;
    return job;
}

/* `lock` held.  With the shares of a restore there still is its target to be
 * unsealed. */
static void view(const struct job *job, struct jobs_unseal_view *out)
{
    holders_view(job->holders, out);
    if (job->run.kind == RUN_RESTORE)
        out->sealed = true;
}

bool jobs_unseal_view(struct jobs *j, const char *run_id,
                      struct jobs_unseal_view *out)
{
    pthread_mutex_lock(&j->lock);
    const struct job *job = find_waiting(j, run_id);
    if (job != NULL)
        view(job, out);
    pthread_mutex_unlock(&j->lock);
    return job != NULL;
}

bool jobs_unseal_nodes(struct jobs *j, const char *run_id,
                       struct jobs_unseal_nodes *out)
{
    bool found = false;

    pthread_mutex_lock(&j->lock);
    const struct job *job = engine_find(j, run_id);
    if (job != NULL && job->nodes != NULL) {
        *out = *job->nodes;
        found = true;
    }
    pthread_mutex_unlock(&j->lock);
    return found;
}

static int count_call(struct jobs *j, struct holders *h, struct error *err)
{
    int64_t now = clock_mono_ms();

    if (holders_knock(h, now, err) != 0)
        return -1;
    if (throttle_take(&j->unseal_throttle, now))
        return 0;
    return error_set(err, ERR_TOO_MANY,
                     "too many key shares in a short time: try again in a "
                     "second");
}

/* `lock` held. */
static int take_share(struct jobs *j, struct job *job,
                      const struct jobs_unseal_share *share, struct error *err)
{
    struct holders *h = job->holders;

    if (count_call(j, h, err) != 0)
        return -1;
    /* As Vault answers whoever comes when it is unsealed already. */
    if (holders_done(h))
        return 0;
    if (share->reset)
        holders_reset(h);
    else if (holders_add(h, share->key, err) != 0)
        return -1;
    if (holders_done(h))
        engine_ready(j, job);
    return 0;
}

/* For those who look at the run, and wait for it to change.  It is only
 * progress: if it cannot be stored the next one will be. */
static void store_progress(struct jobs *j, const char *run_id,
                           const struct jobs_unseal_view *view)
{
    const struct run_progress progress = {
        .done = view->progress, .total = view->threshold, .unit = "shares"};
    struct error ignored;

    if (runs_set_progress(j->world.store, run_id, &progress, &ignored) != 0)
        error_clear(&ignored);
}

int jobs_unseal(struct jobs *j, const struct jobs_unseal_share *share,
                struct jobs_unseal_view *out, struct error *err)
{
    struct jobs_unseal_view now = {0};
    int rc = -1;

    assert(share->key != NULL || share->reset);
    pthread_mutex_lock(&j->lock);
    struct job *job = find_waiting(j, share->run_id);
    if (job != NULL && job->run.kind != share->kind)
        job = NULL;
    if (job != NULL) {
        rc = take_share(j, job, share, err);
        view(job, &now);
    }
    pthread_mutex_unlock(&j->lock);
    if (job == NULL)
        return error_set(err, ERR_NOT_FOUND,
                         "no run with this id waits for key shares");
    /* The last share ends the waiting, and its phase. */
    if (now.sealed)
        store_progress(j, share->run_id, &now);
    if (rc == 0)
        *out = now;
    return rc;
}
