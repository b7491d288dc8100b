/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_catalog.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"
#include "jobs/catalogue.h"
#include "jobs/import.h"
#include "jobs/rebuild.h"
#include "store/store.h"

#define STORAGE_NAME "work"
#define COMMAND_NAME "assay restore"

static int read_keys(struct restore_catalog *c, const struct flag_texts *texts,
                     struct error *err)
{
    c->keys = calloc(texts->count + 1, sizeof(*c->keys));
    if (c->keys == NULL)
        return error_memory(err);
    for (size_t i = 0; i < texts->count; i++)
        if (!text_unhex(texts->items[i], c->keys[i], sizeof(c->keys[i])))
            return error_set(err, ERR_INVALID,
                             "-trusted-key: expected 64 hex digits, as `assay "
                             "evidence key -format=hex` prints them");
    c->keys_count = texts->count;
    return 0;
}

int restore_catalog_open(struct restore_catalog *c, const char *dir,
                         const struct flag_texts *trusted_keys,
                         struct error *err)
{
    char *database = text_format("%s/assay.db", dir);
    char *key = text_format("%s/signing-key.pem", dir);
    int rc = -1;

    c->root = text_format("%s/storage", dir);
    if (database == NULL || key == NULL || c->root == NULL) {
        (void)error_memory(err);
        goto done;
    }
    const struct storage_options storage = {
        .name = STORAGE_NAME, .type = "local", .path = c->root};
    if (read_keys(c, trusted_keys, err) != 0 ||
        store_open(database, &c->store, err) != 0 ||
        store_own(c->store, err) != 0 ||
        signer_open(key, &c->signer, err) != 0 ||
        storage_open(&storage, &c->storage, err) != 0)
        goto done;
    rc = 0;
done:
    free(database);
    free(key);
    return rc;
}

void restore_catalog_close(struct restore_catalog *c)
{
    storage_close(c->storage);
    signer_free(c->signer);
    store_close(c->store);
    free(c->keys);
    free(c->root);
    *c = (struct restore_catalog){.store = NULL};
}

/* Large archives are not copied: what is sent is hashed as it is sent. */
static int link_archive(struct restore_catalog *c,
                        const struct restore_source *source, struct error *err)
{
    const struct storage_snapshot of = {.cluster = source->cluster,
                                        .created_at = source->created_ms,
                                        .id = source->id};
    char key[STORAGE_KEY_MAX];
    char *path = NULL;
    char *slash = NULL;
    int rc = -1;

    if (storage_key(&of, "snap", key, err) != 0)
        return -1;
    path = text_format("%s/%s", c->root, key);
    if (path == NULL)
        return error_memory(err);
    slash = strrchr(path, '/');
    *slash = '\0';
    rc = file_make_dirs(path, 0700, err);
    *slash = '/';
    if (rc == 0 && symlink(source->path, path) != 0)
        rc = error_errno(err, ERR_IO, "cannot link %s", path);
    free(path);
    return rc;
}

struct copy {
    struct restore_catalog *to;
    const struct restore_source *from;
};

/* A signed file beside the archive. */
static int copy_manifest(void *ctx, const char *key,
                         const struct storage_stat *stat, struct error *err)
{
    struct copy *c = ctx;
    const char *slash = strrchr(key, '/');
    struct buf text;
    int rc = 0;

    (void)stat;
    if (slash == NULL || !text_starts(slash + 1, c->from->id) ||
        !text_ends(key, ".json"))
        return 0;
    buf_init(&text, LIMIT_MANIFEST);
    if (storage_get(c->from->storage, key, &text, err) != 0 ||
        storage_put(c->to->storage, key, text.data, text.len, err) != 0)
        rc = -1;
    buf_done(&text);
    return rc;
}

/* What an Assay that is trusted says of it. */
static int read_manifests(struct restore_catalog *c,
                          const struct restore_source *source,
                          struct error *err)
{
    struct copy copy = {.to = c, .from = source};
    const struct rebuild_options options = {
        .store = c->store,
        .storage = c->storage,
        .trust = {.keys = (const uint8_t(*)[32])c->keys,
                  .count = c->keys_count},
    };
    struct rebuild_result result;

