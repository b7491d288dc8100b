/* SPDX-License-Identifier: Apache-2.0
 *
 * What the check `consistent` is given: who is to be asked, and the baseline
 * out of storage. */
#ifndef ASSAY_JOBS_ORACLE_H
#define ASSAY_JOBS_ORACLE_H

#include "base/error.h"
#include "jobs/job.h"
#include "proof/inventory.h"
#include "proof/oracle.h"
#include "store/snapshots.h"

/* The fields are oracle.c's; to be zeroed. */
struct oracle_input {
    struct proof_oracle oracle;
    struct inventory_key key;
    char *baseline; /* in the run's work directory */
    struct error why;
};

/* For this run and snapshot; the work directory exists.  It borrows `row` and
 * what the run has.  A baseline that is missing or does not verify is no
 * failure: its oracle says so. */
int oracle_input_init(struct oracle_input *in, const struct job *job,
                      const struct snapshot_row *row, const char *work_dir,
                      struct error *err) MUST_USE;
/* For struct proof_context: NULL when the run has no oracle. */
const struct proof_oracle *oracle_input_get(const struct oracle_input *in);
/* Wipes the key.  Accepts a zeroed one. */
void oracle_input_done(struct oracle_input *in);

#endif
