/* SPDX-License-Identifier: Apache-2.0
 *
 * The restored copy's inventory against those of the oracles: every object
 * explained (proof/explain.h), counted, and what is wrong named.  Streams. */
#ifndef ASSAY_PROOF_CROSSCHECK_H
#define ASSAY_PROOF_CROSSCHECK_H

#include "proof/check.h"
#include "proof/triple.h"

struct crosscheck_options {
    const char *paths[TRIPLE_SIDES]; /* inventories; NULL: not asked */
    int64_t taken_ms;                /* the snapshot was begun */
    const char *with;                /* the oracle, for the message */
    const struct cancel *cancel;
};

/* Fills in outcome, coverage, message and findings:
 *
 *   fault_missing fault_added fault_changed     first: the check fails
 *   unexplained_…, not_covered                  then it did not run
 *   drift_missing drift_added drift_changed     then there is drift
 *   not_covered                                 of engines nobody knows
 *
 * `expected` is what the oracle says, `found` what the copy does.
 *
 * -1: ERR_CANCELLED, ERR_CORRUPT or ERR_IO of one of the files. */
int crosscheck_run(const struct crosscheck_options *o, struct proof_result *r,
                   struct error *err) MUST_USE;

#endif