    if (source->storage == NULL || c->keys_count == 0)
        return 0;
    if (storage_list(source->storage, "", copy_manifest, &copy, err) != 0)
        return -1;
    return rebuild_catalog(&options, &result, err);
}

/* By what the proof has read in it. */
static int fill_row(const struct restore_source *source,
                    const struct snapshot_proof *proof,
                    struct snapshot_row *row, struct error *err)
{
    const struct identity *who = &proof->contents.identity;
    const struct snapshot_facts *facts = &proof->facts;

    if (proof->keys != UNSEAL_OPENED || who->cluster_id[0] == '\0')
        return error_set(err, ERR_PRECONDITION,
                         "nobody knows whose archive this is: that is under "
                         "its keys (-key-file, -static-key-file), or in a "
                         "manifest of an Assay whose public key you trust "
                         "(-trusted-key, with a folder). %.250s",
                         proof->keys_text);
    *row = (struct snapshot_row){
        .created_ms = source->created_ms,
        .size_bytes = facts->size_bytes,
        .raft_index = facts->raft_index,
        .raft_term = facts->raft_term,
        .entries = facts->entries,
        .state_bytes = facts->state_bytes,
    };
    (void)text_copy(row->id, sizeof(row->id), source->id);
    (void)text_copy(row->cluster, sizeof(row->cluster), source->cluster);
    (void)text_copy(row->cluster_id, sizeof(row->cluster_id), who->cluster_id);
    (void)text_copy(row->cluster_name, sizeof(row->cluster_name),
                    who->cluster_name);
    (void)text_copy(row->product, sizeof(row->product), identity_product(who));
    (void)text_copy(row->server_version, sizeof(row->server_version),
                    who->version);
    (void)text_copy(row->sha256, sizeof(row->sha256), facts->sha256);
    return 0;
}

/* A manifest that nobody trusts makes room for ours. */
static int import_row(struct restore_catalog *c, const struct import *import,
                      struct snapshot_row *row, struct error *err)
{
    char key[STORAGE_KEY_MAX];

    if (catalogue_key(row, "json", key, err) != 0 ||
        storage_delete(c->storage, key, err) != 0)
        return -1;
    return import_snapshot(import, row, err);
}

int restore_catalog_fill(struct restore_catalog *c,
                         const struct restore_source *source,
                         const struct snapshot_proof *proof,
                         struct snapshot_row *row, struct error *err)
{
    const struct import import = {.store = c->store,
                                  .storage = c->storage,
                                  .signer = c->signer,
                                  .by = COMMAND_NAME};
    enum store_verdict verdict;

    if (link_archive(c, source, err) != 0 ||
        read_manifests(c, source, err) != 0)
        return -1;
    if (snapshots_get(c->store, source->id, NULL, row, err) != 0) {
        if (err->kind != ERR_NOT_FOUND ||
            fill_row(source, proof, row, err) != 0 ||
            import_row(c, &import, row, err) != 0)
            return -1;
    }
    if (proof->keys != UNSEAL_OPENED && proof->keys != UNSEAL_BROKEN_KEYRING)
        return 0;
    if (proof->facts.archive_digested &&
        strcmp(proof->facts.sha256, row->sha256) != 0)
        return error_set(err, ERR_CORRUPT,
                         "the signed manifest speaks of another archive: its "
                         "sha256 is not that of %s",
                         source->path);
    if (import_proof(&import, row, proof, &verdict, err) != 0)
        return -1;
    return snapshots_get(c->store, source->id, NULL, row, err);
}

int restore_catalog_path(struct restore_catalog *c, const char *snapshot_id,
                         char out[RESTORE_PATH_MAX], struct error *err)
{
    struct snapshot_row row;
    char key[STORAGE_KEY_MAX];

    if (snapshots_get(c->store, snapshot_id, NULL, &row, err) != 0 ||
        catalogue_key(&row, "snap", key, err) != 0)
        return -1;
    storage_location(c->storage, key, out, RESTORE_PATH_MAX);
    return 0;
}
