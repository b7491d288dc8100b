/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses are compared as written, so a name and a number of the same
 * server differ; ids do not.  On loopback everybody has the same address:
 * those of peers are not compared. */
#include "transient/existing_guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "transient/keys.h"
#include "vault/address.h"
#include "vault/call.h"

#define FORCE_PATH "sys/storage/raft/snapshot-force"

struct side {
    struct vault_status status;
    struct vault_nodes nodes;
};

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && a[0] != '\0' && strcmp(a, b) == 0;
}

static bool same_address(const char *a, const char *b)
{
    return a[0] != '\0' && b[0] != '\0' && !address_is_loopback(a) &&
           (strcmp(a, b) == 0 || address_same(a, b));
}

/* A node of both, or NULL. */
static const char *common_node(const struct side *a, const struct side *b)
{
    if (same_address(a->status.leader_address, b->status.leader_address))
        return a->status.leader_address;
    if (same_address(a->status.leader_cluster_address,
                     b->status.leader_cluster_address))
        return a->status.leader_cluster_address;
    for (size_t i = 0; i < a->nodes.count; i++) {
        for (size_t k = 0; k < b->nodes.count; k++) {
            const struct vault_node *x = &a->nodes.node[i];
            const struct vault_node *y = &b->nodes.node[k];

            if (same_address(x->address, y->address) ||
                same_address(x->api_address, y->api_address))
                return x->address;
        }
    }
    return NULL;
}

static int refuse(const char *what, const char *value,
                  const struct transient_protected *p, struct error *err)
{
    return error_set(err, ERR_PRECONDITION,
                     "the scratch cluster has the %s of the cluster \"%s\" "
                     "(%s): it is not touched",
                     what, p->name, value);
}

/* What is known without it: in a disaster it may not answer. */
static int check_known(const struct side *scratch, const char *address,
                       const struct transient_protected *p, struct error *err)
{
    if (address_same(address, vault_address(p->vault)) ||
        same(address, vault_address(p->vault)))
        return refuse("address", address, p, err);
    if (address_same(scratch->status.leader_address, vault_address(p->vault)) &&
        !address_is_loopback(vault_address(p->vault)))
        return refuse("address", vault_address(p->vault), p, err);
    if (same(scratch->status.cluster_id, p->cluster_id))
        return refuse("cluster id", p->cluster_id, p, err);
    return 0;
}

static int check_one(const struct side *scratch, const char *address,
                     const struct transient_protected *p, struct error *err)
{
    struct side *other;
    const char *node;
    int rc = -1;

    if (check_known(scratch, address, p, err) != 0)
        return -1;
    other = calloc(1, sizeof *other);
    if (other == NULL)
        return error_memory(err);
    if (vault_status_get(p->vault, &other->status, NULL) != 0 ||
        other->status.cluster_id[0] == '\0') {
        rc = 0;
        if (p->cluster_id == NULL || p->cluster_id[0] == '\0')
            rc = error_set(err, ERR_PRECONDITION,
                           "the cluster \"%s\" does not answer, and nothing "
                           "is known of it: whether the scratch cluster is "
                           "another one cannot be told",
                           p->name);
        goto done;
    }
    if (same(scratch->status.cluster_id, other->status.cluster_id)) {
        refuse("cluster id", other->status.cluster_id, p, err);
        goto done;
    }
    /* Refused questions leave it empty; the ids differ. */
    if (vault_nodes_get(p->vault, &other->nodes, NULL) != 0)
        other->nodes.count = 0;
    node = common_node(scratch, other);
    rc = node == NULL ? 0 : refuse("node", node, p, err);
done:
    free(other);
    return rc;
}

static int look(struct vault *scratch, struct side *side, struct error *err)
{
    const char *is = NULL;

    if (vault_status_get(scratch, &side->status, err) != 0)
        return error_prefix(err, "the scratch cluster does not say how it is, "
                                 "see to it (transient.existing.address)");
    if (!side->status.initialized)
        is = "not initialized";
    else if (side->status.sealed)
        is = "sealed";
    else if (!side->status.is_self)
        is = "not the active node";
    else if (side->status.cluster_id[0] == '\0')
        is = "without a cluster id";
    if (is != NULL)
        return error_set(err, ERR_PRECONDITION,
                         "the scratch cluster is %s: make it an unsealed, "
                         "empty cluster of one node",
                         is);
    if (vault_nodes_get(scratch, &side->nodes, err) != 0)
        return -1;
    if (!side->nodes.peers_allowed)
        return error_set(err, ERR_PRECONDITION,
                         "the token of the scratch cluster may not read "
                         "sys/storage/raft/configuration: who its peers are "
                         "must be known before it is overwritten");
    return 0;
}

