/* SPDX-License-Identifier: Apache-2.0
 *
 * Put a snapshot back, with as little trust as possible: in the catalog (the
 * verdict's signature is verified, the archive hashed again), in the target
 * (who leads, who it is, whether it can take it), and in its answer.
 *
 * First the plan; then, where others must agree to it, the run goes back to the
 * catalog and waits there without a worker (store/approvals.h).  Whoever takes
 * it up again plans anew, and goes on only if nothing that matters changed.
 *
 * Until the POST begins everything can be cancelled and nothing has changed.
 * From then on nothing is repeated: the run only watches, and says at its end
 * what state the cluster is in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "jobs/agreement.h"
#include "jobs/archive.h"
#include "jobs/backup.h"
#include "jobs/credential.h"
#include "jobs/guard.h"
#include "jobs/job.h"
#include "jobs/plan.h"
#include "jobs/plan_examine.h"
#include "jobs/plan_keep.h"
#include "jobs/recorded.h"
#include "jobs/settle.h"
#include "jobs/target.h"
#include "store/approvals.h"
#include "store/snapshots.h"
#include "vault/marker.h"
#include "vault/raft.h"

/* Smaller downloads say nothing about throughput. */
enum { MEASURE_BYTES = 8 * 1024 * 1024 };

struct restore {
    struct job *job;
    const struct jobs_settings_cluster *cluster;
    struct snapshot_row row;
    struct archive archive;
    struct target target;
    struct vault *handed; /* came with an approval; NULL: none did */
    struct vault *sender; /* the leader, as who restores it */
    struct plan plan;
    char fingerprint[DIGEST_SHA256_HEX];
    char safety[ID_TEXT_MAX]; /* "" : none */
    int64_t safety_ms;
};

static int prepare(struct restore *r, struct error *err)
{
    struct job *job = r->job;
    r->cluster = jobs_settings_cluster(job->settings, job->run.target);
    if (r->cluster == NULL)
        return error_set(err, ERR_INVALID,
                         "the target %s is not configured any more",
                         job->run.target);
    if (snapshots_get(job->world->store, job->run.snapshot_id, NULL, &r->row,
                      err) != 0)
        return -1;
    r->archive = (struct archive){.world = job->world, .row = &r->row};
    r->plan.overrides = job->run.overrides;
    r->plan.force = job->run.force;
    r->target = (struct target){.job = job,
                                .row = &r->row,
                                .vault = r->cluster->vault,
                                .restorer = r->cluster->restore_vault,
                                .force = job->run.force};
    return 0;
}

/* What a restore took away, it may bring back, proved or not: it was agreed
 * to with that restore. */
static int check_way_back(struct restore *r, bool *is, struct error *err)
{
    struct error why = {0};
    char of[ID_TEXT_MAX];

    if (approvals_way_back(r->job->world->store, r->row.id, r->job->run.target,
                           of, err) != 0)
        return -1;
    *is = of[0] != '\0' && archive_check_manifest(r->job, &r->row, &why) == 0;
    if (*is)
        plan_say(&r->plan, "way_back", PLAN_OK,
                 "the snapshot is %s and needs no verdict: restore %s took it "
                 "of %s before it changed it, as the way back",
                 store_verdict_name(r->row.verdict), of, r->job->run.target);
    return 0;
}

static int check_verdict(struct restore *r, struct error *err)
{
    struct error why = {0};
    bool way_back = false;

    if (archive_check_verdict(r->job, &r->row, &why) == 0) {
        plan_say(&r->plan, "verdict", PLAN_OK,
                 "valid, by the signed validation %s", r->row.validation_id);
        return 0;
    }
    if (check_way_back(r, &way_back, err) != 0)
        return -1;
    if (way_back)
        return 0;
    if (r->row.verdict == STORE_VALID)
        plan_say(&r->plan, "verdict", PLAN_BLOCKER,
                 "counts as unvalidated, because the validation behind the "
                 "verdict cannot be trusted: %s",
                 why.text);
    else
        plan_say(&r->plan, "verdict", PLAN_BLOCKER, "%s", why.text);
    return 0;
}

static int refuse(const struct plan_finding *f, struct error *err)
{
    return error_set(err, ERR_PRECONDITION,
                     "refused before anything was sent: %s: %.400s", f->name,
                     f->message);
}

static bool skips_safety(const struct restore *r)
{
    return plan_overrides(r->plan.overrides, "safety_snapshot");
}

