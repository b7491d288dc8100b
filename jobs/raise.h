/* SPDX-License-Identifier: Apache-2.0
 *
 * What the transient cluster of a validation is made with, and taking down
 * what an earlier life left of one. */
#ifndef ASSAY_JOBS_RAISE_H
#define ASSAY_JOBS_RAISE_H

#include <stddef.h>

#include "jobs/job.h"
#include "store/snapshots.h"
#include "transient/restore.h"
#include "transient/transient.h"

struct keys;
struct proof_unsealed;

struct raise {
    /* For transient_new; points into the settings and into what follows, so
     * both outlive the transient. */
    struct transient_options options;
    struct transient_protected *clusters;
    struct snapshot_row *rows; /* the newest of each: whose cluster ids */
};

/* A copy of what. */
struct raise_what {
    const struct jobs_settings_cluster *cluster;
    const struct snapshot_row *row;
    const struct proof_unsealed *unsealed; /* NULL: nobody could look in */
    const struct keys *keys;               /* NULL: none */
};

/* Everything but events and base_dir.  Never waits: what is known of other
 * clusters is in the catalog.  `out` is zeroed. */
int raise_init(struct raise *out, const struct job *job,
               const struct raise_what *what, struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void raise_done(struct raise *r);

/* What people should know about the copy that was asked; "" for nothing.  It
 * begins with RAISE_AS_ROOT where the copy knew no credential of ours. */
#define RAISE_AS_ROOT "asked as root"
void raise_note(const struct transient_report *report, char *out, size_t size);

/* Take down what `leftovers` of a run of an earlier life name, with what is
 * configured now, the unseal.command included where key shares are needed.
 * Blocks for as long as a driver's `down` does. */
int raise_recover(const struct job_world *world,
                  const struct jobs_settings *settings, const struct run *run,
                  const char *leftovers, struct error *err) MUST_USE;

#endif
