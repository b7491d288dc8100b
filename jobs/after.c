/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/after.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static bool known(const struct after *a, const char *address)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->node[i].address, address) == 0)
            return true;
    return false;
}

static void add(struct after *a, const char *id, const char *address)
{
    struct after_node *n = &a->node[a->count];

    if (address[0] == '\0' || a->count == VAULT_NODES_MAX || known(a, address))
        return;
    *n = (struct after_node){.settled = false};
    if (!text_copy(n->id, sizeof(n->id), id) ||
        !text_copy(n->address, sizeof(n->address), address))
        return;
    a->count++;
}

bool after_is_foreign(const struct after *a)
{
    return strcmp(a->target->status.cluster_id, a->target->row->cluster_id) !=
           0;
}

int after_init(struct after *a, struct error *err)
{
    const struct target *t = a->target;

    bool lead = false;

    for (size_t i = 0; i < t->nodes.count; i++) {
        const struct vault_node *n = &t->nodes.node[i];

        add(a, n->id, n->api_address);
        lead = lead || (n->leader && n->api_address[0] != '\0');
    }
    a->sealed_at = clock_mono_ms();
    /* It may be one of those under another name. */
    if (!lead)
        add(a, "", vault_address(t->leader));
    return vault_at(t->leader, vault_address(t->leader), &a->leader, err);
}

void after_done(struct after *a)
{
    vault_free(a->login);
    vault_free(a->leader);
    a->login = a->leader = NULL;
    proof_result_done(&a->compared);
}

static const char *name_of(const struct after_node *n)
{
    return n->id[0] != '\0' ? n->id : n->address;
}

/* The leader's own lead is the measure: it is asked before the others, whose
 * answers come later and must not be behind it. */
static bool look_at_leader(struct after *a, struct vault_status *st)
{
    struct error err = {0};

    if (vault_status_get(a->leader, st, &err) != 0)
        (void)snprintf(a->text, sizeof(a->text), "%s does not answer: %.300s",
                       vault_address(a->leader), err.text);
    else if (st->sealed)
        (void)snprintf(a->text, sizeof(a->text), "%s is sealed",
                       vault_address(a->leader));
    else if (!st->is_self)
        (void)snprintf(a->text, sizeof(a->text), "%s does not lead any more",
                       vault_address(a->leader));
    else
        return true;
    return false;
}

/* Whether the node holds the data from before: a node of OpenBao that does
 * not lead answers from its own copy. */
static bool is_stale(const struct after *a, struct vault *v)
{
    enum vault_marker_state state = VAULT_MARKER_GONE;
    struct error ignored = {0};

    return a->marker != NULL &&
           vault_marker_look(v, a->marker, &state, &ignored) == 0 &&
           state == VAULT_MARKER_THERE;
}

/* What is missing at a node that answers, or NULL. */
static const char *lacks(const struct after *a, struct after_node *n,
                         struct vault *v, uint64_t committed)
{
    const struct vault_status *st = &n->status;
    const char *wanted = a->target->row->cluster_id;

    if (!st->initialized)
        return "is not initialised";
    if (st->sealed)
        return "is sealed";
    if (st->cluster_id[0] != '\0' && strcmp(st->cluster_id, wanted) != 0)
        return "still has another cluster id than the snapshot";
    if (!st->is_self && st->leader_address[0] == '\0')
        return "knows no leader";
    if (!st->is_self && st->raft_applied_index != 0 &&
        st->raft_applied_index < committed)
        return "has not applied yet what the leader has";
    if (a->applied == AFTER_APPLIED && is_stale(a, v))
        return "still has what was made before the restore";
    return NULL;
}

static void look_at_node(struct after *a, struct after_node *n,
                         uint64_t committed)
{
    struct vault *v = NULL;
    struct error err = {0};
    const char *missing = NULL;

    n->text[0] = '\0';
    n->status = (struct vault_status){.reachable = false};
    if (vault_at(a->leader, n->address, &v, &err) != 0 ||
        vault_status_get(v, &n->status, &err) != 0)
        (void)snprintf(n->text, sizeof(n->text), "does not answer: %.200s",
                       err.text);
    else if ((missing = lacks(a, n, v, committed)) != NULL)
        (void)text_copy(n->text, sizeof(n->text), missing);
    vault_free(v);
    n->settled = n->text[0] == '\0';
}

/* One that says of itself that it leads: of those that were looked at, or
 * where the configured addresses lead to. */
static void follow_leader(struct after *a)
{
    struct vault *v = NULL;
    struct error ignored = {0};

    for (size_t i = 0; i < a->count && v == NULL; i++) {
        const struct after_node *n = &a->node[i];

        if (n->status.is_self && !n->status.sealed &&
            vault_at(a->leader, n->address, &v, &ignored) != 0)
            v = NULL;
    }
    if (v == NULL && vault_leader(a->target->vault, &v, NULL, &ignored) != 0)
        return;
    if (strcmp(vault_address(v), vault_address(a->leader)) != 0)
        a->leader_changed = true;
    vault_free(a->leader);
    a->leader = v;
}

void after_look(struct after *a)
{
    const char *wanted = a->target->row->cluster_id;
    struct vault_status st = {0};

    a->sealed = 0;
    a->text[0] = '\0';
    a->has_leader = look_at_leader(a, &st);
    if (a->has_leader && strcmp(st.cluster_id, wanted) != 0)
        (void)snprintf(a->text, sizeof(a->text),
                       "the cluster id is %s, not the snapshot's",
                       st.cluster_id);
    for (size_t i = 0; i < a->count; i++) {
        struct after_node *n = &a->node[i];

        look_at_node(a, n, st.raft_committed_index);
        a->sealed +=
            n->status.reachable && n->status.initialized && n->status.sealed;
        if (!n->settled)
            (void)snprintf(a->text, sizeof(a->text), "node %s %s", name_of(n),
                           n->text);
    }
    if (!a->has_leader)
        follow_leader(a);
    if (a->sealed > 0)
        a->sealed_at = clock_mono_ms();
    a->settled = a->text[0] == '\0';
}
