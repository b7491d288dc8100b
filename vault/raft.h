/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots out of and into a cluster, always at the leader itself: an
 * OpenBao standby hands out its own, possibly stale copy, and takes a restore
 * with 204, restores nothing and seals itself. */
#ifndef ASSAY_VAULT_RAFT_H
#define ASSAY_VAULT_RAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "vault/status.h"
#include "vault/vault.h"

struct vault_snapshot_info {
    char leader_address[VAULT_ADDRESS_MAX];
    enum vault_product product;
    char version[64];
    char cluster_id[64];
    char cluster_name[VAULT_NAME_MAX];
    uint64_t raft_index; /* applied by the leader when we asked */
    uint64_t bytes;      /* as received */
};

/* Resolve the leader, go to it, and stream its snapshot into `sink`; no
 * total timeout, only stalls end it.  Needs read on
 * sys/storage/raft/snapshot.  Never repeated: the sink has seen bytes.
 *
 * -1: ERR_CORRUPT for an empty 200 or a body that breaks off, ERR_DENIED,
 * ERR_UNAVAILABLE, ERR_UPSTREAM, ERR_CANCELLED, or what the sink said.  What
 * the sink was given is then worthless.  Bytes that arrive are not looked
 * at: the archive may still be incomplete. */
int vault_snapshot_take(struct vault *v, const struct sink *sink,
                        const struct cancel *cancel,
                        struct vault_snapshot_info *info,
                        struct error *err) MUST_USE;

enum vault_restore_outcome {
    VAULT_RESTORE_NOT_SENT, /* nothing reached the leader */
    VAULT_RESTORE_REFUSED,  /* it said no: nothing changed */
    VAULT_RESTORE_DOUBTFUL, /* sent, no answer: it may have happened */
    VAULT_RESTORE_ACCEPTED, /* 204, which promises nothing yet */
};

/* "not_sent", "refused", "doubtful", "accepted". */
const char *vault_restore_outcome_name(enum vault_restore_outcome o);

struct vault_restore {
    const struct source *source; /* rewindable if it can be */
    bool force;                  /* another cluster's keys: snapshot-force */
    /* v is the one node that is meant (a transient server): ask it whether it
     * leads and go nowhere else. */
    bool this_node;
    const struct cancel *cancel; /* until the first byte is sent */
};

/* Filled in whatever the call returns. */
struct vault_restore_result {
    enum vault_restore_outcome outcome;
    int status;    /* of the POST, 0: none came */
    uint64_t sent; /* bytes of the archive */
    int64_t duration_ms;
    char leader_address[VAULT_ADDRESS_MAX];
};

/* Send the archive to the leader: one POST, on a connection of its own,
 * never repeated by anybody.  0: accepted.  Nothing is applied yet: the
 * server blocks for about six seconds from now on.  Follow with
 * vault_marker_wait (vault/marker.h).
 *
 * -1: result->outcome tells what is known. */
int vault_snapshot_restore(struct vault *v, const struct vault_restore *what,
                           struct vault_restore_result *result,
                           struct error *err) MUST_USE;

#endif
