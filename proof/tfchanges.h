/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plan against the restored copy says of it.  Pure: `terraform show
 * -json` of the plan in, a result out; of values only whether they differ.
 *
 * A plan speaks of two things.  `resource_drift` is where the cluster is not
 * as the state has it, which is what Terraform last saw: on a restored copy,
 * what was lost.  `resource_changes` is where the cluster is not as the code
 * has it.  A change in attributes that have not drifted is code that was
 * never applied, and says nothing about the copy. */
#ifndef ASSAY_PROOF_TFCHANGES_H
#define ASSAY_PROOF_TFCHANGES_H

#include "proof/check.h"

struct tfchanges_options {
    const char *address; /* every provider for Vault was to be pointed here */
    const char *with;    /* the oracle, for the message */
};

/* `json` is overwritten, and not wiped.  Fills in `r`:
 *
 *   fault_missing fault_changed             the check fails
 *   drift_missing drift_changed drift_added code that was never applied
 *
 * It did not run when no resource is Vault's, or when a provider was asked
 * elsewhere.  -1: ERR_INVALID for what is no plan, or memory. */
int tfchanges_judge(const struct tfchanges_options *o, char *json, size_t len,
                    struct proof_result *r, struct error *err) MUST_USE;

#endif
