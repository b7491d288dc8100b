/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything slow.  A request becomes a run in the catalog's queue at once
 * (jobs_submit_*, no network, no storage); worker threads of low priority
 * take runs from there.  Each status is stored before it is acted on, so a
 * crash leaves a row that says what jobs_start must clean up. */
#ifndef ASSAY_JOBS_JOBS_H
#define ASSAY_JOBS_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/approve.h"
#include "jobs/evidence.h"
#include "jobs/options.h"
#include "jobs/recoveries.h"
#include "jobs/submit.h"
#include "jobs/unseal.h"
#include "store/snapshots.h"

struct jobs;

/* ERR_INVALID for a driver, check or cluster name that cannot be. */
int jobs_new(const struct jobs_options *o, struct jobs **out,
             struct error *err) MUST_USE;
/* First the remains of the last life: every run that was under way becomes
 * `interrupted`, transient servers are killed, unfinished files removed, what
 * was finished but not catalogued is catalogued, deletions are completed.
 * Then the workers.  Blocks for as long as the cleaning takes. */
int jobs_start(struct jobs *j, struct error *err) MUST_USE;
/* No new runs are taken; those under way may finish for drain_ms, then are
 * cancelled and end as `interrupted` (a restore whose archive is being sent
 * is waited for to the end of that call).  Those that wait stay queued. */
void jobs_stop(struct jobs *j);
/* Accepts NULL.  Stops first if that was forgotten. */
void jobs_free(struct jobs *j);
/* Runs that begin from now on see the new settings.  On -1 the old ones
 * stay. */
int jobs_reload(struct jobs *j, const struct jobs_options *o,
                struct error *err) MUST_USE;
/* There is something in the queue. jobs_submit_* call it themselves. */
void jobs_wake(struct jobs *j);

/* Ask a run to stop; does not wait for it.  ERR_NOT_FOUND, or ERR_CONFLICT
 * when it is over, or is a restore that can no longer be stopped because the
 * archive is on its way. */
int jobs_cancel(struct jobs *j, const char *run_id, struct error *err) MUST_USE;

/* Mark a snapshot as being deleted (its errors are those of
 * snapshots_mark_deleting; `ref` as there) and have its files removed in the
 * background. */
int jobs_delete_snapshot(struct jobs *j, const char *ref,
                         struct error *err) MUST_USE;

/* What the last look at a cluster found (every ten seconds, from a thread of
 * its own).  Plain data; texts are "" when not known. */
struct jobs_cluster_view {
    int64_t seen_ms; /* 0: nobody has looked yet */
    bool reachable;
    bool initialized;
    bool sealed;
    bool has_leader;
    char product[SNAPSHOTS_PRODUCT_MAX];
    char version[SNAPSHOTS_VERSION_MAX];
    char cluster_id[SNAPSHOTS_CLUSTER_ID_MAX];
    char cluster_name[SNAPSHOTS_CLUSTER_NAME_MAX];
    char leader_address[257];
    char error[ERROR_TEXT_MAX]; /* why it is not reachable */
};

/* Never waits.  False for a cluster that is not configured. */
bool jobs_cluster_view(struct jobs *j, const char *cluster,
                       struct jobs_cluster_view *out);
/* The i-th configured cluster's name, NULL past the end; it lives as long as
 * the engine. */
const char *jobs_cluster_name(struct jobs *j, size_t i);

#endif
