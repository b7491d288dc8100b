/* SPDX-License-Identifier: Apache-2.0
 *
 * Take one snapshot and catalogue it; also the safety net of a restore. */
#ifndef ASSAY_JOBS_BACKUP_H
#define ASSAY_JOBS_BACKUP_H

#include <stdbool.h>

#include "base/error.h"
#include "base/id.h"
#include "jobs/job.h"

struct backup_request {
    const char *cluster;
    struct vault *vault;
    bool pinned;   /* keep it until somebody says otherwise */
    bool baseline; /* take one (jobs/baseline.h) */
};

/* Stream a snapshot of the cluster into storage and through the intact
 * check in one pass, write its signed manifest, then its catalog row.
 * Constant memory.  0: all of it is durable and `id` is the snapshot's.  -1:
 * nothing is catalogued and nothing is left in storage (what could not be
 * removed is remembered in the run's leftovers). */
int backup_take(struct job *job, const struct backup_request *request,
                char id[ID_TEXT_MAX], struct error *err) MUST_USE;

/* What a crash left of backup_take, as its leftovers say. */
int backup_recover(const struct job_world *world,
                   const struct jobs_settings *settings, const struct run *run,
                   const struct json *leftovers, struct error *err) MUST_USE;

#endif
