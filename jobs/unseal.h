/* SPDX-License-Identifier: Apache-2.0
 *
 * How key holders hand in their shares, each his own, while a run waits for
 * them: as to sys/unseal.  Any thread; memory only, apart from a commit of
 * the run's progress. */
#ifndef ASSAY_JOBS_UNSEAL_H
#define ASSAY_JOBS_UNSEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "store/runs.h"
#include "vault/status.h"

struct jobs;

struct jobs_unseal_view {
    bool sealed;             /* a validation's: false once there are enough,
                                and right; a restore's: as long as it waits */
    unsigned threshold;      /* shares that are needed */
    unsigned shares;         /* into which the key is split */
    unsigned progress;       /* handed in by now */
    char nonce[ID_TEXT_MAX]; /* of this attempt; "" before its first share */
    int64_t deadline_ms;     /* Unix; then the run goes on without */
};

/* False when no run of that id waits for shares. */
bool jobs_unseal_view(struct jobs *j, const char *run_id,
                      struct jobs_unseal_view *out);

/* A node of the target of a restore that waits for it to be unsealed. */
struct jobs_unseal_node {
    char id[VAULT_NAME_MAX]; /* "" when not known */
    char address[VAULT_ADDRESS_MAX];
    bool answers;
    bool sealed;
    unsigned threshold, shares, progress; /* as its seal-status has them */
    char advice[256];                     /* what to do there, or "" */
};

struct jobs_unseal_nodes {
    size_t count;
    struct jobs_unseal_node node[VAULT_NODES_MAX];
};

/* False when no restore of that id waits for its target. */
bool jobs_unseal_nodes(struct jobs *j, const char *run_id,
                       struct jobs_unseal_nodes *out);

struct jobs_unseal_share {
    const char *run_id;
    enum run_kind kind; /* a run of another kind does not wait */
    const char *key;    /* NULL: none, only with `reset` */
    bool reset;         /* forget those handed in before */
};

/* Take one share.  With the last one they are tried at once: the right ones
 * let the run continue (a restore gives them to every sealed node), for wrong
 * ones all are forgotten and it goes on waiting (ERR_INVALID, in Vault's
 * words).
 *
 * ERR_NOT_FOUND when no run of that id waits, whatever the reason: the caller
 * is a stranger.  ERR_TOO_MANY when there were too many calls; nothing was
 * looked at. */
int jobs_unseal(struct jobs *j, const struct jobs_unseal_share *share,
                struct jobs_unseal_view *out, struct error *err) MUST_USE;

#endif
