/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that take runs from the queue.
 *
 * Each kind has workers of its own, as many as there are clusters: the
 * catalog lets one run of a kind be under way per cluster, so a restore never
 * waits behind a validation.  A run that waits for people holds none: it lies
 * in a list, and whoever of its kind is free takes it up again. */
#include "jobs/engine.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "jobs/holders.h"
#include "jobs/recorded.h"

enum {
    STACK_SIZE = 1024 * 1024, /* address space; what is not used costs none */
    NICENESS = 10,
    QUEUE_POLL_MS = 5000, /* should a wake be missed: another process */
    PROGRESS_MS = 500,
};

static const struct job_kind *const kinds[] = {
    &job_backup,
    &job_validation,
    &job_restore,
    &job_recovery,
};

const struct job_kind *engine_kind(size_t i)
{
    return i < sizeof(kinds) / sizeof(kinds[0]) ? kinds[i] : NULL;
}

static const struct job_kind *kind_of(enum run_kind kind)
{
    for (size_t i = 0; engine_kind(i) != NULL; i++)
        if (engine_kind(i)->kind == kind)
            return engine_kind(i);
    return NULL;
}

struct jobs_settings *engine_settings(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    struct jobs_settings *s = jobs_settings_hold(j->settings);
    pthread_mutex_unlock(&j->lock);
    return s;
}

void engine_wait(struct jobs *j, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&j->changed, &j->lock, &until);
}

/* What jobs may ask of the engine */

int job_check(const struct job *job, struct error *err)
{
    if (cancelled(&job->cancel))
        return error_set(err, ERR_CANCELLED, "the run was cancelled");
    return 0;
}

int job_commit(struct job *job, struct error *err)
{
    struct jobs *j = job->jobs;
    pthread_mutex_lock(&j->lock);
    int rc = job_check(job, err);
    if (rc == 0)
        job->committed = true;
    pthread_mutex_unlock(&j->lock);
    return rc;
}

int job_let_go(struct job *job, struct error *err)
{
    struct jobs *j = job->jobs;
    pthread_mutex_lock(&j->lock);
    int rc = job_check(job, err);
    if (rc == 0)
        job->gone = true;
    pthread_mutex_unlock(&j->lock);
    return rc;
}

int job_status(struct job *job, enum run_status status, struct error *err)
{
    if (runs_set_status(job->world->store, job->run.id, status, err) != 0)
        return error_prefix(err, "the catalog");
    job->run.status = status;
    return 0;
}

int job_phase(struct job *job, const char *name, struct error *err)
{
    if (runs_begin_phase(job->world->store, job->run.id, name, err) != 0)
        return error_prefix(err, "the catalog");
    job->progress_at = 0;
    return 0;
}

void job_progress(struct job *job, uint64_t done, uint64_t total,
                  const char *unit)
{
    struct error ignored;
    int64_t now = clock_mono_ms();
    if (job->progress_at != 0 && now - job->progress_at < PROGRESS_MS)
        return;
    job->progress_at = now;
    struct run_progress progress = {
        .done = done,
        .total = total,
        .unit = unit,
    };
    if (runs_set_progress(job->world->store, job->run.id, &progress,
                          &ignored) != 0)
        return;
}

int job_leftovers(struct job *job, const char *json, struct error *err)
{
    if (runs_set_leftovers(job->world->store, job->run.id, json, err) != 0)
        return error_prefix(err, "the catalog");
    return 0;
}

/* One run */

/* How a failed run ends: stopped by us, by the caller, or by trouble. */
static enum run_status end_status(struct job *job, const struct error *err)
{
    struct jobs *j = job->jobs;
    pthread_mutex_lock(&j->lock);
    bool stopping = job->stopping;
    pthread_mutex_unlock(&j->lock);
    if (err->kind != ERR_CANCELLED)
        return RUN_FAILED;
    return stopping ? RUN_INTERRUPTED : RUN_CANCELLED;
}

