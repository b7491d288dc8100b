/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of `struct jobs`.  Private to jobs/.
 *
 * `lock` guards settings, the `current` of every worker, what is called
 * guarded in those jobs, the views, and the fields below it.  It is never held
 * while waiting for a disk, a network or a thread. */
#ifndef ASSAY_JOBS_ENGINE_H
#define ASSAY_JOBS_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "jobs/chain_head.h"
#include "jobs/job.h"
#include "jobs/jobs.h"
#include "jobs/throttle.h"

struct claims;
struct handed;

struct jobs_worker {
    struct jobs *jobs;
    pthread_t thread;
    bool started;
    unsigned kinds;      /* bits 1 << enum run_kind */
    struct job *current; /* NULL: idle */
};

/* A cluster as it was configured at the start. */
struct jobs_seen {
    char *name;
    struct vault *vault;
    struct jobs_cluster_view view;
};

struct jobs {
    struct job_world world;
    struct jobs_seen *clusters;
    size_t clusters_count;
    struct jobs_worker *workers;
    size_t workers_count;
    pthread_t housekeeper;
    bool housekeeper_started;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* wakes, stopping, a worker gone idle */
    struct jobs_settings *settings;
    uint64_t wakes;        /* grows with each jobs_wake */
    bool stopping;         /* no more runs are taken */
    bool deletions;        /* there are files to remove */
    struct job *waiting;   /* jobs that hold no worker */
    struct handed *handed; /* credentials that came with approvals */
    struct claims *claims; /* wrapped secrets that wait for who asked */
    bool scratch_taken;    /* see scratch.h */
    struct throttle unseal_throttle;
    struct chain_head published; /* the housekeeper's, while it runs */
};

/* NULL past the end of the table. */
const struct job_kind *engine_kind(size_t i);
struct jobs_settings *engine_settings(struct jobs *j); /* held */

/* In submit.c: the run, asked for by `who`, whom it fills in; and a worker is
 * woken for it. */
int engine_submit(struct jobs *j, struct run_new *new,
                  const struct jobs_caller *who, struct jobs_submitted *out,
                  struct error *err) MUST_USE;

/* `lock` held.  The job of that run, at work or waiting; NULL: neither. */
struct job *engine_find(struct jobs *j, const char *run_id);
/* `lock` held.  A job that waits is to be resumed. */
void engine_ready(struct jobs *j, struct job *job);
/* There are no workers any more: end the jobs that wait. */
void engine_end_waiting(struct jobs *j);

/* The workers' thread and the housekeeper's. */
void *engine_worker(void *worker);
void *housekeeping_thread(void *jobs);
/* Start up: what the last life left. */
int housekeeping_clean(struct jobs *j, struct error *err) MUST_USE;
/* Put the head of the audit record into the storage, if it moved. */
void housekeeping_publish(struct jobs *j);

/* A thread of lower priority with a small stack, signals blocked. */
int engine_thread(pthread_t *thread, void *(*fn)(void *), void *arg,
                  struct error *err) MUST_USE;
/* Wait for `changed`, `lock` held, at most so long. */
void engine_wait(struct jobs *j, int64_t timeout_ms);

#endif
