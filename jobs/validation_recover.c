/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "jobs/catalogue.h"
#include "jobs/raise.h"
#include "jobs/validation.h"
#include "proof/oracle.h"

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
        raise_recover(world, settings, run, transient, err) != 0)
        return -1;
    if (work_dir != NULL && (oracle_end_strays(work_dir, err) != 0 ||
                             file_remove_tree(work_dir, err) != 0))
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
