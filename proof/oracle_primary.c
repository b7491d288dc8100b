/* SPDX-License-Identifier: Apache-2.0
 *
 * The cluster itself, as it is now.  With the baseline beside it, what has
 * changed since is told from what was never so; without, objects that have no
 * times of their own stay unexplained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof/crosscheck.h"
#include "proof/oracle.h"
#include "vault/status.h"

static int ready(const struct proof_context *c, struct error *why)
{
    const struct proof_oracle *o = c->oracle;
    struct vault_status s;

    if (o->primary == NULL)
        return error_set(why, ERR_UNAVAILABLE, "it is not configured");
    if (vault_status_get(o->primary, &s, why) != 0)
        return -1;
    if (s.sealed)
        return error_set(why, ERR_UNAVAILABLE, "it is sealed");
    if (strcmp(s.cluster_id, o->cluster_id) != 0)
        return error_set(why, ERR_UNAVAILABLE,
                         "it is another cluster now (%s) than the snapshot's "
                         "(%s)",
                         s.cluster_id, o->cluster_id);
    return 0;
}

/* The copy first: whatever runs out while both are walked has then run out
 * on the primary too. */
static int ask(const struct proof_context *c, const char *chosen,
               struct proof_result *r, struct error *err)
{
    const struct proof_oracle *o = c->oracle;
    char *copy = NULL, *primary = NULL;
    char with[ORACLE_CHOSEN_MAX + 64];
    struct crosscheck_options x = {
        .taken_ms = o->taken_ms, .with = with, .cancel = c->cancel};
    int rc = oracle_walk_copy(c, o->compare_values, &copy, r, err);

    (void)snprintf(with, sizeof with, "the primary%s%s",
                   o->baseline != NULL ? " and the baseline" : "", chosen);
    if (rc == 1)
        rc = oracle_walk_primary(c, &primary, r, err);
    if (rc == 1) {
        x.paths[TRIPLE_RESTORED] = copy;
        x.paths[TRIPLE_BASELINE] = o->baseline;
        x.paths[TRIPLE_PRIMARY] = primary;
        rc = crosscheck_run(&x, r, err);
    }
    free(primary);
    free(copy);
    return rc;
}

const struct oracle oracle_primary = {
    .name = "primary",
    .about = "the cluster as it is now, and the baseline when there is one",
    .ready = ready,
    .ask = ask,
};
