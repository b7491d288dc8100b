/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "jobs/catalogue.h"
#include "jobs/raise.h"
#include "jobs/validation.h"
#include "transient/keys.h"
#include "transient/transient.h"

/* With what is configured now.  A key file that cannot be read is missed by
 * whoever needs it. */
static int recover_transient(const struct job_world *world,
                             const struct jobs_settings *settings,
                             const struct run *run, const char *leftovers,
                             struct error *err)
{
    const struct jobs_settings_cluster *c =
        jobs_settings_cluster(settings, run->cluster);
    struct keys *keys = keys_new();
    struct raise raise = {.clusters = NULL};
    int rc = -1;

    if (keys == NULL)
        return error_memory(err);
    for (size_t i = 0; c != NULL && i < c->key_files_count; i++) {
        struct error ignored;
        if (keys_add_file(keys, c->key_files[i], &ignored) != 0)
            continue;
    }
    if (raise_init(&raise, world, settings, c, err) == 0) {
        raise.options.keys = keys;
        rc = transient_recover(leftovers, &raise.options, err);
    }
    raise_done(&raise);
    keys_free(keys);
    return rc;
}

int validation_recover(const struct job_world *world,
                       const struct jobs_settings *settings,
                       const struct run *run, const struct json *leftovers,
                       struct error *err)
{
    const char *transient = json_get_text(leftovers, "transient", NULL);
    const char *work_dir = json_get_text(leftovers, "work_dir", NULL);
    const char *manifest = json_get_text(leftovers, "manifest", NULL);
    struct manifest_trust trust = jobs_settings_trust(settings);
    struct catalogue_source from = {
        .store = world->store, .storage = world->storage, .trust = &trust};
    struct error why = {0};

    if (transient != NULL &&
        recover_transient(world, settings, run, transient, err) != 0)
        return -1;
    if (work_dir != NULL && file_remove_tree(work_dir, err) != 0)
        return -1;
    /* Concluded and signed, but the catalog was not told. */
    if (manifest != NULL && catalogue_validation(&from, manifest, &why) != 0 &&
        why.kind != ERR_NOT_FOUND && why.kind != ERR_CORRUPT &&
        why.kind != ERR_DENIED) {
        if (err != NULL)
            *err = why;
        return -1;
    }
    return 0;
}
