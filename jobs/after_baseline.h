/* SPDX-License-Identifier: Apache-2.0
 *
 * The restored cluster against the baseline of its snapshot: what was to come
 * back, object by object. */
#ifndef ASSAY_JOBS_AFTER_BASELINE_H
#define ASSAY_JOBS_AFTER_BASELINE_H

#include "base/error.h"
#include "jobs/after.h"

/* Into a->compared, as the check `consistent` does it; untouched when the
 * snapshot has no baseline.  What stands in the way is a comparison that did
 * not run.  -1: cancelled, or the catalog. */
int after_baseline_compare(struct after *a, struct error *err) MUST_USE;

#endif
