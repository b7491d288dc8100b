/* SPDX-License-Identifier: Apache-2.0
 *
 * Let Terraform plan against the restored copy, and hear what it would
 * change.  Nothing is applied; the plan only reads. */
#ifndef ASSAY_PROOF_TFPLAN_H
#define ASSAY_PROOF_TFPLAN_H

#include "proof/check.h"
#include "proof/tfcopy.h"

/* In a copy that was pointed at `address`.  Fills in `r` as tfchanges_judge
 * does, and with NOT_RUN and Terraform's first error where it could not
 * tell.  -1: cancelled, disk, memory. */
int tfplan_run(struct tfcopy *c, const char *address, const char *with,
               struct proof_result *r, struct error *err) MUST_USE;

#endif
