/* SPDX-License-Identifier: Apache-2.0
 *
 * What the transient cluster of a validation is made with, as far as that is
 * configured; also for taking down what an earlier life left. */
#ifndef ASSAY_JOBS_RAISE_H
#define ASSAY_JOBS_RAISE_H

#include "jobs/job.h"
#include "store/snapshots.h"
#include "transient/transient.h"

struct raise {
    /* For transient_new or transient_recover; points into the settings and
     * into what follows, so both outlive the transient. */
    struct transient_options options;
    struct transient_protected *clusters;
    struct snapshot_row *rows; /* the newest of each: whose cluster ids */
};

/* For a copy of `cluster`, unsealed with `keys` (may be NULL).  Never waits:
 * what is known of other clusters is in the catalog.  `out` is zeroed. */
int raise_init(struct raise *out, const struct job_world *world,
               const struct jobs_settings *settings,
               const struct jobs_settings_cluster *cluster,
               struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void raise_done(struct raise *r);

#endif
