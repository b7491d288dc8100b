/* SPDX-License-Identifier: Apache-2.0
 *
 * The order is what makes a crash at any instant harmless: the run says which
 * keys it will use; the archive gets its final name only when it is whole and
 * on the disk; the manifest follows, and only then the catalog row.  An
 * archive without a manifest is nothing and is removed at the next start; one
 * with a manifest is complete and is catalogued then. */
#include "jobs/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/baseline.h"
#include "jobs/canary.h"
#include "jobs/catalogue.h"
#include "jobs/manifest.h"
#include "snapshot/reader.h"
#include "storage/storage.h"
#include "store/snapshots.h"
#include "vault/raft.h"

/* One backup under way. */
struct backup {
    struct job *job;
    const struct backup_request *request;
    char id[ID_TEXT_MAX];
    int64_t created_ms;
    char key[STORAGE_KEY_MAX];
    char manifest_key[STORAGE_KEY_MAX];
    char inventory_key[STORAGE_KEY_MAX];
    struct baseline baseline;
    struct storage_writer *writer;
    struct snapshot_reader *reader;
    uint64_t bytes;
    struct vault_snapshot_info info;
    struct snapshot_facts facts;
    struct canary_record canary;
    bool archived;   /* the archive has its final name */
    bool manifested; /* so has the manifest */
};

/* Bytes go to the disk and through the reader in the same pass; whichever
 * objects first ends the download. */
static int take_bytes(void *ctx, const void *data, size_t len,
                      struct error *err)
{
    struct backup *b = ctx;
    if (storage_writer_write(b->writer, data, len, err) != 0)
        return -1;
    if (snapshot_reader_push(b->reader, data, len, err) != 0)
        return error_prefix(err, "the archive is not intact");
    b->bytes += len;
    job_progress(b->job, b->bytes, 0, "bytes");
    return 0;
}

static int store_leftovers(struct backup *b, struct error *err)
{
    struct buf text;
    struct jsonw w;
    buf_init(&text, LIMIT_REQUEST_BODY);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    if (b->key[0] != '\0') {
        jsonw_text(&w, "snapshot", b->id);
        jsonw_text(&w, "archive", b->key);
        jsonw_text(&w, "manifest", b->manifest_key);
        jsonw_text(&w, "inventory", b->inventory_key);
    }
    jsonw_text(&w, "work_dir", b->baseline.dir);
    jsonw_bool(&w, "pinned", b->request->pinned);
    jsonw_end_object(&w);
    int rc = buf_check(&text, "the leftovers", err);
    if (rc == 0)
        rc = job_leftovers(b->job, buf_text(&text), err);
    buf_done(&text);
    return rc;
}

/* The archive: all of it, proven intact, under its final name. */
static int download(struct backup *b, struct error *err)
{
    const struct snapshot_reader_options options = {
        .digest_archive = true, .prefixes = true, .helper_thread = true};
    const struct sink sink = {.write = take_bytes, .ctx = b};

    b->reader = snapshot_reader_new(&options);
    if (b->reader == NULL)
        return error_memory(err);
    if (storage_writer_open(b->job->world->storage, b->key, &b->writer, err) !=
        0)
        return -1;
    if (job_phase(b->job, "download", err) != 0)
        return -1;
    if (vault_snapshot_take(b->request->vault, &sink, &b->job->cancel, &b->info,
                            err) != 0)
        return -1;
    if (snapshot_reader_finish(b->reader, &b->facts, err) != 0)
        return error_prefix(err, "the archive is not intact");
    if (job_phase(b->job, "store", err) != 0 || job_check(b->job, err) != 0)
        return -1;
    struct storage_writer *w = b->writer;
    b->writer = NULL;
    if (storage_writer_commit(w, err) != 0)
        return -1;
    b->archived = true;
    return baseline_store(&b->baseline, b->job, b->inventory_key, err);
}

