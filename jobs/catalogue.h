/* SPDX-License-Identifier: Apache-2.0
 *
 * From signed manifests to catalog rows, one at a time: after a crash, and
 * for the whole storage in rebuild.c. */
#ifndef ASSAY_JOBS_CATALOGUE_H
#define ASSAY_JOBS_CATALOGUE_H

#include <stdbool.h>

#include "base/error.h"
#include "jobs/manifest.h"
#include "storage/storage.h"

struct store;

struct catalogue_source {
    struct store *store;
    struct storage *storage;
    const struct manifest_trust *trust;
    bool pinned; /* a snapshot that is new to the catalog */
};

/* The storage key of one of a snapshot's files, as storage_key. */
int catalogue_key(const struct snapshot_row *row, const char *suffix,
                  char out[STORAGE_KEY_MAX], struct error *err) MUST_USE;

/* Append to `row` where its archive is in this storage: the copy's location
 * is the storage key. */
int catalogue_add_copy(struct snapshot_row *row, const struct storage *storage,
                       struct error *err) MUST_USE;

/* What the manifest says about canaries, for a snapshot that is there. */
int catalogue_canary(struct store *store, const struct manifest_snapshot *m,
                     struct error *err) MUST_USE;

/* Make sure that the catalog has the snapshot of this manifest.
 * ERR_NOT_FOUND: no manifest, or none of the size it says beside it;
 * ERR_CORRUPT: not a manifest, or not at the key it speaks of; ERR_DENIED:
 * no trusted signature; ERR_CONFLICT: another archive has that id. */
int catalogue_snapshot(const struct catalogue_source *from, const char *key,
                       struct error *err) MUST_USE;
/* The same for a validation's manifest: its run, checks, and the verdict of
 * its snapshot, which must be in the catalog with the same sha256. */
int catalogue_validation(const struct catalogue_source *from, const char *key,
                         struct error *err) MUST_USE;

/* Read and verify one; the caller releases *out. */
int catalogue_read_snapshot(const struct catalogue_source *from,
                            const char *key, struct manifest_snapshot *out,
                            struct error *err) MUST_USE;
int catalogue_read_validation(const struct catalogue_source *from,
                              const char *key, struct manifest_validation *out,
                              struct error *err) MUST_USE;

#endif
