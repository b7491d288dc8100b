/* SPDX-License-Identifier: Apache-2.0
 *
 * What raised this server is the operator's business; what is sent to it is
 * ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transient/egress.h"
#include "transient/restore_steps.h"

/* One sentence about the server as it is, or none. */
static int check_server(const struct transient_options *o,
                        const struct vault_status *s,
                        enum transient_outcome *whose, struct error *err)
{
    *whose = TRANSIENT_UNUSABLE;
    if (strcmp(vault_product_name(s->product), o->product) != 0)
        return error_set(err, ERR_PRECONDITION,
                         "the transient server is %s, the snapshot is of %s",
                         vault_product_name(s->product), o->product);
    if (o->version != NULL && o->version[0] != '\0' &&
        text_version_compare(s->version, o->version) < 0) {
        *whose = TRANSIENT_OLD_SERVER;
        return error_set(err, ERR_PRECONDITION,
                         "the transient server is %s %s, older than the "
                         "snapshot's server (%s)",
                         o->product, s->version, o->version);
    }
    if (s->storage_type[0] != '\0' && strcmp(s->storage_type, "raft") != 0)
        return error_set(err, ERR_PRECONDITION,
                         "the transient server's storage is %s: a snapshot "
                         "is restored into raft storage only",
                         s->storage_type);
    if (o->cluster_id != NULL && o->cluster_id[0] != '\0' &&
        strcmp(s->cluster_id, o->cluster_id) == 0)
        return error_set(err, ERR_PRECONDITION,
                         "the transient server is of the snapshot's own "
                         "cluster (%s): it is not touched",
                         s->cluster_id);
    return 0;
}

/* A running server takes an archive of another share count, and then takes
 * one share for the whole key; nobody can start this one again. */
static int check_shares(const struct transient_options *o,
                        const struct vault_status *s, struct error *err)
{
    if (o->seal.shares == 0 || strcmp(s->seal_type, "shamir") != 0)
        return 0;
    if (s->shares == o->seal.shares && s->threshold == o->seal.threshold)
        return 0;
    return error_set(err, ERR_PRECONDITION,
                     "the transient server is initialised with %u key shares "
                     "and a threshold of %u, the snapshot's cluster with %u "
                     "and %u: a running server would not unseal; initialise "
                     "it with the same",
                     s->shares, s->threshold, o->seal.shares,
                     o->seal.threshold);
}

/* A foreign snapshot, forced onto several nodes, shuts them down. */
static int check_voters(struct restore_flow *f, struct error *err)
{
    struct vault_nodes *nodes = calloc(1, sizeof *nodes);
    size_t voters = 0;
    int rc = -1;

    if (nodes == NULL)
        return error_memory(err);
    if (vault_nodes_get(f->admin, nodes, err) != 0)
        goto done;
    for (size_t i = 0; i < nodes->count; i++)
        voters += nodes->node[i].voter;
    if (!nodes->peers_allowed)
        error_set(err, ERR_PRECONDITION,
                  "the token of the transient server may not read "
                  "sys/storage/raft/configuration: that it is a single node "
                  "must be known before a snapshot is forced onto it");
    else if (voters > 1)
        error_set(err, ERR_PRECONDITION,
                  "the transient cluster has %zu voting nodes: another "
                  "cluster's snapshot shuts them down; raise a single node",
                  voters);
    else
        rc = 0;
done:
    free(nodes);
    return rc;
}

/* While it is still empty. */
static int check_egress(struct restore_flow *f, struct error *err)
{
    const char *said = f->facts.egress_probe;
    char found[EGRESS_TEXT_MAX];
    enum egress way = EGRESS_NOT_ASKED;

    (void)text_copy(found, sizeof found, "nobody could be asked for");
    if (said != NULL && strcmp(said, "open") == 0)
        return error_set(err, ERR_PRECONDITION,
                         "the egress probe says \"open\": the restored copy "
                         "would act on production systems; block its way "
                         "out");
    if (f->o->primary != NULL)
        way = egress_ask(f->admin, f->o->primary, found, sizeof found);
    if (way == EGRESS_OPEN)
        return error_set(err, ERR_PRECONDITION,
                         "the transient server is not contained, whatever "
                         "transient.egress_blocked says: %s; block its way "
                         "out",
                         found);
    (void)snprintf(f->report->containment, sizeof f->report->containment,
                   "that it can reach nobody is asserted; %s%s",
                   said != NULL ? "the operator's probe agrees; " : "",
                   way == EGRESS_BLOCKED ? found : "it was not asked itself");
    return 0;
}

int restore_fit(struct restore_flow *f, struct error *err)
{
    const struct transient_options *o = transient_options_of(f->t);
    enum transient_outcome whose = TRANSIENT_UNUSABLE;
    struct vault_status status;

    if (vault_status_get(f->admin, &status, err) != 0 ||
        check_server(o, &status, &whose, err) != 0 ||
        check_shares(o, &status, err) != 0 || check_voters(f, err) != 0)
        return restore_blame(f, whose, err);
    (void)text_copy(f->cluster_id, sizeof f->cluster_id, status.cluster_id);
    (void)text_copy(f->report->server_version, sizeof f->report->server_version,
                    status.version);
    if (check_egress(f, err) != 0)
        return restore_blame(f, TRANSIENT_NOT_CONTAINED, err);
    return 0;
}
