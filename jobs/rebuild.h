/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalog is an index of storage; this makes it again. */
#ifndef ASSAY_JOBS_REBUILD_H
#define ASSAY_JOBS_REBUILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/manifest.h"

struct store;
struct storage;

struct rebuild_options {
    struct store *store;
    struct storage *storage;
    struct manifest_trust trust;
    /* Called for each file that was not taken, with one sentence why; may be
     * NULL. */
    void (*skipped)(void *ctx, const char *key, const char *why);
    void *ctx;
};

struct rebuild_result {
    uint64_t snapshots;   /* manifests that count, new to the catalog or not */
    uint64_t validations; /* likewise */
    uint64_t skipped;     /* unreadable, unsigned, or without an archive */
};

/* Read every manifest in storage and make sure that the catalog has its
 * snapshot, its validations and their newest conclusive verdict.  Adds,
 * never removes; may be repeated.  A verdict counts only with a good
 * signature, and only for the archive (sha256) it speaks about. */
int rebuild_catalog(const struct rebuild_options *o,
                    struct rebuild_result *result, struct error *err) MUST_USE;

#endif
