/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/signer.h"
#include "cli/flags.h"
#include "cli/settings.h"
#include "jobs/rebuild.h"
#include "storage/storage.h"
#include "store/snapshots.h"
#include "store/store.h"

struct catalog {
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    uint8_t (*keys)[32]; /* ours first, then the trusted ones */
    size_t keys_count;
};

static int open_store(struct catalog *c, const struct config *config,
                      struct error *err)
{
    char *path = settings_data_path(config, "assay.db");
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    if (file_make_dirs(config->data_dir, 0700, err) == 0)
        rc = store_open(path, &c->store, err);
    free(path);
    return rc;
}

static int open_keys(struct catalog *c, const struct config *config,
                     struct error *err)
{
    char *path = settings_data_path(config, "signing-key.pem");
    uint8_t(*trusted)[32] = NULL;
    size_t count = 0;
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    if (signer_open(path, &c->signer, err) != 0 ||
        settings_trusted_keys(config, &trusted, &count, err) != 0)
        goto done;
    c->keys = calloc(count + 1, sizeof(*c->keys));
    if (c->keys == NULL) {
        (void)error_memory(err);
        goto done;
    }
    signer_public_key(c->signer, c->keys[0]);
    if (count > 0)
        memcpy(c->keys[1], trusted, count * sizeof(*trusted));
    c->keys_count = count + 1;
    rc = 0;
done:
    free(trusted);
    free(path);
    return rc;
}

static void catalog_done(struct catalog *c)
{
    free(c->keys);
    signer_free(c->signer);
    storage_close(c->storage);
    store_close(c->store);
}

static void print_skipped(void *ctx, const char *key, const char *why)
{
    (void)ctx;
    fprintf(stderr, "skipped %s: %s\n", key, why);
}

static int rebuild(struct catalog *c, const struct config *config,
                   struct error *err)
{
    const struct storage_options storage = settings_storage(config);
    struct rebuild_options options = {.skipped = print_skipped};
    struct rebuild_result result = {0};

    if (open_store(c, config, err) != 0)
        return -1;
    if (store_own(c->store, err) != 0)
        return error_prefix(err, "stop the server first");
    if (storage_open(&storage, &c->storage, err) != 0 ||
        open_keys(c, config, err) != 0)
        return -1;
    options.store = c->store;
    options.storage = c->storage;
    options.trust.keys = (const uint8_t(*)[32])c->keys;
    options.trust.count = c->keys_count;
    if (rebuild_catalog(&options, &result, err) != 0)
        return -1;
    printf("%" PRIu64 " snapshots, %" PRIu64 " validations, %" PRIu64
           " files skipped\n",
           result.snapshots, result.validations, result.skipped);
    return 0;
}

static int check(struct catalog *c, const struct config *config,
                 struct error *err)
{
    const struct snapshots_filter all = {.verdict = -1};
    uint64_t count = 0;

    if (open_store(c, config, err) != 0 || store_check(c->store, err) != 0 ||
        snapshots_count(c->store, &all, &count, err) != 0)
        return -1;
    printf("The catalog is sound: %" PRIu64 " snapshots.\n", count);
    return 0;
}

int cli_catalog(int argc, char **argv)
{
    struct settings_flags source = {.offline = true};
    const struct flag flags[] = {
        {"config", FLAG_TEXT, &source.file, "FILE",
         "configuration, JSON with comments; else $ASSAY_CONFIG"},
        {"dev", FLAG_BOOL, &source.dev, NULL, "as `assay server -dev` sees it"},
        {0}};
    const struct flags_usage usage = {
        .usage = "assay catalog check|rebuild [-config=FILE] [-dev]",
        .about = "check    read all of the catalog and say whether it is "
                 "sound\n"
                 "rebuild  read the signed manifests in storage and make sure "
                 "that the catalog\n"
                 "         has what they say; adds, never removes",
        .flags = flags};
    struct config *config = NULL;
    struct catalog c = {0};
    struct error err = {0};
    int count = 0;
    int rc = flags_command(&usage, argc, argv, &count);

    if (rc != 0)
        return rc > 0 ? 0 : 2;
    if (count != 1 ||
        (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "rebuild") != 0)) {
        fprintf(stderr, "Usage: %s\n", usage.usage);
        return 2;
    }
    if (settings_load(&source, &config) != 0)
        return 1;
    rc = strcmp(argv[1], "check") == 0 ? check(&c, config, &err)
                                       : rebuild(&c, config, &err);
    if (rc != 0)
        fprintf(stderr, "%s\n", err.text);
    catalog_done(&c);
    config_free(config);
    return rc == 0 ? 0 : 1;
}
