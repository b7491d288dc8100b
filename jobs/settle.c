/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/after.h"
#include "jobs/after_baseline.h"
#include "jobs/after_login.h"
#include "jobs/after_outcome.h"
#include "jobs/after_unseal.h"
#include "jobs/after_watch.h"

/* The servers need six seconds for little data; one that still answers with
 * the old data after APPLY_MS has not restored anything.  A leader is asked
 * for SLICE_MS, then it is looked who leads. */
enum { APPLY_MS = 30 * 1000, SLICE_MS = 5 * 1000 };

static int64_t at_most(int64_t ms, int64_t limit)
{
    return ms < limit ? ms : limit;
}

/* The proof */

static bool somebody_leads(const struct after *a)
{
    return a->has_leader;
}

static int say_unchanged(struct after *a, int64_t begun, struct error *err)
{
    double seconds = (double)(clock_mono_ms() - begun) / 1000;

    a->applied = AFTER_NOT_APPLIED;
    a->state = AFTER_UNCHANGED;
    if (a->sent == VAULT_RESTORE_DOUBTFUL)
        return error_set(err, ERR_UPSTREAM,
                         "the connection broke while the archive was sent, "
                         "and it was not applied: after %.1f s %s still has "
                         "the data from before",
                         seconds, vault_address(a->leader));
    return error_set(err, ERR_UPSTREAM,
                     "%s answered 204 but restored nothing: after %.1f s %s "
                     "still has the data from before",
                     vault_address(a->target->leader), seconds,
                     vault_address(a->leader));
}

static int say_unknown(const struct after *a, const struct error *why,
                       struct error *err)
{
    return error_set(err, ERR_UNAVAILABLE,
                     "the archive was %s, and whether it was applied cannot "
                     "be told: %.250s; look at the servers' logs",
                     a->sent == VAULT_RESTORE_DOUBTFUL ? "sent in doubt"
                                                       : "accepted",
                     why->text);
}

/* A cluster that has become another one shows it, however old the marker. */
static bool has_new_id(const struct after *a, const struct vault_status *st)
{
    return after_is_foreign(a) && st->is_self && !st->sealed &&
           strcmp(st->cluster_id, a->target->row->cluster_id) == 0;
}

/* 1: applied; 0: ask again, of whoever leads then; -1: it is over. */
static int ask_leader(struct after *a, int64_t begun, struct error *why,
                      struct error *err)
{
    int64_t settle_ms = a->job->settings->settle_ms;
    const struct vault_wait wait = {.timeout_ms =
                                        at_most(SLICE_MS, settle_ms / 4),
                                    .cancel = &a->job->cancel};
    struct vault_status status = {0};

    if (vault_marker_wait(a->leader, a->marker, &wait, &status, why) == 0 ||
        has_new_id(a, &status))
        return 1;
    if (why->kind == ERR_CANCELLED)
        return error_set(err, ERR_CANCELLED,
                         "the archive had been sent; whether it was applied "
                         "is not known");
    if (why->kind == ERR_UPSTREAM &&
        clock_mono_ms() - begun >= at_most(APPLY_MS, settle_ms / 2))
        return say_unchanged(a, begun, err);
    if (why->kind == ERR_PRECONDITION && !status.sealed)
        return say_unknown(a, why, err);
    return 0;
}

static int prove_applied(struct after *a, struct error *err)
{
    int64_t begun = clock_mono_ms();

    if (job_phase(a->job, "apply", err) != 0)
        return -1;
    for (;;) {
        struct error why = {0};
        int rc = ask_leader(a, begun, &why, err);

        if (rc != 0)
            return rc > 0 ? 0 : -1;
        if (after_watch(a, somebody_leads, &why) != 0) {
            if (why.kind != ERR_UNAVAILABLE || a->state == AFTER_SEALED)
                *err = why;
            else
                say_unknown(a, &why, err);
            return -1;
        }
        if (clock_mono_ms() - a->sealed_at > a->job->settings->settle_ms)
            return say_unknown(a, &why, err);
    }
}

/* What it is like then */

static bool all_is_there(const struct after *a)
{
    return a->settled;
}

static int wait_nodes(struct after *a, struct error *err)
{
    /* Whatever the catalog cannot take now, the cluster has changed. */
    if (a->opened_at == 0 && a->job->run.status != RUN_VERIFYING &&
        (job_status(a->job, RUN_VERIFYING, err) != 0 ||
         job_phase(a->job, "nodes", err) != 0))
        return -1;
    a->sealed_at = clock_mono_ms();
    return after_watch(a, all_is_there, err);
}

/* What autopilot and the list of nodes say against it, where the policy lets
 * us hear them.  A node that was lost before is no fault of the restore. */
static bool is_well(struct after *a, struct vault_nodes *now, bool *known)
{
    const struct vault_nodes *before = &a->target->nodes;
    struct error ignored;

    *known = vault_nodes_get(a->login, now, &ignored) == 0;
    a->healthy = *known ? now->healthy : VAULT_NOT_ALLOWED;
    return *known && !(now->peers_allowed && now->count < before->count) &&
           !(now->autopilot_allowed && now->healthy == VAULT_NO &&
             before->healthy != VAULT_NO);
}

