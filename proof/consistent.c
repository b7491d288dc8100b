/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/checks.h"
#include "proof/oracle.h"

int proof_consistent(const struct proof_context *c, struct proof_result *r,
                     struct error *err)
{
    const struct oracle *oracle;
    char chosen[ORACLE_CHOSEN_MAX];
    struct error why = {0};

    if (c->oracle == NULL) {
        proof_say(r, PROOF_NOT_RUN,
                  "not asked: there is no oracle (validation.oracle)");
        return 0;
    }
    if (c->transient == NULL) {
        proof_say_no_transient(c, r);
        return 0;
    }
    oracle = oracle_choose(c, chosen, &why);
    if (oracle == NULL) {
        proof_say(r, PROOF_NOT_RUN, "%s", why.text);
        return 0;
    }
    return oracle->ask(c, chosen, r, err);
}
