/* SPDX-License-Identifier: Apache-2.0
 *
 * The snapshot before this one, from the catalog: for the check
 * `plausible`. */
#ifndef ASSAY_JOBS_HISTORY_H
#define ASSAY_JOBS_HISTORY_H

#include "base/error.h"
#include "jobs/job.h"
#include "proof/history.h"
#include "store/snapshots.h"

struct history;

/* The newest older snapshot of the same configured cluster that is not
 * `invalid`, if there is one, and the counts of both.  `row` and the job's
 * settings outlive *out. */
int history_load(const struct job *job, const struct snapshot_row *row,
                 struct history **out, struct error *err) MUST_USE;
/* For proof_context; lives as long as the handle. */
const struct proof_history *history_proof(const struct history *h);
/* Accepts NULL. */
void history_free(struct history *h);

#endif
