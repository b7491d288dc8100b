/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/settle.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* The servers need six seconds for little data; one that still answers with
 * the old data after APPLY_MS has not restored anything. */
enum { POLL_MS = 500, APPLY_MS = 30 * 1000 };

/* One look at every node. */
struct round {
    bool settled;
    bool sealed;
    char text[ERROR_TEXT_MAX]; /* what is still missing */
};

static int pause_poll(const struct settle *s, struct error *err)
{
    clock_sleep_ms(POLL_MS);
    if (cancelled(&s->job->cancel))
        return error_set(err, ERR_CANCELLED,
                         "the archive had been accepted by %s; its state was "
                         "not verified to the end",
                         s->target->job->run.target);
    return 0;
}

/* Nobody but key holders can go on; they have await_unseal_ms. */
static int wait_unsealed(const struct settle *s, struct vault *node,
                         struct error *err)
{
    int64_t limit = s->job->settings->await_unseal_ms;
    int64_t until = clock_mono_ms() + limit;
    struct vault_status status;
    struct error ignored;

    if (job_status(s->job, RUN_AWAITING_UNSEAL, err) != 0 ||
        job_phase(s->job, "awaiting_unseal", err) != 0)
        return -1;
    while (clock_mono_ms() < until) {
        if (vault_status_get(node, &status, &ignored) == 0 && !status.sealed)
            return 0;
        if (pause_poll(s, err) != 0)
            return -1;
    }
    return error_set(err, ERR_UNAVAILABLE,
                     "the archive was accepted and %s sealed itself; nobody "
                     "unsealed it in time. Unseal it with the keys of the "
                     "snapshot's cluster; if it says that a key has an "
                     "invalid size, restart the server first",
                     vault_address(node));
}

/* Ask for the marker: longer only where there is no answer at all. */
static int wait_marker(const struct settle *s, struct vault_status *status,
                       struct error *why)
{
    int64_t settle_ms = s->job->settings->settle_ms;
    struct vault_wait wait = {
        .timeout_ms = settle_ms < APPLY_MS ? settle_ms : APPLY_MS,
        .cancel = &s->job->cancel,
    };
    struct vault *leader = s->target->leader;
    int rc = vault_marker_wait(leader, s->marker, &wait, status, why);
    if (rc != 0 && why->kind == ERR_UNAVAILABLE) {
        wait.timeout_ms = settle_ms;
        rc = vault_marker_wait(leader, s->marker, &wait, status, why);
    }
    return rc;
}

/* 0: proven.  Decides between "nothing happened", "done" and "unknown". */
static int prove_applied(const struct settle *s, struct error *err)
{
    struct vault *leader = s->target->leader;
    struct vault_status status = {0};
    struct error why = {0};

    if (job_phase(s->job, "apply", err) != 0)
        return -1;
    int rc = wait_marker(s, &status, &why);
    if (rc != 0 && why.kind == ERR_PRECONDITION) {
        if (wait_unsealed(s, leader, err) != 0)
            return -1;
        rc = wait_marker(s, &status, &why);
    }
    if (rc == 0)
        return 0;
    if (why.kind == ERR_UPSTREAM && s->doubtful)
        return error_set(err, ERR_UPSTREAM,
                         "the connection broke while the archive was sent, "
                         "and it was not applied: the cluster still has the "
                         "data from before (%.200s)",
                         why.text);
    if (why.kind == ERR_UPSTREAM)
        return error_set(err, ERR_UPSTREAM,
                         "%s answered 204 but restored nothing: the cluster "
                         "still has the data from before (%.200s)",
                         vault_address(leader), why.text);
    if (why.kind == ERR_CANCELLED)
        return error_set(err, ERR_CANCELLED,
                         "the archive had been sent; whether it was applied "
                         "is not known");
    return error_set(err, ERR_UNAVAILABLE,
                     "the archive was %s, and whether it was applied cannot "
                     "be told: %s; look at the server's log",
                     s->doubtful ? "sent in doubt" : "accepted", why.text);
}

static void look_at_node(const struct settle *s, const struct vault_node *node,
                         uint64_t committed, struct round *r)
{
    const char *wanted = s->target->row->cluster_id;
    struct vault *v = NULL;
    struct vault_status st = {0};
    struct error err = {0};

    if (node->api_address[0] == '\0')
        return;
    if (vault_at(s->target->leader, node->api_address, &v, &err) != 0 ||
        vault_status_get(v, &st, &err) != 0) {
        snprintf(r->text, sizeof(r->text), "node %s does not answer: %.300s",
                 node->id, err.text);
    } else if (st.sealed) {
        r->sealed = true;
        snprintf(r->text, sizeof(r->text), "node %s is sealed", node->id);
    } else if (st.cluster_id[0] != '\0' && strcmp(st.cluster_id, wanted) != 0) {
        snprintf(r->text, sizeof(r->text), "node %s still has cluster id %s",
                 node->id, st.cluster_id);
    } else if (!st.is_self && st.leader_address[0] == '\0') {
        snprintf(r->text, sizeof(r->text), "node %s knows no leader", node->id);
    } else if (st.raft_applied_index != 0 &&
               st.raft_applied_index < committed) {
        snprintf(r->text, sizeof(r->text),
                 "node %s has applied index %llu, the leader has %llu",
                 node->id, (unsigned long long)st.raft_applied_index,
                 (unsigned long long)committed);
    } else {
        vault_free(v);
        return;
    }
    r->settled = false;
    vault_free(v);
}

