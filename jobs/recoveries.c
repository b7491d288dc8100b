/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/recoveries.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "jobs/claims.h"
#include "jobs/engine.h"
#include "jobs/jobs.h"
#include "jobs/recover_want.h"

static int find_snapshot(struct jobs *j, const struct jobs_settings *s,
                         const struct jobs_recovery_request *r,
                         struct snapshot_row *row, struct error *err)
{
    if (!text_given(r->snapshot))
        return error_set(err, ERR_INVALID,
                         "snapshot: say which: an id, \"latest\" or "
                         "\"latest-valid\"");
    if (!text_given(r->reason))
        return error_set(err, ERR_INVALID,
                         "reason: say why; it is kept with the run");
    if (text_given(r->cluster) && jobs_settings_cluster(s, r->cluster) == NULL)
        return error_set(err, ERR_INVALID,
                         "cluster: no cluster named \"%.64s\" is configured",
                         r->cluster);
    if (snapshots_get(j->world.store, r->snapshot,
                      text_given(r->cluster) ? r->cluster : NULL, row,
                      err) != 0)
        return -1;
    if (jobs_settings_cluster(s, row->cluster) == NULL)
        return error_set(err, ERR_INVALID,
                         "snapshot: its cluster %s is not configured",
                         row->cluster);
    if (row->verdict != STORE_VALID)
        return error_set(err, ERR_PRECONDITION,
                         "snapshot %s is %s, and only a valid one is read "
                         "from: validate it first",
                         row->id, store_verdict_name(row->verdict));
    return 0;
}

/* Later nobody could claim it. */
static int check_requester(const struct recover_want *want,
                           const struct jobs_caller *who, struct error *err)
{
    if (!want->wrap || text_given(who->entity_id))
        return 0;
    return error_set(err, ERR_DENIED,
                     "to: what is wrapped is claimed by the entity that asked "
                     "for it, and this token has none: log in, or ask with "
                     "to=primary");
}

int jobs_submit_recovery(struct jobs *j, const struct jobs_recovery_request *r,
                         const struct jobs_caller *who,
                         struct jobs_submitted *out, struct error *err)
{
    assert(j != NULL && r != NULL && who != NULL && out != NULL);
    struct jobs_settings *s = engine_settings(j);
    struct recover_want want;
    struct snapshot_row row;
    struct run_new new = {.kind = RUN_RECOVERY,
                          .approvals_needed = s->approvals,
                          .force = r->overwrite,
                          .reason = r->reason};
    struct buf params;
    int rc = -1;

    buf_init(&params, LIMIT_REQUEST_BODY);
    if (recover_want_from(r, &want, err) != 0 ||
        check_requester(&want, who, err) != 0 ||
        find_snapshot(j, s, r, &row, err) != 0 ||
        recover_want_write(r, &want, &params, err) != 0)
        goto done;
    new.cluster = row.cluster;
    new.target = row.cluster;
    new.params = buf_text(&params);
    new.snapshot_id = row.id;
    rc = engine_submit(j, &new, who, out, err);
done:
    buf_done(&params);
    jobs_settings_release(s);
    return rc;
}

bool jobs_recovery_waits(struct jobs *j, const char *run_id)
{
    pthread_mutex_lock(&j->lock);
    bool waits = claims_wait(j->claims, run_id, clock_mono_ms());
    pthread_mutex_unlock(&j->lock);
    return waits;
}

/* By entity: whoever logged in again is the same. */
static int check_claimant(struct jobs *j, const char *run_id,
                          const struct jobs_caller *who, struct error *err)
{
    struct run run = {0};
    int rc = -1;

    if (runs_get(j->world.store, run_id, &run, err) != 0)
        return -1;
    if (run.kind != RUN_RECOVERY)
        error_set(err, ERR_NOT_FOUND, "no recovery with this id");
    else if (!text_given(who->entity_id) ||
             strcmp(run.entity_id, who->entity_id) != 0)
        error_set(err, ERR_DENIED,
                  "only whoever asked for a recovery can claim what it "
                  "brought");
    else
        rc = 0;
    run_done(&run);
    return rc;
}

int jobs_recovery_claim(struct jobs *j, const char *run_id,
                        const struct jobs_caller *who, char **token,
                        struct error *err)
{
    assert(j != NULL && run_id != NULL && who != NULL && token != NULL);
    if (check_claimant(j, run_id, who, err) != 0)
        return -1;
    pthread_mutex_lock(&j->lock);
    *token = claims_take(&j->claims, run_id, clock_mono_ms());
    pthread_mutex_unlock(&j->lock);
    if (*token != NULL)
        return 0;
    return error_set(err, ERR_NOT_FOUND,
                     "nothing waits to be claimed: not yet, or it was claimed, "
                     "its time is over, or Assay was started anew; ask again "
                     "with another recovery");
}
