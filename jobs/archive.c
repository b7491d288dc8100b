/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/archive.h"

#include <stdio.h>
#include <string.h>

#include "jobs/catalogue.h"
#include "storage/storage.h"

int archive_open(void *archive, struct source *out, struct error *err)
{
    struct archive *a = archive;
    struct storage *storage = a->world->storage;

    if (a->reader != NULL)
        return error_set(err, ERR_INTERNAL, "the archive is open already");
    for (size_t i = 0; i < a->row->copies_count; i++) {
        const struct snapshot_copy *copy = &a->row->copies[i];
        if (strcmp(copy->storage, storage_name(storage)) != 0)
            continue;
        if (storage_reader_open(storage, copy->location, &a->reader, err) != 0)
            return -1;
        *out = storage_reader_source(a->reader);
        return 0;
    }
    return error_set(err, ERR_NOT_FOUND,
                     "snapshot %s has no copy in storage %s", a->row->id,
                     storage_name(storage));
}

void archive_close(void *archive, struct source *source)
{
    struct archive *a = archive;
    (void)source;
    storage_reader_close(a->reader);
    a->reader = NULL;
}

int archive_manifest(const struct job *job, const struct snapshot_row *row,
                     struct manifest_snapshot *out, struct error *err)
{
    struct manifest_trust trust = jobs_settings_trust(job->settings);
    struct catalogue_source from = {.store = job->world->store,
                                    .storage = job->world->storage,
                                    .trust = &trust};
    struct manifest_snapshot m = {0};
    char key[STORAGE_KEY_MAX];
    int rc = -1;

    if (catalogue_key(row, "json", key, err) != 0 ||
        catalogue_read_snapshot(&from, key, &m, err) != 0)
        goto done;
    if (strcmp(m.row.sha256, row->sha256) != 0 ||
        m.row.size_bytes != row->size_bytes) {
        error_set(err, ERR_CORRUPT,
                  "the signed manifest speaks of another archive than the "
                  "catalog");
        goto done;
    }
    *out = m;
    rc = 0;
done:
    if (rc != 0)
        manifest_snapshot_done(&m);
    return rc;
}

int archive_check_manifest(const struct job *job,
                           const struct snapshot_row *row, struct error *err)
{
    struct manifest_snapshot m;

    if (archive_manifest(job, row, &m, err) != 0)
        return -1;
    manifest_snapshot_done(&m);
    return 0;
}

int archive_check_verdict(const struct job *job, const struct snapshot_row *row,
                          struct error *err)
{
    struct manifest_trust trust = jobs_settings_trust(job->settings);
    struct catalogue_source from = {.store = job->world->store,
                                    .storage = job->world->storage,
                                    .trust = &trust};
    struct manifest_validation m = {0};
    char suffix[ID_TEXT_MAX + 8];
    char key[STORAGE_KEY_MAX];
    int rc = -1;

    if (row->verdict != STORE_VALID)
        return error_set(err, ERR_PRECONDITION, "the snapshot is %s",
                         store_verdict_name(row->verdict));
    snprintf(suffix, sizeof(suffix), "%s.json", row->validation_id);
    if (catalogue_key(row, suffix, key, err) != 0 ||
        catalogue_read_validation(&from, key, &m, err) != 0)
        goto done;
    if (m.verdict != STORE_VALID || strcmp(m.sha256, row->sha256) != 0 ||
        strcmp(m.snapshot_id, row->id) != 0 ||
        strcmp(m.run_id, row->validation_id) != 0) {
        error_set(err, ERR_CORRUPT,
                  "the signed validation does not call this archive valid");
        goto done;
    }
    rc = 0;
done:
    manifest_validation_done(&m);
    return rc;
}
