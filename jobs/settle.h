/* SPDX-License-Identifier: Apache-2.0
 *
 * After the POST of a restore: 204 promises nothing. */
#ifndef ASSAY_JOBS_SETTLE_H
#define ASSAY_JOBS_SETTLE_H

#include <stdbool.h>

#include "base/error.h"
#include "jobs/job.h"
#include "jobs/target.h"
#include "vault/marker.h"

struct settle {
    struct job *job;
    const struct target *target;
    const struct vault_marker *marker; /* made just before */
    bool doubtful; /* the connection broke: it may not have arrived */
};

/* Prove that the archive was applied, wait for key holders where the cluster
 * sealed itself, log in again, wait until every node known before is there,
 * unsealed and has what the leader has.  The run goes through
 * `awaiting_unseal` and `verifying`.  Blocks for settle_ms, or
 * await_unseal_ms when sealed.
 *
 * -1: `err` says what state the cluster is in.  Nothing is sent again,
 * whatever happens. */
int settle_wait(const struct settle *s, struct error *err) MUST_USE;

#endif
