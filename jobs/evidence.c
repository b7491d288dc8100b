/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/evidence.h"

#include "jobs/engine.h"
#include "jobs/envelope.h"
#include "proof/check.h"

struct jobs_targets jobs_targets(struct jobs *j)
{
    struct jobs_settings *s = engine_settings(j);
    struct jobs_targets targets = {.rto_ms = s->rto_target_ms,
                                   .rpo_ms = s->rpo_target_ms};

    jobs_settings_release(s);
    return targets;
}

const char *jobs_check_question(const char *check)
{
    const struct proof_check *found = proof_check_find(check);

    return found != NULL ? found->question : NULL;
}

int jobs_sign_statement(struct jobs *j, const struct buf *statement,
                        struct buf *out, struct error *err)
{
    return envelope_sign(ENVELOPE_STATEMENT, statement, j->world.signer, out,
                         err);
}
