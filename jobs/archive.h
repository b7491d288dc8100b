/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalogued snapshot's archive, opened where its first copy lies. */
#ifndef ASSAY_JOBS_ARCHIVE_H
#define ASSAY_JOBS_ARCHIVE_H

#include "base/error.h"
#include "base/stream.h"
#include "jobs/job.h"
#include "jobs/manifest.h"
#include "store/snapshots.h"

struct storage_reader;

/* Plain data; one thread. */
struct archive {
    const struct job_world *world;
    const struct snapshot_row *row;
    struct storage_reader *reader; /* while it is open */
};

/* From the first byte; once at a time.  The shapes that proof/ wants. */
int archive_open(void *archive, struct source *out, struct error *err) MUST_USE;
void archive_close(void *archive, struct source *source);

/* The snapshot's own manifest: signed by somebody trusted, and of this very
 * archive.  The caller releases *out; errors as below. */
int archive_manifest(const struct job *job, const struct snapshot_row *row,
                     struct manifest_snapshot *out, struct error *err) MUST_USE;
/* That the snapshot's own manifest is signed by somebody trusted and speaks
 * of this very archive (sha256, size).  ERR_DENIED, ERR_NOT_FOUND or
 * ERR_CORRUPT says what is wrong. */
int archive_check_manifest(const struct job *job,
                           const struct snapshot_row *row,
                           struct error *err) MUST_USE;
/* The same for the validation behind the catalog's verdict: that it is
 * signed, and says `valid` about this archive. */
int archive_check_verdict(const struct job *job, const struct snapshot_row *row,
                          struct error *err) MUST_USE;

#endif