static int fill_row(const struct backup *b, struct snapshot_row *row,
                    struct error *err)
{
    const struct vault_snapshot_info *info = &b->info;
    text_copy(row->id, sizeof(row->id), b->id);
    text_copy(row->cluster, sizeof(row->cluster), b->request->cluster);
    text_copy(row->product, sizeof(row->product),
              vault_product_name(info->product));
    text_copy(row->sha256, sizeof(row->sha256), b->facts.sha256);
    text_copy(row->run_id, sizeof(row->run_id), b->job->run.id);
    if (!text_copy(row->cluster_id, sizeof(row->cluster_id),
                   info->cluster_id) ||
        !text_copy(row->cluster_name, sizeof(row->cluster_name),
                   info->cluster_name) ||
        !text_copy(row->server_version, sizeof(row->server_version),
                   info->version))
        return error_set(err, ERR_UPSTREAM,
                         "the cluster's id, name or version is too long");
    row->created_ms = b->created_ms;
    row->size_bytes = b->facts.size_bytes;
    row->raft_index = b->facts.raft_index;
    row->raft_term = b->facts.raft_term;
    row->entries = b->facts.entries;
    row->state_bytes = b->facts.state_bytes;
    row->pinned = b->request->pinned;
    return catalogue_add_copy(row, b->job->world->storage, err);
}

static int write_manifest(struct backup *b, const struct manifest_snapshot *m,
                          struct error *err)
{
    struct buf text;
    int rc = -1;
    buf_init(&text, LIMIT_MANIFEST);
    if (manifest_write_snapshot(m, b->job->world->signer, &text, err) == 0 &&
        storage_put(b->job->world->storage, b->manifest_key, text.data,
                    text.len, err) == 0) {
        b->manifested = true;
        rc = 0;
    }
    buf_done(&text);
    return rc;
}

/* Manifest, then row: storage is the truth, the catalog its index. */
static int catalogue(struct backup *b, struct error *err)
{
    struct manifest_snapshot m = {.canary = b->canary};
    struct error ignored;
    int rc = -1;

    m.prefixes = calloc(b->facts.prefix_count + 1, sizeof(*m.prefixes));
    if (m.prefixes == NULL) {
        error_memory(err);
        goto done;
    }
    for (size_t i = 0; i < b->facts.prefix_count; i++)
        m.prefixes[i] = (struct snapshot_prefix_row){
            .prefix = b->facts.prefixes[i].prefix,
            .entries = b->facts.prefixes[i].entries,
            .bytes = b->facts.prefixes[i].bytes};
    m.prefixes_count = b->facts.prefix_count;
    m.baseline = b->baseline.facts;
    if (job_phase(b->job, "catalogue", err) != 0 ||
        fill_row(b, &m.row, err) != 0 || write_manifest(b, &m, err) != 0)
        goto done;
    if (snapshots_add(b->job->world->store, &m.row, m.prefixes,
                      m.prefixes_count, err) != 0) {
        error_prefix(err, "the catalog");
        goto done;
    }
    /* The snapshot is there; the manifest says the rest. */
    if (catalogue_canary(b->job->world->store, &m, &ignored) != 0)
        error_clear(&ignored);
    rc = 0;
done:
    free(m.prefixes);
    return rc;
}

/* Nothing may be left of a backup that failed.  What cannot be removed now
 * stays in the run's leftovers. */
static void undo(struct backup *b)
{
    struct storage *storage = b->job->world->storage;
    struct error why = {0};
    int left = 0;
    baseline_done(&b->baseline);
    storage_writer_abort(b->writer);
    b->writer = NULL;
    if (b->manifested && storage_delete(storage, b->manifest_key, &why) != 0)
        left = 1;
    if (b->archived && storage_delete(storage, b->key, &why) != 0)
        left = 1;
    if (b->baseline.facts.sha256[0] != '\0' &&
        storage_delete(storage, b->inventory_key, &why) != 0)
        left = 1;
    if (!left && job_leftovers(b->job, NULL, &why) != 0)
        return;
}

/* When it was taken, and where it will be, from the moment that the cluster
 * is asked for it. */
static int begin(struct backup *b, struct error *err)
{
    b->created_ms = clock_now_ms();
    const struct storage_snapshot whose = {.cluster = b->request->cluster,
                                           .created_at = b->created_ms,
                                           .id = b->id};
    if (storage_key(&whose, "snap", b->key, err) != 0 ||
        storage_key(&whose, "json", b->manifest_key, err) != 0 ||
        storage_key(&whose, "inventory", b->inventory_key, err) != 0)
        return -1;
    return store_leftovers(b, err);
}

static int plan_baseline(struct backup *b, struct error *err)
{
    if (!b->request->baseline)
        return 0;
    if (baseline_plan(&b->baseline, b->job, err) != 0)
        return -1;
    return store_leftovers(b, err);
}

/* A credential gets its entity at its first login.  Were that in a restored
 * copy, the copy would differ from the snapshot. */
