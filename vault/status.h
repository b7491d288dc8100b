/* SPDX-License-Identifier: Apache-2.0
 *
 * How a cluster is.  Everything but vault_nodes needs no token. */
#ifndef ASSAY_VAULT_STATUS_H
#define ASSAY_VAULT_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "vault/vault.h"

enum vault_product {
    VAULT_PRODUCT_UNKNOWN,
    VAULT_PRODUCT_VAULT,
    VAULT_PRODUCT_OPENBAO
};

/* "vault", "openbao", "unknown". */
const char *vault_product_name(enum vault_product p);
/* The reverse; VAULT_PRODUCT_UNKNOWN for anything else. */
enum vault_product vault_product_parse(const char *name);

/* One node's word about itself and its cluster.  Plain data. */
struct vault_status {
    bool reachable;
    bool initialized;
    bool sealed;
    bool standby; /* unsealed and not the leader */
    bool is_self; /* this node is the leader */
    int health;   /* status of sys/health: 200 429 472 473 474 501 503 530 */
    enum vault_product product;
    char version[64];
    char cluster_id[64]; /* "" while sealed */
    char cluster_name[VAULT_NAME_MAX];
    char seal_type[32]; /* shamir, transit, awskms, static, … */
    unsigned threshold, shares, progress;
    bool recovery_seal; /* auto-unseal: the shares are recovery keys */
    bool migration;
    char storage_type[32]; /* raft */
    bool ha_enabled;
    char leader_address[VAULT_ADDRESS_MAX]; /* API; "" when there is none */
    char leader_cluster_address[VAULT_ADDRESS_MAX];
    uint64_t raft_committed_index, raft_applied_index; /* 0: not said */
};

/* Ask the node at v's address (5 s at most for each of three questions).
 *
 * 0 whenever it answered, sealed or not.  -1: it did not; `out` then says
 * reachable=false and `err` why. */
int vault_status_get(struct vault *v, struct vault_status *out,
                     struct error *err) MUST_USE;

/* A handle for the leader itself, which has just said so (is_self); the
 * caller frees it.  Asks v, then goes to the address that the leader gives
 * itself, or to the peer of the options that turns out to be it.
 * `status` may be NULL.  -1: ERR_UNAVAILABLE when there is no leader or it
 * cannot be reached from here. */
int vault_leader(struct vault *v, struct vault **leader,
                 struct vault_status *status, struct error *err) MUST_USE;

enum vault_until {
    VAULT_UNTIL_ANSWERS, /* seal-status does */
    VAULT_UNTIL_UNSEALED,
    VAULT_UNTIL_ACTIVE,  /* this node is the leader and serves */
    VAULT_UNTIL_SERVING, /* unsealed, and it knows a leader */
};

/* How long to ask. */
struct vault_wait {
    int64_t timeout_ms;
    const struct cancel *cancel; /* may be NULL */
};

/* Ask until it is so; `out` is the last word, also on failure.  -1:
 * ERR_UNAVAILABLE when the time is over, ERR_CANCELLED. */
int vault_wait_ready(struct vault *v, enum vault_until until,
                     const struct vault_wait *wait, struct vault_status *out,
                     struct error *err) MUST_USE;

enum { VAULT_NODES_MAX = 32 };

enum vault_fact { VAULT_NOT_ALLOWED, VAULT_NO, VAULT_YES };

struct vault_node {
    char id[VAULT_NAME_MAX];
    char address[VAULT_ADDRESS_MAX];     /* raft's, host:port */
    char api_address[VAULT_ADDRESS_MAX]; /* "" when not known */
    bool leader;
    bool voter;
    enum vault_fact healthy; /* autopilot's opinion */
    uint64_t last_index;     /* autopilot; 0: not known */
};

/* Each of the three questions may be refused by our policy without that
 * being an error. */
struct vault_nodes {
    bool peers_allowed;      /* sys/storage/raft/configuration */
    bool autopilot_allowed;  /* sys/storage/raft/autopilot/state */
    bool ha_allowed;         /* sys/ha-status: the API addresses */
    enum vault_fact healthy; /* all of it, says autopilot */
    int failure_tolerance;
    size_t count;
    struct vault_node node[VAULT_NODES_MAX];
};

/* With our own login; ask the leader's handle.  0 also when nothing at all
 * was allowed (count 0). */
int vault_nodes_get(struct vault *v, struct vault_nodes *out,
                    struct error *err) MUST_USE;

#endif