static void look_around(const struct settle *s, struct round *r)
{
    const struct target *t = s->target;
    struct vault_status st = {0};
    struct error err = {0};

    *r = (struct round){.settled = true};
    if (vault_status_get(t->leader, &st, &err) != 0) {
        r->settled = false;
        snprintf(r->text, sizeof(r->text), "%s does not answer: %.300s",
                 vault_address(t->leader), err.text);
        return;
    }
    if (st.sealed || (!st.is_self && st.leader_address[0] == '\0')) {
        r->settled = false;
        r->sealed = st.sealed;
        snprintf(r->text, sizeof(r->text), "%s is %s", vault_address(t->leader),
                 st.sealed ? "sealed" : "not active and knows no leader");
        return;
    }
    if (strcmp(st.cluster_id, t->row->cluster_id) != 0) {
        r->settled = false;
        snprintf(r->text, sizeof(r->text),
                 "the cluster id is %s, not the snapshot's", st.cluster_id);
        return;
    }
    for (size_t i = 0; i < t->nodes.count; i++)
        look_at_node(s, &t->nodes.node[i], st.raft_committed_index, r);
}

/* The status shown follows what is waited for: key holders, or the nodes. */
static int show_status(const struct settle *s, const struct round *r,
                       struct error *err)
{
    enum run_status status = r->sealed ? RUN_AWAITING_UNSEAL : RUN_VERIFYING;
    if (s->job->run.status == status)
        return 0;
    if (job_status(s->job, status, err) != 0)
        return -1;
    return job_phase(s->job, r->sealed ? "awaiting_unseal" : "nodes", err);
}

static int wait_nodes(const struct settle *s, struct error *err)
{
    const struct jobs_settings *settings = s->job->settings;
    int64_t begun = clock_mono_ms();
    struct round r;

    for (;;) {
        look_around(s, &r);
        if (r.settled)
            return 0;
        if (show_status(s, &r, err) != 0)
            return -1;
        int64_t limit =
            r.sealed ? settings->await_unseal_ms : settings->settle_ms;
        if (clock_mono_ms() - begun > limit)
            return error_set(err, ERR_UNAVAILABLE,
                             "the archive was applied, but the cluster did "
                             "not settle in time: %.400s",
                             r.text);
        if (pause_poll(s, err) != 0)
            return -1;
    }
}

/* Autopilot's opinion, where the policy lets us hear it. */
static int wait_healthy(const struct settle *s, struct error *err)
{
    int64_t until = clock_mono_ms() + s->job->settings->settle_ms;
    struct vault_nodes *now = NULL;
    static const char missing[] =
        "the archive was applied, but %zu nodes were there before and %zu "
        "are now, or autopilot calls them unhealthy";
    struct vault_nodes nodes;
    struct error ignored;

    now = &nodes;
    for (;;) {
        bool known = vault_nodes_get(s->target->leader, now, &ignored) == 0;
        bool missed =
            known && now->peers_allowed && now->count < s->target->nodes.count;
        /* A node that was lost before is no fault of the restore. */
        bool ill = known && now->autopilot_allowed &&
                   now->healthy == VAULT_NO &&
                   s->target->nodes.healthy != VAULT_NO;
        if (known && !missed && !ill)
            return 0;
        if (clock_mono_ms() > until)
            return known ? error_set(err, ERR_UNAVAILABLE, missing,
                                     s->target->nodes.count, now->count)
                         : 0;
        if (pause_poll(s, err) != 0)
            return -1;
    }
}

/* A foreign snapshot need not know our credential; our own must. */
static int log_in_again(const struct settle *s, struct error *err)
{
    struct error why = {0};
    if (job_phase(s->job, "login", err) != 0)
        return -1;
    vault_forget_login(s->target->vault);
    if (vault_keep_login(s->target->vault, &why) == 0)
        return wait_healthy(s, err);
    if (s->target->force) {
        snprintf(s->job->summary, sizeof(s->job->summary),
                 "restored; the restored data does not know Assay's "
                 "credential: %.300s",
                 why.text);
        return 0;
    }
    return error_set(err, ERR_DENIED,
                     "the archive was applied and every node is there, but "
                     "Assay cannot log in any more (a secret-id or token made "
                     "after the snapshot is gone): give it a new one. %.250s",
                     why.text);
}

static void tell_restored(const struct settle *s)
{
    const struct job_world *world = s->job->world;

    if (world->restored != NULL)
        world->restored(world->restored_ctx);
}

static int wait_and_log_in(const struct settle *s, struct error *err)
{
    /* Whatever the catalog cannot take now, the cluster has changed. */
    if (job_status(s->job, RUN_VERIFYING, err) != 0 ||
        job_phase(s->job, "nodes", err) != 0)
        return -1;
    if (wait_nodes(s, err) != 0)
        return -1;
    if (job_status(s->job, RUN_VERIFYING, err) != 0)
        return -1;
    return log_in_again(s, err);
}

/* Told twice: as soon as the data is another, and when everything answers
 * again (questions asked in between may have timed out). */
int settle_wait(const struct settle *s, struct error *err)
{
    if (prove_applied(s, err) != 0)
        return -1;
    tell_restored(s);
    int rc = wait_and_log_in(s, err);
    tell_restored(s);
    return rc;
}
