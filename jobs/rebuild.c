/* SPDX-License-Identifier: Apache-2.0
 *
 * Two passes over the storage: first every snapshot, then every validation,
 * which needs its snapshot to be there. */
#include "jobs/rebuild.h"

#include <assert.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "jobs/catalogue.h"
#include "storage/storage.h"

struct rebuild {
    const struct rebuild_options *options;
    struct catalogue_source from;
    struct rebuild_result *result;
    bool validations; /* which pass */
};

/* "<id>.json" and "<id>.<run>.json" by their shape. */
static bool is_snapshot_name(const char *name)
{
    return strlen(name) == ID_TEXT_MAX - 1 + strlen(".json");
}

static bool is_validation_name(const char *name)
{
    return strlen(name) == 2 * (ID_TEXT_MAX - 1) + strlen("..json");
}

/* What is wrong with one file must not stop the others; what is wrong with
 * the catalog or the disk must. */
static bool is_about_the_file(const struct error *err)
{
    return err->kind == ERR_CORRUPT || err->kind == ERR_DENIED ||
           err->kind == ERR_NOT_FOUND || err->kind == ERR_CONFLICT ||
           err->kind == ERR_TOO_LARGE || err->kind == ERR_INVALID;
}

static int rebuild_one(void *ctx, const char *key,
                       const struct storage_stat *stat, struct error *err)
{
    struct rebuild *r = ctx;
    const char *slash = strrchr(key, '/');
    const char *name = slash == NULL ? key : slash + 1;
    struct error why = {0};
    int rc;

    (void)stat;
    if (!text_ends(name, ".json"))
        return 0;
    if (r->validations ? !is_validation_name(name) : !is_snapshot_name(name))
        return 0;
    rc = r->validations ? catalogue_validation(&r->from, key, &why)
                        : catalogue_snapshot(&r->from, key, &why);
    if (rc == 0) {
        if (r->validations)
            r->result->validations++;
        else
            r->result->snapshots++;
        return 0;
    }
    if (!is_about_the_file(&why)) {
        if (err != NULL)
            *err = why;
        return -1;
    }
    r->result->skipped++;
    if (r->options->skipped != NULL)
        r->options->skipped(r->options->ctx, key, why.text);
    return 0;
}

int rebuild_catalog(const struct rebuild_options *o,
                    struct rebuild_result *result, struct error *err)
{
    assert(o != NULL && o->store != NULL && o->storage != NULL &&
           result != NULL);
    struct rebuild r = {
        .options = o,
        .from = {.store = o->store, .storage = o->storage, .trust = &o->trust},
        .result = result,
    };
    *result = (struct rebuild_result){0};
    if (storage_list(o->storage, "", rebuild_one, &r, err) != 0)
        return -1;
    r.validations = true;
    return storage_list(o->storage, "", rebuild_one, &r, err);
}
