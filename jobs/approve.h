/* SPDX-License-Identifier: Apache-2.0
 *
 * How those who were asked to agree to a restore answer.  Any thread; the
 * catalog alone, no network. */
#ifndef ASSAY_JOBS_APPROVE_H
#define ASSAY_JOBS_APPROVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/submit.h"

struct jobs;

struct jobs_approval {
    const char *run_id;
    uint64_t plan_revision; /* the one that was looked at */
};

/* approvals_give (store/approvals.h), its errors; with the last approval the
 * restore goes on at once, and *approved is true. */
int jobs_approve(struct jobs *j, const struct jobs_approval *a,
                 const struct jobs_caller *who, bool *approved,
                 struct error *err) MUST_USE;
/* End it instead; `reason` is kept with it. */
int jobs_reject(struct jobs *j, const char *run_id, const char *reason,
                const struct jobs_caller *who, struct error *err) MUST_USE;

#endif
