/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/credential.h"

#include "base/secret.h"
#include "jobs/agreement.h"
#include "jobs/engine.h"
#include "jobs/handed.h"
#include "store/approvals.h"
#include "vault/wrapped.h"

/* Of the first approver whose word counts and who brought one; *out is NULL
 * when nobody did. */
static int find(struct job *job, char **out, struct error *err)
{
    struct approval_list list = {0};
    struct jobs *j = job->jobs;

    if (approvals_load(job->world->store, job->run.id, &list, err) != 0)
        return -1;
    *out = NULL;
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < list.count && *out == NULL; i++) {
        const struct handed_key key = {
            .run_id = job->run.id,
            .revision = list.items[i].plan_revision,
            .entity_id = list.items[i].entity_id,
        };

        if (list.items[i].counts)
            *out = handed_copy(j->handed, &key);
    }
    pthread_mutex_unlock(&j->lock);
    approval_list_done(&list);
    return 0;
}

/* It may still come, until the last approval is there. */
static int examine_none(const struct job *job, struct plan *plan,
                        struct error *err)
{
    bool reached = false;

    if (job->run.dry_run || job->run.approvals_needed == 0)
        return 0;
    if (agreement_reached(job, &reached, err) != 0)
        return -1;
    if (reached)
        plan_say(plan, "rights", PLAN_STOP,
                 "Assay has no credential that restores %s, and none came "
                 "with an approval (wrapped_token)",
                 job->run.target);
    return 0;
}

int credential_examine(struct job *job, struct vault *restorer,
                       struct plan *plan, struct error *err)
{
    static const char *const kinds[] = {
        [VAULT_WRAPPED_TOKEN] = "a token",
        [VAULT_WRAPPED_SECRET_ID] = "a secret-id",
    };
    struct vault_wrapped wrapped;
    struct error why = {0};
    char *token = NULL;

    if (!vault_awaits_credential(restorer))
        return 0;
    if (find(job, &token, err) != 0)
        return -1;
    if (token == NULL)
        return examine_none(job, plan, err);
    if (vault_wrapped_look(restorer, token, &wrapped, &why) == 0)
        plan_say(plan, "rights", PLAN_OK,
                 "an approver has handed over %s, wrapped at %s, and it is "
                 "unused",
                 kinds[wrapped.kind], wrapped.creation_path);
    else
        plan_say(plan, "rights", PLAN_STOP,
                 "the credential that came with the approval: %s", why.text);
    secret_free(token);
    return 0;
}

int credential_take(struct job *job, struct vault *restorer, struct vault **out,
                    struct error *err)
{
    char *token = NULL;
    int rc = -1;

    *out = NULL;
    if (!vault_awaits_credential(restorer))
        return 0;
    if (find(job, &token, err) != 0)
        return -1;
    credential_forget(job);
    if (token == NULL)
        return error_set(err, ERR_DENIED,
                         "Assay has no credential that restores %s, and none "
                         "came with an approval (wrapped_token)",
                         job->run.target);
    rc = vault_from_wrapped(restorer, token, out, err);
    if (rc != 0)
        error_prefix(err, "the credential that came with the approval");
    secret_free(token);
    return rc;
}

void credential_forget(struct job *job)
{
    struct jobs *j = job->jobs;

    pthread_mutex_lock(&j->lock);
    handed_drop(&j->handed, job->run.id, NULL);
    pthread_mutex_unlock(&j->lock);
}
