/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/catalogue.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/checks.h"
#include "store/runs.h"
#include "store/snapshots.h"

int catalogue_key(const struct snapshot_row *row, const char *suffix,
                  char out[STORAGE_KEY_MAX], struct error *err)
{
    return storage_key(&(struct storage_snapshot){.cluster = row->cluster,
                                                  .created_at = row->created_ms,
                                                  .id = row->id},
                       suffix, out, err);
}

/* A manifest lies where its content says it belongs: one copied to another
 * place would pass an old archive off as another. */
static int check_place(const char *key, const struct snapshot_row *row,
                       const char *suffix, struct error *err)
{
    char expected[STORAGE_KEY_MAX];
    if (catalogue_key(row, suffix, expected, err) != 0) {
        err->kind = ERR_CORRUPT;
        return -1;
    }
    if (strcmp(key, expected) != 0)
        return error_set(err, ERR_CORRUPT,
                         "the manifest speaks of %s, not of its own place",
                         expected);
    return 0;
}

int catalogue_add_copy(struct snapshot_row *row, const struct storage *storage,
                       struct error *err)
{
    struct snapshot_copy *copy = &row->copies[row->copies_count];
    char key[STORAGE_KEY_MAX];
    if (row->copies_count >= SNAPSHOTS_COPIES_MAX)
        return error_set(err, ERR_TOO_LARGE, "a snapshot has %d copies at most",
                         SNAPSHOTS_COPIES_MAX);
    if (catalogue_key(row, "snap", key, err) != 0)
        return -1;
    if (!text_copy(copy->storage, sizeof(copy->storage),
                   storage_name(storage)) ||
        !text_copy(copy->location, sizeof(copy->location), key))
        return error_set(err, ERR_INVALID, "the storage's name is too long");
    copy->verified_ms = clock_now_ms();
    row->copies_count++;
    return 0;
}

int catalogue_read_snapshot(const struct catalogue_source *from,
                            const char *key, struct manifest_snapshot *out,
                            struct error *err)
{
    struct manifest_snapshot m = {0};
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_MANIFEST);
    if (storage_get(from->storage, key, &text, err) != 0 ||
        manifest_read_snapshot(&text, from->trust, &m, err) != 0)
        goto done;
    if (check_place(key, &m.row, "json", err) != 0)
        goto done;
    *out = m;
    m = (struct manifest_snapshot){0};
    rc = 0;
done:
    manifest_snapshot_done(&m);
    buf_done(&text);
    return rc;
}

int catalogue_canary(struct store *store, const struct manifest_snapshot *m,
                     struct error *err)
{
    struct canary_row row;

    canary_record_row(&m->canary, &row);
    return canaries_set(store, m->row.id, &row, err);
}

int catalogue_snapshot(const struct catalogue_source *from, const char *key,
                       struct error *err)
{
    struct manifest_snapshot m = {0};
    struct storage_stat stat;
    int rc = -1;

    if (catalogue_read_snapshot(from, key, &m, err) != 0)
        goto done;
    m.row.pinned = from->pinned;
    if (catalogue_add_copy(&m.row, from->storage, err) != 0)
        goto done;
    if (storage_stat(from->storage, m.row.copies[0].location, &stat, err) != 0)
        goto done;
    if (stat.size != m.row.size_bytes) {
        error_set(err, ERR_NOT_FOUND,
                  "the archive has %llu bytes, its manifest says %llu",
                  (unsigned long long)stat.size,
                  (unsigned long long)m.row.size_bytes);
        goto done;
    }
    if (snapshots_add(from->store, &m.row, m.prefixes, m.prefixes_count, err) !=
        0)
        goto done;
    rc = catalogue_canary(from->store, &m, err);
done:
    manifest_snapshot_done(&m);
    return rc;
}

int catalogue_read_validation(const struct catalogue_source *from,
                              const char *key, struct manifest_validation *out,
                              struct error *err)
{
    struct manifest_validation m = {0};
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_MANIFEST);
    if (storage_get(from->storage, key, &text, err) != 0 ||
        manifest_read_validation(&text, from->trust, &m, err) != 0)
        goto done;
    *out = m;
    m = (struct manifest_validation){0};
    rc = 0;
done:
    manifest_validation_done(&m);
    buf_done(&text);
    return rc;
}

/* The archive that this validation speaks about, as the catalog knows it. */
static int find_subject(const struct catalogue_source *from, const char *key,
                        const struct manifest_validation *m, struct error *err)
{
    struct snapshot_row row;
    char suffix[ID_TEXT_MAX + 8];

    if (snapshots_get(from->store, m->snapshot_id, NULL, &row, err) != 0)
        return -1;
    snprintf(suffix, sizeof(suffix), "%s.json", m->run_id);
    if (check_place(key, &row, suffix, err) != 0)
        return -1;
    if (strcmp(row.sha256, m->sha256) != 0)
        return error_set(err, ERR_CORRUPT,
                         "the validation speaks of another archive: its "
                         "sha256 is not that of snapshot %s",
                         row.id);
    return 0;
}

static void fill_run(const struct manifest_validation *m, struct run *run)
{
    run->kind = RUN_VALIDATION;
    run->status = RUN_SUCCEEDED;
    run->verdict = m->verdict;
    run->created_ms = m->created_ms;
    run->started_ms = m->started_ms;
    run->finished_ms = m->finished_ms;
    run->restore_ms = m->restore_ms;
    run->basis = m->basis;
    text_copy(run->id, sizeof(run->id), m->run_id);
    text_copy(run->cluster, sizeof(run->cluster), m->cluster);
    text_copy(run->driver, sizeof(run->driver), m->driver);
    text_copy(run->oracle, sizeof(run->oracle), m->oracle);
    text_copy(run->snapshot_id, sizeof(run->snapshot_id), m->snapshot_id);
    text_copy(run->display_name, sizeof(run->display_name), m->requested_by);
    text_copy(run->entity_id, sizeof(run->entity_id), m->entity_id);
}

int catalogue_validation(const struct catalogue_source *from, const char *key,
                         struct error *err)
{
    struct manifest_validation m = {0};
    struct run run = {0};
    int rc = -1;

    if (catalogue_read_validation(from, key, &m, err) != 0 ||
        find_subject(from, key, &m, err) != 0)
        goto done;
    fill_run(&m, &run);
    if (runs_import(from->store, &run, err) != 0 ||
        runs_import_phases(from->store, run.id, &m.phases, err) != 0 ||
        checks_save(from->store, m.run_id, m.checks, m.checks_count, err) != 0)
        goto done;
    rc = snapshots_set_verdict(from->store,
                               &(struct snapshot_judgement){
                                   .id = m.snapshot_id,
                                   .verdict = m.verdict,
                                   .at_ms = m.finished_ms,
                                   .validation_id = m.run_id,
                               },
                               err);
done:
    manifest_validation_done(&m);
    return rc;
}