static void check_safety(struct restore *r)
{
    if (skips_safety(r))
        plan_say(&r->plan, "safety_snapshot", PLAN_BLOCKER,
                 "no snapshot of the target is taken first: there will be no "
                 "way back");
    else
        plan_say(&r->plan, "safety_snapshot", PLAN_OK,
                 "the target is backed up before anything is sent, and that "
                 "snapshot is pinned");
}

/* Everything that can be known without changing anything. */
static int check(struct restore *r, struct error *err)
{
    if (check_verdict(r, err) != 0 ||
        plan_keep_archive(r->job, &r->archive, &r->plan, err) != 0 ||
        job_phase(r->job, "target", err) != 0)
        return -1;
    const struct plan_subject subject = {
        .job = r->job, .target = &r->target, .archive = &r->archive};
    target_examine(&r->target, &r->plan);
    if (credential_examine(r->job, r->target.restorer, &r->plan, err) != 0)
        return -1;
    text_copy(r->plan.cluster_id, sizeof(r->plan.cluster_id),
              r->target.status.cluster_id);
    if (plan_examine(&subject, &r->plan, err) != 0)
        return -1;
    check_safety(r);
    if (job_check(r->job, err) != 0 ||
        plan_keep_number(r->job, &r->plan, r->fingerprint, err) != 0)
        return -1;
    return plan_keep_store(r->job, &r->plan, r->fingerprint, err);
}

/* A snapshot of what is about to be overwritten. */
static int safety_backup(struct restore *r, struct error *err)
{
    struct job *job = r->job;
    struct backup_request request = {.cluster = r->cluster->name,
                                     .vault = r->cluster->vault,
                                     .pinned = true};
    struct snapshot_row made;
    struct error why = {0};
    int64_t begun = clock_mono_ms();

    if (skips_safety(r))
        return 0;
    if (job_status(job, RUN_SAFETY_BACKUP, err) != 0)
        return -1;
    if (backup_take(job, &request, r->safety, &why) != 0) {
        r->safety[0] = '\0';
        if (why.kind == ERR_CANCELLED) {
            *err = why;
            return -1;
        }
        plan_say(&r->plan, "safety_snapshot", PLAN_BLOCKER,
                 "it cannot be taken: %.350s", why.text);
        return 0;
    }
    r->safety_ms = clock_mono_ms() - begun;
    plan_say(&r->plan, "safety_snapshot", PLAN_OK,
             "%s has what the target held before", r->safety);
    if (runs_set_safety_snapshot(job->world->store, job->run.id, r->safety,
                                 err) != 0 ||
        snapshots_get(job->world->store, r->safety, NULL, &made, err) != 0)
        return -1;
    if (made.size_bytes >= MEASURE_BYTES && r->safety_ms > 0)
        target_estimate(
            &r->target, made.size_bytes * 1000 / (uint64_t)r->safety_ms + 1,
            "measured while the safety snapshot was taken", &r->plan);
    return 0;
}

/* Who leads may have changed while the safety snapshot was taken, and what
 * answers there may be another cluster than the one agreed to. */
static int find_leader_again(struct restore *r, struct error *err)
{
    struct vault *leader = NULL;
    if (vault_leader(r->target.vault, &leader, &r->target.status, err) != 0)
        return error_prefix(err, "nothing was sent");
    if (strcmp(r->target.status.cluster_id, r->plan.cluster_id) != 0) {
        vault_free(leader);
        return error_set(err, ERR_PRECONDITION,
                         "nothing was sent: %s is cluster %s now, and the plan "
                         "is about %s",
                         r->job->run.target, r->target.status.cluster_id,
                         r->plan.cluster_id);
    }
    vault_free(r->target.leader);
    r->target.leader = leader;
    vault_free(r->sender);
    r->sender = NULL;
    return target_sender(&r->target, &r->sender, err);
}

/* Only now: it is used up by that. */
static int take_credential(struct restore *r, struct error *err)
{
    if (credential_take(r->job, r->target.restorer, &r->handed, err) != 0)
        return error_prefix(err, "nothing was sent");
    if (r->handed != NULL)
        r->target.restorer = r->handed;
    return 0;
}

/* Whatever comes of it, it must be on record that it was tried. */
static int record_sending(const struct restore *r, struct error *err)
{
    char message[512];

    (void)snprintf(message, sizeof(message),
                   "the archive of snapshot %s, sha256 %s, to %s (cluster id "
                   "%s)%s",
                   r->row.id, r->row.sha256, r->job->run.target,
                   r->target.status.cluster_id,
                   r->job->run.force ? " by force" : "");
    return recorded_sending(r->job, message, err);
}

