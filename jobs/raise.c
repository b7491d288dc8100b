/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/raise.h"

#include <stdio.h>
#include <stdlib.h>

#include "jobs/shares.h"
#include "proof/unsealed.h"
#include "snapshot/reader.h"
#include "transient/keys.h"

static int know_clusters(struct raise *out, const struct job_world *world,
                         const struct jobs_settings *settings,
                         struct error *err)
{
    size_t count = settings->clusters_count;

    out->clusters = calloc(count + 1, sizeof(*out->clusters));
    out->rows = calloc(count + 1, sizeof(*out->rows));
    if (out->clusters == NULL || out->rows == NULL)
        return error_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct jobs_settings_cluster *c = &settings->clusters[i];
        struct error none;
        bool seen = snapshots_get(world->store, "latest", c->name,
                                  &out->rows[i], &none) == 0;
        out->clusters[i] = (struct transient_protected){
            .name = c->name,
            .vault = c->vault,
            .cluster_id = seen ? out->rows[i].cluster_id : NULL,
        };
    }
    return 0;
}

/* What `existing` keeps of the scratch cluster. */
static int is_intact(const struct source *archive, const struct cancel *cancel,
                     struct error *err)
{
    struct snapshot_facts facts;

    if (snapshot_read_source(archive, NULL, cancel, &facts, err) != 0)
        return -1;
    snapshot_facts_done(&facts);
    return 0;
}

int raise_init(struct raise *out, const struct job *job,
               const struct raise_what *what, struct error *err)
{
    const struct jobs_settings *s = job->settings;
    const struct unseal_config *seal = proof_unsealed_seal(what->unsealed);

    if (know_clusters(out, job->world, s, err) != 0)
        return -1;
    out->options = (struct transient_options){
        .driver = job->run.driver[0] == '\0' ? s->driver : job->run.driver,
        .product = what->row->product,
        .version = what->row->server_version,
        .server = s->server,
        .no_isolation = s->no_isolation,
        .helper = s->helper,
        .process = s->process,
        .seal_type = seal == NULL ? NULL : seal->type,
        .state_bytes = what->row->state_bytes,
        .drivers = s->drivers,
        .cluster_id = what->row->cluster_id,
        .clusters = out->clusters,
        .clusters_count = s->clusters_count,
        .primary = what->cluster->vault,
        .keys = what->keys,
        .intact = is_intact,
        .cancel = &job->cancel,
    };
    if (seal != NULL)
        out->options.seal = (struct transient_shares){
            (unsigned)seal->shares, (unsigned)seal->threshold};
    return 0;
}

void raise_done(struct raise *r)
{
    free(r->clusters);
    free(r->rows);
    *r = (struct raise){.clusters = NULL};
}

void raise_note(const struct transient_report *report, char *out, size_t size)
{
    bool both = report->root_login && report->containment[0] != '\0';

    snprintf(out, size, "%s%s%s", report->root_login ? RAISE_AS_ROOT : "",
             both ? "; " : "", report->containment);
}

/* Of several files those that can be read may be enough. */
static struct keys *readable_keys(const struct jobs_settings_cluster *c)
{
    struct keys *keys = keys_new();
    struct error ignored;

    for (size_t i = 0; keys != NULL && c != NULL && i < c->key_files_count; i++)
        if (keys_add_file(keys, c->key_files[i], &ignored) != 0)
            continue;
    return keys;
}

/* Those that cannot be had are missed by whoever needs them: then `why`. */
static int recall_keys(const struct jobs_settings_cluster *c, struct keys **out,
                       struct error *why, struct error *err)
{
    *out = NULL;
    if (c == NULL)
        (void)error_set(why, ERR_PRECONDITION,
                        "its cluster is not configured any more");
    else if (shares_read(c, NULL, out, why, err) != 0)
        return -1;
    if (*out == NULL)
        *out = readable_keys(c);
    return *out == NULL ? error_memory(err) : 0;
}

int raise_recover(const struct job_world *world,
                  const struct jobs_settings *settings, const struct run *run,
                  const char *leftovers, struct error *err)
{
    const struct jobs_settings_cluster *c =
        jobs_settings_cluster(settings, run->cluster);
    struct raise known = {.clusters = NULL};
    struct transient_options o = {
        .drivers = settings->drivers,
        .primary = c == NULL ? NULL : c->vault,
    };
    struct keys *keys = NULL;
    struct error why = {0};
    int rc = -1;

    if (know_clusters(&known, world, settings, err) != 0 ||
        (transient_recover_needs_keys(leftovers) &&
         recall_keys(c, &keys, &why, err) != 0))
        goto done;
    o.keys = keys;
    o.clusters = known.clusters;
    o.clusters_count = settings->clusters_count;
    rc = transient_recover(leftovers, &o, err);
    if (rc != 0 && why.kind != ERR_NONE)
        error_prefix(err, "without the cluster's key shares (%.150s)",
                     why.text);
done:
    raise_done(&known);
    keys_free(keys);
    return rc;
}
