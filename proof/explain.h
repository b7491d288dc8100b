/* SPDX-License-Identifier: Apache-2.0
 *
 * What the difference between a restored object and what the oracles say of
 * it means: drift, when a change on the primary after the snapshot explains
 * it, or a fault.  The rules of DESIGN.md ("Three ways"), pure. */
#ifndef ASSAY_PROOF_EXPLAIN_H
#define ASSAY_PROOF_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "proof/triple.h"

enum explain_verdict {
    EXPLAIN_RIGHT,
    EXPLAIN_DRIFT,       /* changed on the primary since the snapshot */
    EXPLAIN_FAULT,       /* not as it was when the snapshot was taken */
    EXPLAIN_UNEXPLAINED, /* one of the two: only a baseline would tell */
    EXPLAIN_UNSEEN,      /* not compared: a side did not show it */
};

struct explain_facts {
    bool asked[TRIPLE_SIDES];
    unsigned apart[TRIPLE_SIDES]; /* from the restored copy's, as in
                                     proof/unlike.h */
    int64_t taken_ms;             /* the snapshot was begun */
    int64_t baseline_ms;          /* the walk of the baseline was begun */
    int64_t slack_ms; /* the servers' clocks may be off by so much */
};

struct explanation {
    enum explain_verdict verdict;
    /* Whose word the copy's differs from (not for RIGHT and UNSEEN). */
    enum triple_side against;
    bool partly; /* RIGHT as far as can be seen */
};

/* `hidden`: bits 1 << side, where the object is missing but may be there, as
 * that side did not show everything. */
void explain_object(const struct explain_facts *facts, const struct triple *t,
                    unsigned hidden, struct explanation *out);

#endif
