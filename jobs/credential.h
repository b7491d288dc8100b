/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential that restores, where there is none but what an approver
 * hands over (`restore_auth` of method "approver").  For the worker that has
 * the run; blocks on Vault. */
#ifndef ASSAY_JOBS_CREDENTIAL_H
#define ASSAY_JOBS_CREDENTIAL_H

#include "base/error.h"
#include "jobs/job.h"
#include "jobs/plan.h"

struct vault;

/* Say in the plan (finding "rights") whether what was handed over by those
 * whose approval counts is good, without using it up.  Nothing where nobody
 * was asked yet, or where there is another credential. */
int credential_examine(struct job *job, struct vault *restorer,
                       struct plan *plan, struct error *err) MUST_USE;
/* Use it up: *out is for the caller to free, NULL where `restorer` has a
 * credential of its own.  ERR_DENIED: nobody handed one over, or Vault does
 * not take it. */
int credential_take(struct job *job, struct vault *restorer, struct vault **out,
                    struct error *err) MUST_USE;
/* Wipe what was handed over for this run. */
void credential_forget(struct job *job);

#endif
