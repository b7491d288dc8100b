/* SPDX-License-Identifier: Apache-2.0
 *
 * The cluster that a restore goes to, looked at before anything is sent. */
#ifndef ASSAY_JOBS_TARGET_H
#define ASSAY_JOBS_TARGET_H

#include <stdbool.h>

#include "base/error.h"
#include "jobs/job.h"
#include "jobs/plan.h"
#include "store/snapshots.h"
#include "vault/status.h"
#include "vault/vault.h"

struct target {
    const struct job *job;
    const struct snapshot_row *row; /* what is to be restored */
    struct vault *vault;            /* as configured */
    struct vault *restorer;         /* the same, as who may restore */
    bool force;
    struct vault *leader;       /* NULL: not found */
    struct vault_status status; /* the leader's */
    struct vault_nodes nodes;   /* the cluster before the restore */
};

/* Whether it is another cluster than the snapshot's; once examined. */
bool target_foreign(const struct target *t);
/* Fill in leader, status and nodes, and say in the plan what was found. */
void target_examine(struct target *t, struct plan *plan);
/* The part of it about the raft peers: `nodes`, `voters`, `autopilot`. */
void target_examine_nodes(struct target *t, struct plan *plan);
/* Whether the archive arrives before the listener's read timeout, at so many
 * bytes a second; `how` says where that figure is from. */
void target_estimate(const struct target *t, uint64_t bytes_per_second,
                     const char *how, struct plan *plan);
/* The leader as who restores it; the caller frees it. */
int target_sender(const struct target *t, struct vault **out,
                  struct error *err) MUST_USE;
/* Frees the leader's handle; accepts a zeroed one. */
void target_done(struct target *t);

#endif
