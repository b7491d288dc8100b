/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/checks.h"
#include "proof/oracle.h"

/* Whoever could not tell has the last word only where nobody else can. */
static int ask_another(const struct proof_context *c, const struct oracle *told,
                       char chosen[ORACLE_CHOSEN_MAX], struct proof_result *r,
                       struct error *err)
{
    const struct oracle *next = oracle_after(told, c, r->message, chosen);
    struct proof_result other = {.name = r->name, .outcome = PROOF_NOT_RUN};
    int rc = 0;

    if (next == NULL)
        return 0;
    rc = next->ask(c, chosen, &other, err);
    if (rc == 0 && other.outcome != PROOF_NOT_RUN) {
        proof_result_done(r);
        *r = other;
        return 0;
    }
    proof_result_done(&other);
    return rc;
}

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
    if (oracle->ask(c, chosen, r, err) != 0)
        return -1;
    return r->outcome == PROOF_NOT_RUN ? ask_another(c, oracle, chosen, r, err)
                                       : 0;
}
