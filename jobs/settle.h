/* SPDX-License-Identifier: Apache-2.0
 *
 * After the POST of a restore: 204 promises nothing, and neither does its
 * absence. */
#ifndef ASSAY_JOBS_SETTLE_H
#define ASSAY_JOBS_SETTLE_H

#include "base/error.h"
#include "jobs/job.h"
#include "jobs/target.h"
#include "vault/marker.h"
#include "vault/raft.h"

struct settle {
    struct job *job;
    const struct target *target;
    const struct vault_marker *marker; /* made just before */
    const char *safety;                /* the safety snapshot; "": none */
    enum vault_restore_outcome sent;
};

/* The POST was refused, or broke off before its end: the cluster is as it
 * was.  Says so in `err`, and in the run's outcome. */
void settle_unsent(const struct settle *s, struct error *err);

/* Prove that the archive was applied, wherever the leader is by now; wait for
 * key holders where a node is sealed (jobs/after_unseal.h); wait until every
 * node known before is there, unsealed and has what the leader has; log in
 * again; compare with the snapshot's baseline.  The run goes through
 * `awaiting_unseal` and `verifying`, and its outcome is stored
 * (jobs/after_outcome.h).  Blocks for settle_ms, or await_unseal_ms as long
 * as a node is sealed.
 *
 * -1: `err` says what state the cluster is in and which request leads back.
 * Nothing is sent again, whatever happens. */
int settle_wait(const struct settle *s, struct error *err) MUST_USE;

#endif
