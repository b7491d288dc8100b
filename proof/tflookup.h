/* SPDX-License-Identifier: Apache-2.0
 *
 * Look the resources of a Terraform state up in the inventory of the restored
 * copy: is each there, and as Terraform left it? */
#ifndef ASSAY_PROOF_TFLOOKUP_H
#define ASSAY_PROOF_TFLOOKUP_H

#include "proof/check.h"
#include "proof/inventory.h"
#include "proof/tfstate.h"

struct tflookup_options {
    struct tfstate *state;
    const char *inventory; /* of the restored copy */
    const struct inventory_key *key;
    const char *namespace; /* of what names none; NULL: the root */
    const char *with;      /* the oracle, for the message */
    const struct cancel *cancel;
};

/* Fills in outcome, coverage, message and findings, by address:
 *
 *   fault_missing fault_changed   the check fails
 *   not_covered                   what the copy's policy hides: it did not
 *                                 run; types that nobody knows: a note
 *
 * It did not run either when nothing was understood.  -1: ERR_CANCELLED, or
 * ERR_CORRUPT or ERR_IO of the inventory. */
int tflookup_run(const struct tflookup_options *o, struct proof_result *r,
                 struct error *err) MUST_USE;

#endif
