/* SPDX-License-Identifier: Apache-2.0
 *
 * The baseline of a snapshot: an inventory of the primary (names, versions,
 * times, keyed hashes), beside the archive as `<id>.inventory`, its digest in
 * the signed manifest.
 *
 * It is taken just before the snapshot: the server fixes what the archive
 * holds when it is asked for it, so that what may change in between is only
 * what changes during the walk, and not during a long download as well; and
 * an archive never waits, without its manifest, for a walk to end. */
#ifndef ASSAY_JOBS_BASELINE_H
#define ASSAY_JOBS_BASELINE_H

#include "base/error.h"
#include "jobs/job.h"
#include "jobs/manifest.h"

/* Plain data; to be zeroed.  Paths are malloc'd. */
struct baseline {
    char *dir;  /* private, of this run; NULL: none is wanted */
    char *path; /* NULL: it was not taken */
    struct manifest_baseline facts;
};

/* Where it will be worked on, for the run's leftovers; nothing is made. */
int baseline_plan(struct baseline *b, const struct job *job,
                  struct error *err) MUST_USE;
/* Walk the cluster.  A baseline that cannot be had is no reason to have no
 * snapshot: 0, facts.missing says why, and the log.  -1: cancelled, or no
 * phase could be stored.  Does nothing when none is wanted. */
int baseline_take(struct baseline *b, struct job *job, struct vault *vault,
                  struct error *err) MUST_USE;
/* Into storage under `key`; then facts has its digest and size.  0 also when
 * that failed, as above. */
int baseline_store(struct baseline *b, const struct job *job, const char *key,
                   struct error *err) MUST_USE;
/* Removes what it worked on.  Accepts a zeroed one. */
void baseline_done(struct baseline *b);

/* Copies the stored baseline to the file `path`, verified against `facts`:
 * ERR_CORRUPT when it is another.  ERR_NOT_FOUND when it is gone. */
int baseline_fetch(const struct job_world *world, const char *key,
                   const struct manifest_baseline *facts, const char *path,
                   struct error *err) MUST_USE;

#endif
