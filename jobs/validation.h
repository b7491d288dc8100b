/* SPDX-License-Identifier: Apache-2.0
 *
 * A validation under way, shared by validation.c (the questions),
 * validation_copy.c (the transient cluster) and validation_recover.c (what a
 * crash in the middle leaves); and by recover.h, for which the last two raise,
 * and take down, a copy in the same way. */
#ifndef ASSAY_JOBS_VALIDATION_H
#define ASSAY_JOBS_VALIDATION_H

#include "base/error.h"
#include "jobs/archive.h"
#include "jobs/canary.h"
#include "jobs/history.h"
#include "jobs/job.h"
#include "jobs/oracle.h"
#include "jobs/raise.h"
#include "proof/check.h"
#include "store/checks.h"
#include "store/snapshots.h"
#include "transient/keys.h"
#include "transient/restore.h"
#include "transient/static_keys.h"

/* In the hands of one worker; parked while key holders are waited for. */
struct validation {
    struct job *job;
    const struct jobs_settings_cluster *cluster;
    struct snapshot_row row;
    struct archive archive;
    char *work_dir; /* NULL in a recovery, which writes nothing */
    struct raise raise;
    struct transient *transient;
    bool has_scratch;   /* scratch.h */
    struct vault *copy; /* logged in to the restored copy */
    struct transient_report report;
    char note[ERROR_TEXT_MAX + 32]; /* about the copy, for people */
    struct keys *keys;            /* NULL when they cannot be read: see `why` */
    const char *shares[KEYS_MAX]; /* those of `keys` */
    struct static_keys statics;
    struct history *history;
    struct error why;     /* why there is no copy */
    struct error trouble; /* from inside a callback */
    struct error death;   /* of the copy, once somebody has seen it */
    struct proof_context context;
    struct canary_expected canary;
    struct oracle_input oracle;
    struct proof_result results[CHECKS_PER_RUN_MAX];
    size_t results_count;
    int64_t restore_ms;
    char transient_version[SNAPSHOTS_VERSION_MAX];
};

/* Store what a crash from here on would leave.  Before it is made. */
int validation_leftovers(struct validation *v, struct error *err) MUST_USE;

/* Bring a transient cluster up and restore into it.  0 also when there is no
 * copy: then v->report and v->why say so.  -1: Assay's trouble, or cancelled.
 * The caller destroys it in either case. */
int validation_copy_make(struct validation *v, struct error *err) MUST_USE;
/* What the checks are told of the copy, or of there being none. */
void validation_copy_describe(struct validation *v);
/* A check of the copy could not run: if that is because the copy is no more,
 * `r` says so, and what to do. */
void validation_copy_explain(struct validation *v, struct proof_result *r);
/* Destroyed, and seen to be gone; 0 also if there never was one.  Tried
 * several times; not cancellable. */
int validation_copy_destroy(struct validation *v, struct error *err) MUST_USE;

/* The `recover` of its kind. */
int validation_recover(const struct job_world *world,
                       const struct jobs_settings *settings,
                       const struct run *run, const struct json *leftovers,
                       struct error *err) MUST_USE;

#endif