static void end_run(struct job *job, int rc, struct error *err)
{
    struct store *store = job->world->store;
    const char *kind = run_kind_name(job->run.kind);
    enum run_status status = rc == 0 ? RUN_SUCCEEDED : end_status(job, err);
    const char *text = NULL;
    struct error why = {0};
    struct run now;

    if (status == RUN_INTERRUPTED) {
        struct error was = *err;
        error_set(err, ERR_CANCELLED, "Assay was stopped: %.400s", was.text);
    }
    if (rc != 0)
        text = err->text;
    if (rc == 0 && runs_get(store, job->run.id, &now, &why) == 0) {
        bool over = run_status_final(now.status);
        run_done(&now);
        if (over)
            goto done;
    }
    if (runs_finish(store, job->run.id, status, text, &why) != 0)
        log_error("%s %s: its end cannot be stored: %s", kind, job->run.id,
                  why.text);
done:
    recorded_end(job, status, text);
    if (status == RUN_SUCCEEDED)
        log_info("%s %s of %s succeeded%s%s", kind, job->run.id,
                 job->run.cluster, job->summary[0] == '\0' ? "" : ": ",
                 job->summary);
    else if (status == RUN_FAILED)
        log_error("%s %s of %s failed: %s", kind, job->run.id, job->run.cluster,
                  text == NULL ? "" : text);
    else
        log_warn("%s %s of %s: %s", kind, job->run.id, job->run.cluster,
                 run_status_name(status));
}

/* It may be in other hands by now: only what the row says is said. */
static void tell_left(const struct job *job)
{
    struct error ignored;
    struct run now;

    if (runs_get(job->world->store, job->run.id, &now, &ignored) != 0)
        return;
    log_info("%s %s of %s is %s", run_kind_name(now.kind), now.id, now.cluster,
             run_status_name(now.status));
    run_done(&now);
}

/* A cancel that came between the claim and the registration is in the row
 * only. */
static void notice_early_cancel(struct job *job)
{
    struct error ignored;
    struct run now;
    if (runs_get(job->world->store, job->run.id, &now, &ignored) != 0)
        return;
    if (now.cancel_requested)
        atomic_store(&job->cancel.requested, true);
    run_done(&now);
}

static void release_job(struct job *job)
{
    struct jobs_settings *s = NULL;
    memcpy(&s, &job->settings, sizeof(s)); /* it was held as a constant */
    jobs_settings_release(s);
    holders_free(job->holders);
    free(job->nodes);
    run_done(&job->run);
    free(job);
}

/* The job is claimed: from now on it can be found. */
static void register_job(struct jobs_worker *w, struct job *job)
{
    struct jobs *j = w->jobs;

    pthread_mutex_lock(&j->lock);
    job->settings = jobs_settings_hold(j->settings);
    w->current = job;
    /* Claimed in the very moment of the stop. */
    if (j->stopping) {
        job->stopping = true;
        atomic_store(&job->cancel.requested, true);
    }
    pthread_mutex_unlock(&j->lock);
    notice_early_cancel(job);
    log_info("%s %s of %s begins", run_kind_name(job->run.kind), job->run.id,
             job->run.cluster);
}

static int nobody_can(const struct job *job, struct error *err)
{
    return error_set(err, ERR_INTERNAL, "nothing here can do a %s",
                     run_kind_name(job->run.kind));
}

static int begin(struct job *job, struct error *err)
{
    const struct job_kind *kind = kind_of(job->run.kind);

    if (kind == NULL)
        return nobody_can(job, err);
    if (job_check(job, err) != 0)
        return -1;
    return kind->run(job, err);
}

static int resume(struct job *job, struct error *err)
{
    const struct job_kind *kind = kind_of(job->run.kind);

    if (kind == NULL || kind->resume == NULL)
        return nobody_can(job, err);
    return kind->resume(job, err);
}

/* Let the worker go: either the job is over, or it waits. */
static void leave(struct jobs_worker *w, struct job *job, bool waits)
{
    struct jobs *j = w->jobs;

    pthread_mutex_lock(&j->lock);
    w->current = NULL;
    if (waits) {
        job->next = j->waiting;
        j->waiting = job;
    }
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
    if (!waits)
        release_job(job);
}

static void work(struct jobs_worker *w, struct job *job,
                 int (*step)(struct job *job, struct error *err))
{
    struct error err = {0};
    int rc = step(job, &err);

    if (rc == JOB_LEFT)
        tell_left(job);
    else if (rc != JOB_WAITS)
        end_run(job, rc, &err);
    leave(w, job, rc == JOB_WAITS);
}

