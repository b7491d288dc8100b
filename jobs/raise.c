/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/raise.h"

#include <stdlib.h>

int raise_init(struct raise *out, const struct job_world *world,
               const struct jobs_settings *settings,
               const struct jobs_settings_cluster *cluster, struct error *err)
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
    out->options = (struct transient_options){
        .server = settings->server,
        .no_isolation = settings->no_isolation,
        .helper = settings->helper,
        .drivers = settings->drivers,
        .clusters = out->clusters,
        .clusters_count = count,
        .primary = cluster == NULL ? NULL : cluster->vault,
    };
    return 0;
}

void raise_done(struct raise *r)
{
    free(r->clusters);
    free(r->rows);
    *r = (struct raise){.clusters = NULL};
}
