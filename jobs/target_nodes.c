/* SPDX-License-Identifier: Apache-2.0
 *
 * The raft peers of a target, one by one. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "jobs/target.h"

/* A standby of a healthy cluster is behind by a few entries at most. */
enum { BEHIND_MAX = 1000, LIST_MAX = 240 };

/* "n2 is sealed, n3 does not answer"; a sentence that is full stays so. */
struct list {
    char text[LIST_MAX];
    size_t len;
};

PRINTF_LIKE(3, 4)
static void add(struct list *l, const struct vault_node *node, const char *fmt,
                ...)
{
    char what[80];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (l->len + 1 >= sizeof(l->text))
        return;
    int n = snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%.40s %s",
                     l->len == 0 ? "" : ", ", node->id, what);
    if (n > 0)
        l->len += (size_t)n;
    if (l->len >= sizeof(l->text))
        l->len = sizeof(l->text) - 1;
}

/* A node that cannot be reached from here now cannot be watched later. */
static void look_at(struct target *t, struct vault_node *node,
                    struct list *wrong)
{
    uint64_t committed = t->status.raft_committed_index;
    struct vault_status status;
    struct vault *v = NULL;
    struct error ignored;

    if (node->api_address[0] == '\0') {
        add(wrong, node, "has no known address");
        return;
    }
    if (vault_at(t->leader, node->api_address, &v, &ignored) != 0 ||
        vault_status_get(v, &status, &ignored) != 0) {
        node->api_address[0] = '\0';
        add(wrong, node, "cannot be reached");
    } else if (status.sealed) {
        add(wrong, node, "is sealed");
    } else if (!status.is_self && status.leader_address[0] == '\0') {
        add(wrong, node, "knows no leader");
    } else if (status.raft_applied_index != 0 &&
               status.raft_applied_index + BEHIND_MAX < committed) {
        add(wrong, node, "is %" PRIu64 " entries behind",
            committed - status.raft_applied_index);
    }
    vault_free(v);
}

static size_t count_voters(const struct vault_nodes *nodes)
{
    size_t voters = 0;

    for (size_t i = 0; i < nodes->count; i++)
        voters += nodes->node[i].voter;
    return voters;
}

static void say_voters(const struct target *t, struct plan *plan)
{
    size_t voters = count_voters(&t->nodes);
    bool foreign = t->force && target_foreign(t);

    if (!foreign && t->nodes.count > 0)
        plan_say(plan, "voters", PLAN_OK,
                 "%zu, which all take the data of their own cluster", voters);
    else if (!foreign)
        plan_say(plan, "voters", PLAN_OK,
                 "however many, they take the data of their own cluster");
    else if (voters == 1 && t->nodes.count == 1)
        plan_say(plan, "voters", PLAN_OK,
                 "one node, as a foreign snapshot wants it; the others join "
                 "afterwards");
    else
        plan_say(plan, "voters", PLAN_BLOCKER,
                 "the target has %zu nodes, %zu of them voters%s: a foreign "
                 "snapshot goes onto one fresh node, the others join "
                 "afterwards; forced onto several, they may shut themselves "
                 "down for good",
                 t->nodes.count, voters,
                 t->nodes.peers_allowed ? ""
                                        : " as far as Assay may see (grant "
                                          "read on "
                                          "sys/storage/raft/configuration)");
}

static void say_nodes(struct target *t, struct plan *plan)
{
    struct list wrong = {.len = 0};

    for (size_t i = 0; i < t->nodes.count; i++)
        look_at(t, &t->nodes.node[i], &wrong);
    if (t->nodes.count == 0)
        plan_say(plan, "nodes", PLAN_WARNING,
                 "Assay may not see the nodes, and cannot watch them "
                 "afterwards: grant read on sys/storage/raft/configuration "
                 "and sys/ha-status");
    else if (wrong.len > 0)
        plan_say(plan, "nodes", PLAN_WARNING,
                 "%zu nodes; %s%s: what is not well or not seen from here now "
                 "is not seen to be well afterwards",
                 t->nodes.count, wrong.text,
                 t->nodes.ha_allowed ? "" : " (grant read on sys/ha-status)");
    else
        plan_say(plan, "nodes", PLAN_OK,
                 "%zu node%s, unsealed and with the leader's data",
                 t->nodes.count, t->nodes.count == 1 ? "" : "s");
}

static void say_autopilot(const struct target *t, struct plan *plan)
{
    struct list ill = {.len = 0};

    for (size_t i = 0; i < t->nodes.count; i++)
        if (t->nodes.node[i].healthy == VAULT_NO)
            add(&ill, &t->nodes.node[i], "is unhealthy");
    if (!t->nodes.autopilot_allowed)
        plan_say(plan, "autopilot", PLAN_WARNING,
                 "its opinion is not known: grant read on "
                 "sys/storage/raft/autopilot/state");
    else if (t->nodes.healthy == VAULT_YES)
        plan_say(plan, "autopilot", PLAN_OK,
                 "healthy; %d nodes may be lost before the cluster stops",
                 t->nodes.failure_tolerance);
    else
        plan_say(plan, "autopilot", PLAN_WARNING,
                 "calls the cluster unhealthy%s%s: see what is wrong with it "
                 "before it is given other data",
                 ill.len > 0 ? ": " : "", ill.text);
}

void target_examine_nodes(struct target *t, struct plan *plan)
{
    struct error err = {0};

    if (vault_nodes_get(t->leader, &t->nodes, &err) != 0) {
        t->nodes = (struct vault_nodes){.count = 0};
        plan_say(plan, "nodes", PLAN_WARNING,
                 "the nodes of the target cannot be listed: %s", err.text);
    } else {
        say_nodes(t, plan);
    }
    say_voters(t, plan);
    say_autopilot(t, plan);
}
