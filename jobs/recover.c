/* SPDX-License-Identifier: Apache-2.0
 *
 * One secret brought back from a snapshot, and nothing else changed.
 *
 * First the plan; then, where others must agree to it, the run waits without a
 * worker (store/approvals.h), and whoever takes it up again plans anew.  Then
 * the snapshot is raised as a validation raises it, one path is read in the
 * copy, and goes to the primary as a new version, or to the requester, wrapped
 * by Vault.  The secret is in memory that is wiped, from the one answer to
 * the one request; the copy is destroyed before the run ends.
 *
 * Until it is delivered everything can be cancelled and nothing has
 * changed. */
#include "jobs/recover.h"

#include <stdio.h>
#include <stdlib.h>

#include "jobs/agreement.h"
#include "jobs/archive.h"
#include "jobs/credential.h"
#include "jobs/job.h"
#include "jobs/shares.h"
#include "proof/unsealed.h"

static int prepare(struct recovery *r, struct error *err)
{
    struct validation *v = &r->v;
    struct job *job = v->job;

    v->cluster = jobs_settings_cluster(job->settings, job->run.cluster);
    if (v->cluster == NULL)
        return error_set(err, ERR_INVALID,
                         "the cluster %s is not configured any more",
                         job->run.cluster);
    if (recover_want_read(job->run.params, &r->want, err) != 0 ||
        snapshots_get(job->world->store, job->run.snapshot_id, NULL, &v->row,
                      err) != 0)
        return -1;
    v->archive = (struct archive){.world = job->world, .row = &v->row};
    r->plan.force = r->want.overwrite;
    return 0;
}

static void end_recovery(struct recovery *r)
{
    struct validation *v = &r->v;
    struct error why = {0};

    /* A transient that would not go stays on record; a run that is the
     * catalog's again made none. */
    if (v->transient == NULL && !v->job->gone &&
        job_leftovers(v->job, NULL, &why) != 0)
        error_clear(&why);
    vault_kv_secret_done(&r->secret);
    vault_free(r->handed);
    transient_free(v->transient);
    raise_done(&v->raise);
    proof_unsealed_free(v->context.unsealed);
    static_keys_done(&v->statics);
    keys_free(v->keys);
    free(r);
}

/* Whatever came of it, the copy must go. */
static int read_and_deliver(struct recovery *r, struct error *err)
{
    struct error loud = {0};
    int rc = recover_copy_read(r, err);

    if (rc == 0)
        rc = recover_deliver(r, err);
    vault_kv_secret_done(&r->secret);
    if (validation_copy_destroy(&r->v, &loud) == 0)
        return rc;
    if (rc == 0)
        error_prefix(&loud, "%.100s; but", r->v.job->summary);
    else
        error_prefix(&loud, "%.240s; and", err->text);
    *err = loud;
    return -1;
}

/* 0, -1, or JOB_WAITS for key holders. */
static int execute(struct recovery *r, struct error *err)
{
    struct validation *v = &r->v;
    int rc = 0;

    if (recover_room(r, err) != 0 ||
        job_status(v->job, RUN_PROVISIONING, err) != 0)
        return -1;
    if (shares_need_holders(v->job, v->cluster))
        rc = shares_ask(v->job, &v->archive, err);
    if (rc != 0)
        return rc;
    if (shares_read(v->cluster, &v->job->cancel, &v->keys, &v->why, err) != 0)
        return -1;
    return read_and_deliver(r, err);
}

static int plan_and_go_on(struct recovery *r, struct error *err)
{
    const struct plan_finding *blocker = NULL;
    bool agreed = false;

    if (recover_plan(r, err) != 0)
        return -1;
    blocker = plan_blocker(&r->plan);
    if (blocker != NULL)
        return error_set(err, ERR_PRECONDITION,
                         "refused before anything was read: %s: %.400s",
                         blocker->name, blocker->message);
    if (agreement_reached(r->v.job, &agreed, err) != 0)
        return -1;
    return agreed ? execute(r, err) : agreement_wait(r->v.job, err);
}

static int run_recovery(struct job *job, struct error *err)
{
    struct recovery *r = calloc(1, sizeof(*r));
    int rc = -1;

    if (r == NULL)
        return error_memory(err);
    r->v.job = job;
    job->state = r;
    rc = agreement_in_time(job, err);
    if (rc == 0)
        rc = prepare(r, err);
    if (rc == 0)
        rc = plan_and_go_on(r, err);
    if (rc == JOB_WAITS)
        return rc;
    if (rc != JOB_LEFT)
        credential_forget(job);
    end_recovery(r);
    return rc;
}

/* The key holders have had their time. */
static int resume_recovery(struct job *job, struct error *err)
{
    struct recovery *r = job->state;
    int rc = -1;

    if (shares_take(job, &r->v.keys, &r->v.why, err) == 0 &&
        job_status(job, RUN_PROVISIONING, err) == 0)
        rc = read_and_deliver(r, err);
    credential_forget(job);
    end_recovery(r);
    return rc;
}

const struct job_kind job_recovery = {
    .kind = RUN_RECOVERY,
    .run = run_recovery,
    .resume = resume_recovery,
    .recover = validation_recover,
};
