/* SPDX-License-Identifier: Apache-2.0
 *
 * What the primary had when the snapshot was taken: all that is needed where
 * the primary is gone. */
#include <stdio.h>
#include <stdlib.h>

#include "proof/crosscheck.h"
#include "proof/oracle.h"

static int ready(const struct proof_context *c, struct error *why)
{
    const struct proof_oracle *o = c->oracle;

    if (o->baseline != NULL)
        return 0;
    return error_set(why, ERR_UNAVAILABLE, "%s",
                     o->baseline_text != NULL
                         ? o->baseline_text
                         : "the snapshot was taken without one");
}

static int ask(const struct proof_context *c, const char *chosen,
               struct proof_result *r, struct error *err)
{
    char *copy = NULL;
    char with[ORACLE_CHOSEN_MAX + 64];
    struct crosscheck_options x = {
        .taken_ms = c->oracle->taken_ms, .with = with, .cancel = c->cancel};
    int rc = oracle_walk_copy(c, false, &copy, r, err);

    (void)snprintf(with, sizeof with, "the baseline%s", chosen);
    if (rc == 1) {
        x.paths[TRIPLE_RESTORED] = copy;
        x.paths[TRIPLE_BASELINE] = c->oracle->baseline;
        rc = crosscheck_run(&x, r, err);
    }
    free(copy);
    return rc;
}

const struct oracle oracle_baseline = {
    .name = "baseline",
    .about = "what the primary had when the snapshot was taken",
    .ready = ready,
    .ask = ask,
};
