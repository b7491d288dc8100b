/* SPDX-License-Identifier: Apache-2.0
 *
 * What a restore would mean for its target, beyond whether it could be done:
 * what would be undone, which tokens and keys count afterwards, and who could
 * log in. */
#ifndef ASSAY_JOBS_PLAN_EXAMINE_H
#define ASSAY_JOBS_PLAN_EXAMINE_H

#include "base/error.h"
#include "jobs/archive.h"
#include "jobs/job.h"
#include "jobs/plan.h"
#include "jobs/target.h"

struct plan_subject {
    struct job *job;
    struct target *target; /* examined */
    struct archive *archive;
};

/* Findings `age`, `keys`, `loss`, `tokens`, `leases`, `newest_writes`,
 * `seal`, `audit_devices`, `login_after`; what cannot be found out is a warning
 * that says why.  Where there is no leader, only the first.
 *
 * A snapshot of the target is taken for it, and forgotten: it needs read on
 * sys/storage/raft/snapshot, and blocks as long as that takes.  -1: without
 * memory, or ERR_CANCELLED. */
int plan_examine(const struct plan_subject *of, struct plan *plan,
                 struct error *err) MUST_USE;

#endif