/* 1: a run was done; 0: none waits. */
static int claim_and_run(struct jobs_worker *w)
{
    struct jobs *j = w->jobs;
    struct job *job = calloc(1, sizeof(*job));
    struct error err = {0};
    bool claimed = false;

    if (job == NULL) {
        log_error("a worker has no memory");
        return 0;
    }
    job->jobs = j;
    job->world = &j->world;
    atomic_init(&job->cancel.requested, false);
    if (runs_claim(j->world.store, w->kinds, &job->run, &claimed, &err) != 0)
        log_error("the queue cannot be read: %s", err.text);
    if (!claimed) {
        release_job(job);
        return 0;
    }
    register_job(w, job);
    work(w, job, begin);
    return 1;
}

/* Jobs that wait */

struct job *engine_find(struct jobs *j, const char *run_id)
{
    for (size_t i = 0; i < j->workers_count; i++) {
        struct job *job = j->workers[i].current;
        if (job != NULL && !job->gone && strcmp(job->run.id, run_id) == 0)
            return job;
    }
    for (struct job *job = j->waiting; job != NULL; job = job->next)
        if (strcmp(job->run.id, run_id) == 0)
            return job;
    return NULL;
}

void engine_ready(struct jobs *j, struct job *job)
{
    job->ready = true;
    j->wakes++;
    pthread_cond_broadcast(&j->changed);
}

/* How long the job may wait from now on; 0: it is due. */
static int64_t patience(const struct job *job)
{
    int64_t left = job->wait_until - clock_mono_ms();

    if (job->ready || cancelled(&job->cancel) || left < 0)
        return 0;
    return left;
}

/* `lock` held.  One that is due becomes the worker's; false: none is, and
 * *next_ms says when one of them will be, at the latest. */
static bool take_due(struct jobs_worker *w, int64_t *next_ms)
{
    struct job **at = &w->jobs->waiting;

    for (; *at != NULL; at = &(*at)->next) {
        struct job *job = *at;
        int64_t left = patience(job);

        if ((w->kinds & (1u << job->run.kind)) == 0)
            continue;
        if (left == 0) {
            *at = job->next;
            w->current = job;
            return true;
        }
        if (left < *next_ms)
            *next_ms = left;
    }
    return false;
}

void engine_end_waiting(struct jobs *j)
{
    for (;;) {
        struct error err = {0};

        pthread_mutex_lock(&j->lock);
        struct job *job = j->waiting;
        if (job != NULL) {
            j->waiting = job->next;
            job->stopping = true;
            atomic_store(&job->cancel.requested, true);
        }
        pthread_mutex_unlock(&j->lock);
        if (job == NULL)
            return;
        int rc = resume(job, &err);
        end_run(job, rc, &err);
        release_job(job);
    }
}

void *engine_worker(void *worker)
{
    struct jobs_worker *w = worker;
    struct jobs *j = w->jobs;

    pthread_mutex_lock(&j->lock);
    while (!j->stopping) {
        int64_t wait_ms = QUEUE_POLL_MS;
        uint64_t seen = j->wakes;
        bool due = take_due(w, &wait_ms);
        struct job *job = w->current;
        int did = 1;

        pthread_mutex_unlock(&j->lock);
        if (due)
            work(w, job, resume);
        else
            did = claim_and_run(w);
        pthread_mutex_lock(&j->lock);
        if (!did && !j->stopping && j->wakes == seen)
            engine_wait(j, wait_ms);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Threads */

struct thread_start {
    void *(*fn)(void *);
    void *arg;
};

static void *thread_main(void *start)
{
    struct thread_start s = *(struct thread_start *)start;
    free(start);
    /* On Linux the niceness is the thread's.  Refused or not: go on. */
    if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS) != 0)
        log_debug("a worker keeps its priority");
    return s.fn(s.arg);
}

int engine_thread(pthread_t *thread, void *(*fn)(void *), void *arg,
                  struct error *err)
{
    struct thread_start *start = malloc(sizeof(*start));
    pthread_attr_t attr;
    sigset_t all;
    sigset_t before;

    if (start == NULL)
        return error_memory(err);
    *start = (struct thread_start){fn, arg};
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, &attr, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (failed != 0) {
        free(start);
        errno = failed;
        return error_errno(err, ERR_INTERNAL, "cannot start a worker thread");
    }
    return 0;
}
