/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/verdict.h"

#include <stdbool.h>
#include <string.h>

static const char *const names[] = {
    [PROOF_INCONCLUSIVE] = "inconclusive",
    [PROOF_VALID] = "valid",
    [PROOF_INVALID] = "invalid",
};

const char *proof_verdict_text(enum proof_verdict verdict)
{
    return names[verdict];
}

static enum proof_outcome
outcome_of(const char *name, const struct proof_result *results, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(results[i].name, name) == 0)
            return results[i].outcome;
    }
    return PROOF_NOT_RUN;
}

enum proof_verdict proof_verdict(const char *const *required,
                                 size_t required_count,
                                 const struct proof_result *results,
                                 size_t result_count)
{
    bool all_ran = required_count > 0;
    size_t i;

    for (i = 0; i < required_count; i++) {
        switch (outcome_of(required[i], results, result_count)) {
        case PROOF_FAIL:
            return PROOF_INVALID;
        case PROOF_NOT_RUN:
            all_ran = false;
            break;
        case PROOF_PASS:
        case PROOF_DRIFT:
            break;
        }
    }
    return all_ran ? PROOF_VALID : PROOF_INCONCLUSIVE;
}