int existing_guard(struct vault *scratch, const struct transient_options *o,
                   struct vault_status *status, struct error *err)
{
    struct side *side = calloc(1, sizeof *side);
    int rc = -1;

    if (side == NULL)
        return error_memory(err);
    if (look(scratch, side, err) != 0)
        goto done;
    if (same(side->status.cluster_id, o->cluster_id)) {
        error_set(err, ERR_PRECONDITION,
                  "the scratch cluster has the snapshot's own cluster id "
                  "(%s): it is the primary, or still holds a copy of it; it "
                  "is not touched",
                  o->cluster_id);
        goto done;
    }
    for (size_t i = 0; i < o->clusters_count; i++) {
        if (check_one(side, vault_address(scratch), &o->clusters[i], err) != 0)
            goto done;
    }
    *status = side->status;
    rc = 0;
done:
    free(side);
    return rc;
}

/* Its id tells nothing, its nodes only to who has a token, and its leader
 * nothing before it is that itself: the copy knows production's. */
static bool is_promoted(const struct vault_status *scratch, const char *address,
                        const struct transient_protected *p)
{
    const char *own = vault_address(p->vault);
    struct vault_status *other;
    bool yes = same(address, own) || address_same(address, own);

    if (yes || !scratch->is_self)
        return yes;
    if (same_address(scratch->leader_address, own))
        return true;
    other = calloc(1, sizeof *other);
    if (other != NULL && vault_status_get(p->vault, other, NULL) == 0)
        yes = same_address(scratch->leader_address, other->leader_address) ||
              same_address(scratch->leader_cluster_address,
                           other->leader_cluster_address);
    free(other);
    return yes;
}

int existing_guard_return(const struct vault_status *scratch,
                          const char *address,
                          const struct transient_options *o, struct error *err)
{
    for (size_t i = 0; i < o->clusters_count; i++) {
        if (is_promoted(scratch, address, &o->clusters[i]))
            return error_set(err, ERR_PRECONDITION,
                             "the scratch cluster at %s is the cluster "
                             "\"%s\" now",
                             address, o->clusters[i].name);
    }
    return 0;
}

/* Are root tokens made from key shares here? */
static bool offers_root(struct vault *scratch)
{
    const struct vault_request attempt = {
        .method = "GET",
        .path = "sys/generate-root/attempt",
        .token = "",
        .namespace = "",
    };

    return vault_call(scratch, &attempt, NULL, NULL) == 0;
}

static bool may_force(struct vault *primary)
{
    const struct vault_request ask = {
        .method = "POST",
        .path = "sys/capabilities-self",
        .namespace = "",
        .body = "{\"paths\":[\"" FORCE_PATH "\"]}",
    };
    struct json *answer = NULL;
    bool yes = false;

    if (vault_call(primary, &ask, &answer, NULL) != 0)
        return false;
    for (const struct json *c =
             json_first(json_get(json_get(answer, "data"), FORCE_PATH));
         c != NULL; c = json_next(c)) {
        const char *name = json_text(c, "");

        yes = yes || strcmp(name, "update") == 0 || strcmp(name, "root") == 0;
    }
    json_free(answer);
    return yes;
}

int existing_may_return(struct vault *scratch,
                        const struct transient_options *o, struct error *err)
{
    const struct transient_drivers *d = o->drivers;

    if (d->allow_generate_root && keys_count(o->keys) > 0 &&
        offers_root(scratch))
        return 0;
    /* Who that is on the primary is not known here. */
    if (d->auth != NULL)
        return 0;
    if (o->primary != NULL && may_force(o->primary))
        return 0;
    return error_set(
        err, ERR_PRECONDITION,
        "nobody could put the scratch cluster back as it was: "
        "our credential on the primary may not %s; grant it "
        "(`assay policy restore-force`), set transient.auth to a credential "
        "that may, or set transient.allow_generate_root%s",
        FORCE_PATH,
        d->allow_generate_root
            ? " where the scratch cluster's listener offers it"
            : "");
}
