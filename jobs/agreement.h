/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a restore or a recovery stands with those who must agree to it, for the
 * worker that has it. */
#ifndef ASSAY_JOBS_AGREEMENT_H
#define ASSAY_JOBS_AGREEMENT_H

#include <stdbool.h>

#include "base/error.h"
#include "jobs/job.h"

/* 0: go on.  JOB_LEFT: what was agreed to in time was not begun in time, and
 * the run is `expired` now. */
int agreement_in_time(const struct job *job, struct error *err) MUST_USE;
/* Whether nobody has to agree (any more) to the plan as it is stored now. */
int agreement_reached(const struct job *job, bool *reached,
                      struct error *err) MUST_USE;
/* Back to the catalog, until enough have agreed: JOB_LEFT, or -1. */
int agreement_wait(struct job *job, struct error *err) MUST_USE;

#endif