static int wait_healthy(struct after *a, struct error *err)
{
    int64_t until = clock_mono_ms() + a->job->settings->settle_ms;
    struct vault_nodes *now = calloc(1, sizeof(*now));
    struct error ignored;
    bool known = false;
    bool well;
    int rc = -1;

    if (now == NULL)
        return error_memory(err);
    well = is_well(a, now, &known);
    while (!well && clock_mono_ms() < until) {
        if (after_watch_pause(a, err) != 0)
            goto done;
        /* Somebody else may lead by now. */
        after_look(a);
        if (!known && after_login(a, &ignored) != 0)
            continue;
        well = is_well(a, now, &known);
    }
    rc = 0;
    if (well)
        goto done;
    a->state = AFTER_UNSETTLED;
    if (known)
        rc = error_set(err, ERR_UNAVAILABLE,
                       "the archive was applied, but %zu nodes were there "
                       "before and %zu are now, or autopilot calls them "
                       "unhealthy",
                       a->target->nodes.count, now->count);
    else
        rc = error_set(err, ERR_UNAVAILABLE,
                       "the archive was applied and every node was there, but "
                       "then the leader did not answer any more");
done:
    free(now);
    return rc;
}

/* A foreign snapshot need not know our credential, nor need one of which
 * whoever asked was told that it does not; our own must. */
static bool may_be_locked_out(const struct after *a)
{
    return a->target->force ||
           plan_overrides(a->job->run.overrides, "login_after");
}

static int log_in_again(struct after *a, struct error *err)
{
    struct error why = {0};
    int rc;

    if (job_phase(a->job, "login", err) != 0)
        return -1;
    rc = after_login(a, &why);
    /* The leader may have gone in this very moment. */
    if (rc != 0 && why.kind == ERR_UNAVAILABLE) {
        if (wait_nodes(a, err) != 0)
            return -1;
        rc = after_login(a, &why);
    }
    if (rc == 0)
        return wait_healthy(a, err);
    if (may_be_locked_out(a)) {
        (void)snprintf(a->job->summary, sizeof(a->job->summary),
                       "restored; the restored data does not know Assay's "
                       "credential: %.300s",
                       why.text);
        return 0;
    }
    a->state = AFTER_LOCKED_OUT;
    return error_set(err, ERR_DENIED,
                     "the archive was applied and every node is there, but "
                     "Assay cannot log in any more (a secret-id or token made "
                     "after the snapshot is gone): give it a new one. %.200s",
                     why.text);
}

static int compare(struct after *a, struct error *err)
{
    const struct proof_result *c = &a->compared;

    if (after_baseline_compare(a, err) != 0)
        return -1;
    if (c->name == NULL || c->outcome != PROOF_FAIL)
        return 0;
    a->state = AFTER_DIFFERS;
    return error_set(err, ERR_UPSTREAM,
                     "the archive was applied and every node is there, but "
                     "the cluster is not what the snapshot's baseline has: "
                     "%.250s",
                     c->message);
}

static void tell_restored(const struct after *a)
{
    const struct job_world *world = a->job->world;

    if (world->restored != NULL)
        world->restored(world->restored_ctx);
}

/* Early as well, so that it is there after a crash.  That it cannot be stored
 * does not end a run that can only watch by now. */
static void keep_outcome(const struct after *a)
{
    struct error why = {0};

    if (after_outcome_store(a, &why) != 0)
        log_error("restore %s: its outcome (%s) cannot be stored: %s",
                  a->job->run.id, after_outcome_state(a->state), why.text);
}

static int settle(struct after *a, struct error *err)
{
    int rc;

    keep_outcome(a);
    if (prove_applied(a, err) != 0)
        return -1;
    a->applied = AFTER_APPLIED;
    a->state = AFTER_UNSETTLED;
    keep_outcome(a);
    /* Told twice: as soon as the data is another, and when everything answers
     * again (questions asked in between may have timed out). */
    tell_restored(a);
    rc = wait_nodes(a, err);
    if (rc == 0)
        rc = log_in_again(a, err);
    tell_restored(a);
    if (rc == 0)
        rc = compare(a, err);
    if (rc == 0)
        a->state = AFTER_RESTORED;
    return rc;
}

static struct after *begin(const struct settle *s, struct error *err)
{
    struct after *a = calloc(1, sizeof(*a));

    if (a == NULL) {
        error_memory(err);
        return NULL;
    }
    a->job = s->job;
    a->target = s->target;
    a->marker = s->marker;
    a->sent = s->sent;
    a->safety = s->safety;
    if (after_init(a, err) == 0)
        return a;
    free(a);
    return NULL;
}

static void end(struct after *a)
{
    after_unseal_close(a);
    after_done(a);
    free(a);
}

int settle_wait(const struct settle *s, struct error *err)
{
    struct after *a = begin(s, err);
    int rc;

    if (a == NULL)
        return -1;
    rc = settle(a, err);
    if (rc != 0)
        after_outcome_advise(a, err);
    keep_outcome(a);
    end(a);
    return rc;
}

void settle_unsent(const struct settle *s, struct error *err)
{
    struct error ignored = {0};
    struct after *a = begin(s, &ignored);

    if (err->kind != ERR_CANCELLED)
        error_prefix(err, s->sent == VAULT_RESTORE_REFUSED
                              ? "the cluster refused the archive and is "
                                "unchanged"
                              : "nothing arrived as a whole, and the cluster "
                                "is unchanged");
    if (a == NULL)
        return;
    a->applied = AFTER_NOT_APPLIED;
    a->state = AFTER_UNCHANGED;
    keep_outcome(a);
    end(a);
}