/* The one POST, of exactly the bytes that were checked. */
static int send_archive(struct restore *r, struct vault_restore_result *result,
                        struct error *err)
{
    struct source stored;
    struct source source;
    struct guard guard = {0};
    int rc = -1;

    if (archive_open(&r->archive, &stored, err) != 0)
        return -1;
    if (guard_init(&guard, &stored, r->row.sha256, r->row.size_bytes, err) !=
            0 ||
        job_phase(r->job, "upload", err) != 0 || job_commit(r->job, err) != 0)
        goto done;
    if (record_sending(r, err) != 0)
        goto done;
    source = guard_source(&guard);
    struct vault_restore what = {.source = &source,
                                 .force = r->job->run.force,
                                 .cancel = &r->job->cancel};
    rc = vault_snapshot_restore(r->sender, &what, result, err);
done:
    guard_done(&guard);
    archive_close(&r->archive, &stored);
    return rc;
}

static int apply(struct restore *r, struct error *err)
{
    struct vault_restore_result result = {.outcome = VAULT_RESTORE_NOT_SENT};
    struct vault_marker *marker = NULL;
    int rc = -1;

    if (job_status(r->job, RUN_RESTORING, err) != 0 ||
        job_phase(r->job, "marker", err) != 0 || take_credential(r, err) != 0 ||
        find_leader_again(r, err) != 0)
        goto done;
    if (vault_marker_make(r->sender, &marker, err) != 0) {
        error_prefix(err, "nothing was sent, because afterwards nobody could "
                          "tell whether it was applied");
        goto done;
    }
    int sent = send_archive(r, &result, err);
    const struct settle s = {.job = r->job,
                             .target = &r->target,
                             .marker = marker,
                             .safety = r->safety,
                             .sent = result.outcome};
    if (sent != 0 && result.outcome != VAULT_RESTORE_DOUBTFUL) {
        settle_unsent(&s, err);
        goto done;
    }
    rc = settle_wait(&s, err);
    /* Its token is gone with the data that was replaced. */
    vault_forget_login(r->target.restorer);
done:
    vault_marker_free(marker);
    return rc;
}

static int finish_dry_run(struct job *job, const struct plan_finding *blocker)
{
    snprintf(job->summary, sizeof(job->summary), "a dry run; it would be %s",
             blocker == NULL ? "restored" : "refused");
    return 0;
}

/* From here on the target is touched. */
static int execute(struct restore *r, struct error *err)
{
    struct job *job = r->job;
    const struct plan_finding *blocker = NULL;

    if (safety_backup(r, err) != 0 ||
        plan_keep_store(r->job, &r->plan, r->fingerprint, err) != 0)
        return -1;
    blocker = plan_blocker(&r->plan);
    if (blocker != NULL)
        return refuse(blocker, err);
    if (apply(r, err) != 0)
        return -1;
    if (job->summary[0] == '\0')
        snprintf(job->summary, sizeof(job->summary),
                 "%s has the data of snapshot %s", job->run.target, r->row.id);
    return 0;
}

static int plan_and_go_on(struct restore *r, struct error *err)
{
    const struct plan_finding *blocker = NULL;
    bool agreed = false;

    if (check(r, err) != 0)
        return -1;
    blocker = plan_blocker(&r->plan);
    if (r->job->run.dry_run)
        return finish_dry_run(r->job, blocker);
    if (blocker != NULL)
        return refuse(blocker, err);
    if (agreement_reached(r->job, &agreed, err) != 0)
        return -1;
    return agreed ? execute(r, err) : agreement_wait(r->job, err);
}

static int run_restore(struct job *job, struct error *err)
{
    struct restore *r = calloc(1, sizeof(*r));
    int rc = -1;

    if (r == NULL)
        return error_memory(err);
    r->job = job;
    rc = agreement_in_time(job, err);
    if (rc == 0)
        rc = prepare(r, err);
    if (rc == 0)
        rc = plan_and_go_on(r, err);
    if (rc != JOB_LEFT)
        credential_forget(job);
    vault_free(r->sender);
    vault_free(r->handed);
    target_done(&r->target);
    free(r);
    return rc;
}

const struct job_kind job_restore = {
    .kind = RUN_RESTORE,
    .run = run_restore,
    .recover = backup_recover,
};