static void introduce_prover(const struct job *job, struct vault *primary)
{
    const struct vault_auth_options *auth = job->settings->drivers->auth;
    struct vault *prover = NULL;
    struct error err = {0};

    if (auth == NULL)
        return;
    if (vault_with(primary, auth, &prover, &err) != 0 ||
        vault_login(prover, &err) != 0)
        log_warn("backup %s: transient.auth cannot log in to the cluster, and "
                 "so will hardly be able to in a restored copy: %s",
                 job->run.id, err.text);
    vault_free(prover);
}

int backup_take(struct job *job, const struct backup_request *request,
                char id[ID_TEXT_MAX], struct error *err)
{
    struct backup b = {.job = job, .request = request};
    struct error ignored;
    int rc = -1;

    snapshot_facts_init(&b.facts);
    id_new(b.id);
    introduce_prover(job, request->vault);
    /* The canaries first: they are part of what the baseline sees. */
    if (plan_baseline(&b, err) != 0)
        goto done;
    if (canary_write(job, request->vault, b.id, &b.canary, err) != 0 ||
        baseline_take(&b.baseline, job, request->vault, err) != 0 ||
        begin(&b, err) != 0 || download(&b, err) != 0 ||
        catalogue(&b, err) != 0) {
        undo(&b);
        goto done;
    }
    baseline_done(&b.baseline);
    /* Catalogued: what cannot be said about the run any more is no reason to
     * call the snapshot a failure. */
    if (job_leftovers(job, NULL, &ignored) != 0)
        error_clear(&ignored);
    text_copy(id, ID_TEXT_MAX, b.id);
    rc = 0;
done:
    baseline_done(&b.baseline);
    snapshot_reader_free(b.reader);
    snapshot_facts_done(&b.facts);
    return rc;
}

static int run_backup(struct job *job, struct error *err)
{
    const struct jobs_settings_cluster *cluster =
        jobs_settings_cluster(job->settings, job->run.cluster);
    char id[ID_TEXT_MAX];

    if (cluster == NULL)
        return error_set(err, ERR_INVALID,
                         "the cluster %s is not configured any more",
                         job->run.cluster);
    struct backup_request request = {.cluster = cluster->name,
                                     .vault = cluster->vault,
                                     .baseline = job->settings->baseline};
    if (backup_take(job, &request, id, err) != 0)
        return -1;
    if (runs_set_snapshot(job->world->store, job->run.id, id, err) != 0)
        return error_prefix(err, "the snapshot %s is catalogued, but", id);
    snprintf(job->summary, sizeof(job->summary), "snapshot %s", id);
    return 0;
}

int backup_recover(const struct job_world *world,
                   const struct jobs_settings *settings, const struct run *run,
                   const struct json *leftovers, struct error *err)
{
    const char *archive = json_get_text(leftovers, "archive", NULL);
    const char *manifest = json_get_text(leftovers, "manifest", NULL);
    const char *inventory = json_get_text(leftovers, "inventory", NULL);
    const char *work_dir = json_get_text(leftovers, "work_dir", NULL);
    struct manifest_trust trust = jobs_settings_trust(settings);
    struct catalogue_source from = {
        .store = world->store,
        .storage = world->storage,
        .trust = &trust,
        .pinned = json_get_bool(leftovers, "pinned", false)};
    struct error why = {0};

    if (work_dir != NULL && file_remove_tree(work_dir, err) != 0)
        return -1;
    if (archive == NULL || manifest == NULL)
        return 0;
    if (catalogue_snapshot(&from, manifest, &why) == 0) {
        if (run->kind == RUN_BACKUP)
            return runs_set_snapshot(world->store, run->id,
                                     json_get_text(leftovers, "snapshot", ""),
                                     err);
        return 0;
    }
    /* Only what cannot be a snapshot goes; a database in trouble does not
     * make an archive worthless. */
    if (why.kind != ERR_NOT_FOUND && why.kind != ERR_CORRUPT) {
        if (err != NULL)
            *err = why;
        return -1;
    }
    if (storage_delete(world->storage, manifest, err) != 0 ||
        (inventory != NULL &&
         storage_delete(world->storage, inventory, err) != 0))
        return -1;
    return storage_delete(world->storage, archive, err);
}

const struct job_kind job_backup = {
    .kind = RUN_BACKUP,
    .run = run_backup,
    .recover = backup_recover,
};
