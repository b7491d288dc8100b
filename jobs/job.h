/* SPDX-License-Identifier: Apache-2.0
 *
 * What a kind of job is, and what the engine gives it.  Private to jobs/.
 * A new kind is its own file and a line in the table of engine.c. */
#ifndef ASSAY_JOBS_JOB_H
#define ASSAY_JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/stream.h"
#include "jobs/settings.h"
#include "store/runs.h"

struct audit;
struct jobs;
struct holders;
struct jobs_unseal_nodes;

/* From a job's function, instead of 0. */
enum {
    JOB_WAITS = 1, /* call `resume` later, see there */
    JOB_LEFT = 2,  /* after job_let_go: the catalog has it, and says how it
                      goes on, or how it ended */
};

/* What all jobs work with; fixed for the life of the engine. */
struct job_world {
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    char *data_dir;
    struct audit *audit;         /* may be NULL */
    void (*restored)(void *ctx); /* may be NULL */
    void *restored_ctx;
};

/* One run in the hands of a worker; used by that thread alone, apart from
 * what job_* functions guard. */
struct job {
    struct jobs *jobs;
    const struct job_world *world;
    const struct jobs_settings *settings;
    struct run run;               /* as claimed */
    struct cancel cancel;         /* look at it often */
    bool committed;               /* guarded: can no longer be cancelled */
    bool stopping;                /* guarded: cancelled by the engine's end */
    int64_t progress_at;          /* when progress was stored last */
    char summary[ERROR_TEXT_MAX]; /* for the log, when it succeeded */

    /* Waiting, without a worker. */
    void *state;             /* the kind's own */
    int64_t wait_until;      /* guarded, monotonic; set before JOB_WAITS */
    struct holders *holders; /* guarded: those who may hand in shares */
    struct jobs_unseal_nodes *nodes; /* guarded: and what they are for */
    bool ready;                      /* guarded: it need not wait any longer */
    bool gone;        /* guarded: the catalog has it, see JOB_LEFT */
    struct job *next; /* guarded: in the list of those that wait */
};

struct job_kind {
    enum run_kind kind;
    /* Do it all, cleaning up included.  0: succeeded, and the engine says so
     * in the catalog unless the job did already.  -1: ERR_CANCELLED or what
     * went wrong.  JOB_WAITS: the worker is free for others, and `resume` is
     * called when the job is ready, its time is over, or it is cancelled
     * (job_check says so): by some thread, once, and always. */
    int (*run)(struct job *job, struct error *err);
    /* As run, for a kind that waits. */
    int (*resume)(struct job *job, struct error *err);
    /* After a crash: remove, or complete, what runs_set_leftovers was told.
     * -1 keeps it for the next start. */
    int (*recover)(const struct job_world *world,
                   const struct jobs_settings *settings, const struct run *run,
                   const struct json *leftovers, struct error *err);
};

extern const struct job_kind job_backup;
extern const struct job_kind job_validation;
extern const struct job_kind job_restore;
extern const struct job_kind job_recovery;

/* ERR_CANCELLED if somebody asked for an end. */
int job_check(const struct job *job, struct error *err) MUST_USE;
/* From here on nobody can cancel.  ERR_CANCELLED if somebody just has. */
int job_commit(struct job *job, struct error *err) MUST_USE;
/* The run goes back to the catalog: who looks for it, looks there from now
 * on.  ERR_CANCELLED if somebody has just asked for an end. */
int job_let_go(struct job *job, struct error *err) MUST_USE;
/* Store the next status before acting on it. */
int job_status(struct job *job, enum run_status status,
               struct error *err) MUST_USE;
int job_phase(struct job *job, const char *name, struct error *err) MUST_USE;
/* Cheap enough for each block: stores at most twice a second.  What cannot be
 * stored is lost: it is only progress. */
void job_progress(struct job *job, uint64_t done, uint64_t total,
                  const char *unit);
int job_leftovers(struct job *job, const char *json,
                  struct error *err) MUST_USE;

#endif
