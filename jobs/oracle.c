/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "jobs/archive.h"
#include "jobs/baseline.h"
#include "jobs/catalogue.h"

/* The baseline that the signed manifest speaks of. */
static int fetch(const struct job *job, const struct snapshot_row *row,
                 const char *path, struct error *err)
{
    struct manifest_snapshot m;
    char key[STORAGE_KEY_MAX];
    int rc = -1;

    if (archive_manifest(job, row, &m, err) != 0)
        return -1;
    if (m.baseline.sha256[0] == '\0') {
        (void)error_set(err, ERR_NOT_FOUND, "%s",
                        m.baseline.missing[0] != '\0'
                            ? m.baseline.missing
                            : "the snapshot was taken without one");
        goto done;
    }
    if (catalogue_key(row, "inventory", key, err) != 0)
        goto done;
    rc = baseline_fetch(job->world, key, &m.baseline, path, err);
done:
    manifest_snapshot_done(&m);
    return rc;
}

int oracle_input_init(struct oracle_input *in, const struct job *job,
                      const struct snapshot_row *row, const char *work_dir,
                      struct error *err)
{
    const struct jobs_settings *s = job->settings;
    const struct jobs_settings_cluster *cluster =
        jobs_settings_cluster(s, job->run.cluster);
    const char *wanted =
        job->run.oracle[0] != '\0' ? job->run.oracle : s->oracle;

    if (strcmp(wanted, "none") == 0)
        return 0;
    in->baseline = text_format("%s/baseline.inventory", work_dir);
    if (in->baseline == NULL)
        return error_memory(err);
    inventory_key_derive(job->world->signer, &in->key);
    in->oracle = (struct proof_oracle){
        .wanted = wanted,
        .cluster_id = row->cluster_id,
        .taken_ms = row->created_ms,
        .key = &in->key,
        .primary = cluster == NULL ? NULL : cluster->vault,
        .terraform = s->terraform,
        .per_second = s->requests_per_second,
        .compare_values = s->compare_values,
    };
    if (fetch(job, row, in->baseline, &in->why) == 0)
        in->oracle.baseline = in->baseline;
    else
        in->oracle.baseline_text = in->why.text;
    return 0;
}

const struct proof_oracle *oracle_input_get(const struct oracle_input *in)
{
    return in->oracle.wanted == NULL ? NULL : &in->oracle;
}

void oracle_input_done(struct oracle_input *in)
{
    secret_wipe(&in->key, sizeof in->key);
    free(in->baseline);
    *in = (struct oracle_input){.baseline = NULL};
}
