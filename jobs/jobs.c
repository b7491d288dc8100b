/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the engine: made, started, reloaded, stopped. */
#include "jobs/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/claims.h"
#include "jobs/engine.h"
#include "jobs/handed.h"

enum { WORKERS_PER_KIND_MAX = 8 };

static int copy_clusters(struct jobs *j, struct error *err)
{
    const struct jobs_settings *s = j->settings;
    j->clusters = calloc(s->clusters_count + 1, sizeof(*j->clusters));
    if (j->clusters == NULL)
        return error_memory(err);
    for (size_t i = 0; i < s->clusters_count; i++) {
        j->clusters[i].vault = s->clusters[i].vault;
        j->clusters[i].name = text_dup(s->clusters[i].name);
        if (j->clusters[i].name == NULL)
            return error_memory(err);
        j->clusters_count++;
    }
    return 0;
}

static int make_workers(struct jobs *j, struct error *err)
{
    size_t each = j->clusters_count;
    if (each > WORKERS_PER_KIND_MAX)
        each = WORKERS_PER_KIND_MAX;
    j->workers = calloc(RUN_KINDS * each + 1, sizeof(*j->workers));
    if (j->workers == NULL)
        return error_memory(err);
    for (size_t i = 0; engine_kind(i) != NULL; i++)
        for (size_t n = 0; n < each; n++)
            j->workers[j->workers_count++] = (struct jobs_worker){
                .jobs = j, .kinds = 1u << engine_kind(i)->kind};
    return 0;
}

int jobs_new(const struct jobs_options *o, struct jobs **out, struct error *err)
{
    assert(o != NULL && o->store != NULL && o->storage != NULL &&
           o->signer != NULL && o->data_dir != NULL && out != NULL);
    struct jobs *j = calloc(1, sizeof(*j));
    pthread_condattr_t attr;
    int rc = -1;

    if (j == NULL)
        return error_memory(err);
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&j->changed, &attr);
    pthread_condattr_destroy(&attr);
    throttle_init(&j->unseal_throttle, LIMIT_UNSEAL_BURST_ALL,
                  LIMIT_UNSEAL_EVERY_ALL_MS, clock_mono_ms());
    j->world.store = o->store;
    j->world.storage = o->storage;
    j->world.signer = o->signer;
    j->world.audit = o->audit;
    j->world.restored = o->restored;
    j->world.restored_ctx = o->restored_ctx;
    /* Absolute: it is handed to servers that run elsewhere. */
    j->world.data_dir = realpath(o->data_dir, NULL);
    if (j->world.data_dir == NULL) {
        error_errno(err, ERR_IO, "cannot use %s", o->data_dir);
        goto done;
    }
    if (jobs_settings_new(o, &j->settings, err) != 0 ||
        copy_clusters(j, err) != 0 || make_workers(j, err) != 0)
        goto done;
    *out = j;
    j = NULL;
    rc = 0;
done:
    jobs_free(j);
    return rc;
}

int jobs_start(struct jobs *j, struct error *err)
{
    if (housekeeping_clean(j, err) != 0)
        return -1;
    for (size_t i = 0; i < j->workers_count; i++) {
        struct jobs_worker *w = &j->workers[i];
        if (engine_thread(&w->thread, engine_worker, w, err) != 0)
            goto failed;
        w->started = true;
    }
    if (engine_thread(&j->housekeeper, housekeeping_thread, j, err) != 0)
        goto failed;
    j->housekeeper_started = true;
    return 0;
failed:
    jobs_stop(j);
    return -1;
}

/* `lock` held. */
static bool busy(const struct jobs *j)
{
    for (size_t i = 0; i < j->workers_count; i++)
        if (j->workers[i].current != NULL)
            return true;
    return false;
}

/* `lock` held.  Also a restore that is past its POST: it only waits for the
 * cluster, and ends as interrupted with what it knows. */
static void cancel_all(struct jobs *j)
{
    for (size_t i = 0; i < j->workers_count; i++) {
        struct job *job = j->workers[i].current;
        if (job == NULL)
            continue;
        job->stopping = true;
        atomic_store(&job->cancel.requested, true);
    }
}

