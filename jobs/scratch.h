/* SPDX-License-Identifier: Apache-2.0
 *
 * The standing scratch cluster of the driver `existing`: there is one, and it
 * holds one copy at a time, whoever wants it: validations of several clusters,
 * and recoveries beside them.  Private to jobs/. */
#ifndef ASSAY_JOBS_SCRATCH_H
#define ASSAY_JOBS_SCRATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "jobs/job.h"

/* Wait until nobody has it; *taken is false, and nothing is waited for, where
 * the run uses another driver.  ERR_CANCELLED. */
int scratch_take(struct job *job, bool *taken, struct error *err) MUST_USE;
/* What was taken; false is accepted, and *taken false afterwards. */
void scratch_give(struct job *job, bool *taken);

#endif
