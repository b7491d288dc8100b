/* SPDX-License-Identifier: Apache-2.0
 *
 * The sum of a validation's checks. */
#ifndef ASSAY_PROOF_VERDICT_H
#define ASSAY_PROOF_VERDICT_H

#include <stddef.h>

#include "proof/check.h"

enum proof_verdict {
    PROOF_INCONCLUSIVE,
    PROOF_VALID,
    PROOF_INVALID,
};

/* "valid", "invalid", "inconclusive". */
const char *proof_verdict_text(enum proof_verdict verdict);

/* Over the checks that `required` names: any fail -> invalid; else any that
 * did not run, or has no result at all -> inconclusive; else valid.  Drift
 * counts as passed.  Results that are not required decide nothing.  An empty
 * list proves nothing: inconclusive. */
enum proof_verdict proof_verdict(const char *const *required,
                                 size_t required_count,
                                 const struct proof_result *results,
                                 size_t result_count);

#endif
