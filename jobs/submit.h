/* SPDX-License-Identifier: Apache-2.0
 *
 * How a request becomes a run. */
#ifndef ASSAY_JOBS_SUBMIT_H
#define ASSAY_JOBS_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/runs.h"

struct jobs;

/* Who asks.  Texts may be NULL. */
struct jobs_caller {
    const char *display_name;
    const char *entity_id;
    const char *requester_key; /* keyed hash of the token, hex */
    const char *idempotency_key;
};

/* Texts may be NULL for the default.  `cluster`: the only one, if there is
 * just one.  `snapshot`: an id, "latest" or "latest-valid". */
struct jobs_backup_request {
    const char *cluster;
};

struct jobs_validation_request {
    const char *cluster;  /* narrows `snapshot` down */
    const char *snapshot; /* NULL: "latest" */
    const char *driver;   /* NULL: as configured */
    const char *oracle;   /* NULL: as configured */
};

struct jobs_restore_request {
    const char *snapshot; /* required; "latest-valid" is fine */
    const char *target;   /* a cluster; NULL: the snapshot's own */
    bool dry_run;
    bool force; /* the target's identity and keys are not the
                   snapshot's: snapshot-force */
    /* Names of findings that are to be no blockers: plan_overridable. */
    const char *const *overrides;
    size_t overrides_count;
    const char *reason; /* required with `overrides` */
};

struct jobs_submitted {
    struct run run; /* to be released with run_done */
    bool existing;  /* the same request was made before: that run */
};

/* Check against catalog and configuration, then runs_create (its errors and
 * its meaning of `existing`).
 *
 * ERR_INVALID names the field; ERR_NOT_FOUND a snapshot that is not there;
 * ERR_PRECONDITION a restore of what is not `valid`, is not the way back from
 * a restore of the target, and has no override (a dry run may be asked for all
 * the same: its plan says so). */
int jobs_submit_backup(struct jobs *j, const struct jobs_backup_request *r,
                       const struct jobs_caller *who,
                       struct jobs_submitted *out, struct error *err) MUST_USE;
int jobs_submit_validation(struct jobs *j,
                           const struct jobs_validation_request *r,
                           const struct jobs_caller *who,
                           struct jobs_submitted *out,
                           struct error *err) MUST_USE;
int jobs_submit_restore(struct jobs *j, const struct jobs_restore_request *r,
                        const struct jobs_caller *who,
                        struct jobs_submitted *out, struct error *err) MUST_USE;

#endif