void jobs_stop(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_broadcast(&j->changed);
    int64_t until = clock_mono_ms() + j->settings->drain_ms;
    for (;;) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0 || !busy(j))
            break;
        engine_wait(j, left);
    }
    cancel_all(j);
    pthread_mutex_unlock(&j->lock);

    for (size_t i = 0; i < j->workers_count; i++) {
        if (j->workers[i].started)
            pthread_join(j->workers[i].thread, NULL);
        j->workers[i].started = false;
    }
    if (j->housekeeper_started)
        pthread_join(j->housekeeper, NULL);
    j->housekeeper_started = false;
    engine_end_waiting(j);
    /* What was written from the last time on until now. */
    housekeeping_publish(j);
}

void jobs_free(struct jobs *j)
{
    if (j == NULL)
        return;
    if (j->settings != NULL)
        jobs_stop(j);
    for (size_t i = 0; i < j->clusters_count; i++)
        free(j->clusters[i].name);
    free(j->clusters);
    free(j->workers);
    jobs_settings_release(j->settings);
    free(j->world.data_dir);
    handed_drop(&j->handed, NULL, NULL);
    claims_drop_all(&j->claims);
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

/* The clusters of the start with their handles, which threads use; others
 * would need workers and handles of their own. */
static void keep_known(const struct jobs *j, struct jobs_settings *new)
{
    for (size_t i = 0; i < new->clusters_count;) {
        struct jobs_settings_cluster *c = &new->clusters[i];
        const struct jobs_seen *known = NULL;
        for (size_t k = 0; k < j->clusters_count; k++)
            if (strcmp(c->name, j->clusters[k].name) == 0)
                known = &j->clusters[k];
        if (known != NULL) {
            c->vault = known->vault;
            i++;
            continue;
        }
        struct jobs_settings_cluster gone = *c;
        *c = new->clusters[--new->clusters_count];
        new->clusters[new->clusters_count] = gone;
        new->dropped++;
    }
}

int jobs_reload(struct jobs *j, const struct jobs_options *o, struct error *err)
{
    struct jobs_settings *new = NULL;
    if (jobs_settings_new(o, &new, err) != 0)
        return -1;
    pthread_mutex_lock(&j->lock);
    struct jobs_settings *old = j->settings;
    keep_known(j, new);
    j->settings = new;
    pthread_mutex_unlock(&j->lock);
    jobs_settings_release(old);
    return 0;
}

void jobs_wake(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->wakes++;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
}

/* False: it is past the point where that is possible. */
static bool ask_to_stop(struct jobs *j, const char *run_id, bool waiting_too)
{
    bool possible = true;

    pthread_mutex_lock(&j->lock);
    struct job *job = engine_find(j, run_id);
    if (job != NULL && job->committed)
        possible = false;
    else if (job != NULL && (waiting_too || job->wait_until == 0))
        atomic_store(&job->cancel.requested, true);
    /* One that waits is taken up to be ended. */
    j->wakes++;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
    return possible;
}

int jobs_cancel(struct jobs *j, const char *run_id, struct error *err)
{
    if (!ask_to_stop(j, run_id, false))
        return error_set(err, ERR_CONFLICT,
                         "the run %s can no longer be cancelled: what it "
                         "brings has been handed to the cluster",
                         run_id);
    if (runs_request_cancel(j->world.store, run_id, err) != 0)
        return -1;
    /* Told again.  One that waits ends at once, and must not be over before
     * the catalog has the request; a worker that has just taken one looks
     * into the row once, and may do so before it says that it has it. */
    (void)ask_to_stop(j, run_id, true);
    pthread_mutex_lock(&j->lock);
    handed_drop(&j->handed, run_id, NULL);
    pthread_mutex_unlock(&j->lock);
    return 0;
}

bool jobs_cluster_view(struct jobs *j, const char *cluster,
                       struct jobs_cluster_view *out)
{
    bool found = false;
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->clusters_count && !found; i++) {
        found = strcmp(j->clusters[i].name, cluster) == 0;
        if (found)
            *out = j->clusters[i].view;
    }
    pthread_mutex_unlock(&j->lock);
    return found;
}

const char *jobs_cluster_name(struct jobs *j, size_t i)
{
    return i < j->clusters_count ? j->clusters[i].name : NULL;
}
