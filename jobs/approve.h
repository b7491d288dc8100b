/* SPDX-License-Identifier: Apache-2.0
 *
 * How those who were asked to agree to a restore or a recovery answer.  Any
 * thread; the catalog and memory alone, no network. */
#ifndef ASSAY_JOBS_APPROVE_H
#define ASSAY_JOBS_APPROVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/submit.h"
#include "store/approvals.h"

struct jobs;

struct jobs_approval {
    enum run_kind kind;
    const char *run_id;
    uint64_t plan_revision;    /* the one that was looked at */
    const char *wrapped_token; /* the credential that restores, wrapped by
                                  Vault (vault/wrapped.h); NULL: none */
};

/* approvals_give (store/approvals.h), its errors; with the last approval the
 * restore goes on at once, and *approved is true.
 *
 * A wrapped token is kept in secret memory until the restore uses it, is over,
 * or has another plan.  ERR_PRECONDITION: the target has a credential of its
 * own; or it has none, and this would be the last approval without anybody
 * having brought one. */
int jobs_approve(struct jobs *j, const struct jobs_approval *a,
                 const struct jobs_caller *who, bool *approved,
                 struct error *err) MUST_USE;

enum { JOBS_REASON_MAX = 400 }; /* it becomes a part of the run's error */

/* End it instead; `reason` is kept with it.  ERR_INVALID: it is too long. */
int jobs_reject(struct jobs *j, const struct approval_run *which,
                const char *reason, const struct jobs_caller *who,
                struct error *err) MUST_USE;

#endif
