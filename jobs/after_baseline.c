/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/after_baseline.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "jobs/archive.h"
#include "jobs/baseline.h"
#include "jobs/catalogue.h"
#include "proof/crosscheck.h"
#include "proof/walk.h"

/* Where both inventories lie while they are compared. */
struct work {
    char *dir, *expected, *found;
};

static int make_work(struct work *w, struct job *job, struct error *err)
{
    struct buf text;
    struct jsonw j;
    int rc;

    w->dir = text_format("%s/work/%s", job->world->data_dir, job->run.id);
    w->expected = text_format("%s/work/%s/baseline.inventory",
                              job->world->data_dir, job->run.id);
    w->found = text_format("%s/work/%s/restored.inventory",
                           job->world->data_dir, job->run.id);
    if (w->dir == NULL || w->expected == NULL || w->found == NULL)
        return error_memory(err);
    buf_init(&text, LIMIT_REQUEST_BODY);
    jsonw_init(&j, &text);
    jsonw_object(&j, NULL);
    jsonw_text(&j, "work_dir", w->dir);
    jsonw_end_object(&j);
    rc = buf_check(&text, "the leftovers", err);
    if (rc == 0)
        rc = job_leftovers(job, buf_text(&text), err);
    buf_done(&text);
    return rc == 0 ? file_make_dirs(w->dir, 0700, err) : -1;
}

static void end_work(struct work *w, struct job *job)
{
    struct error ignored = {0};

    if (w->dir != NULL && file_remove_tree(w->dir, &ignored) == 0 &&
        job_leftovers(job, NULL, &ignored) != 0)
        error_clear(&ignored);
    free(w->dir);
    free(w->expected);
    free(w->found);
}

/* 1: it is there.  0: the snapshot has none.  -1: it has one that cannot be
 * used. */
static int fetch(const struct after *a, const char *path, struct error *err)
{
    const struct snapshot_row *row = a->target->row;
    struct manifest_snapshot m;
    char key[STORAGE_KEY_MAX];
    int rc = -1;

    if (archive_manifest(a->job, row, &m, err) != 0)
        return -1;
    if (m.baseline.sha256[0] == '\0')
        rc = 0;
    else if (catalogue_key(row, "inventory", key, err) == 0 &&
             baseline_fetch(a->job->world, key, &m.baseline, path, err) == 0)
        rc = 1;
    manifest_snapshot_done(&m);
    return rc;
}

static void show_progress(void *ctx, uint64_t records, uint64_t requests)
{
    (void)requests;
    job_progress(ctx, records, 0, "objects");
}

static int walk(const struct after *a, const struct work *w, struct error *err)
{
    const struct job *job = a->job;
    struct walk_result *result = calloc(1, sizeof(*result));
    struct inventory_key key;
    int rc;

    if (result == NULL)
        return error_memory(err);
    inventory_key_derive(job->world->signer, &key);
    const struct walk_options o = {
        .vault = a->login,
        .path = w->found,
        .work_dir = w->dir,
        .key = &key,
        .requests_per_second = job->settings->requests_per_second,
        .cancel = &job->cancel,
        .progress = show_progress,
        .progress_ctx = a->job,
    };
    rc = walk_run(&o, result, err);
    secret_wipe(&key, sizeof(key));
    free(result);
    return rc;
}

static int compare(struct after *a, const struct work *w, struct error *err)
{
    const struct crosscheck_options x = {
        .paths =
            {[TRIPLE_RESTORED] = w->found, [TRIPLE_BASELINE] = w->expected},
        .taken_ms = a->target->row->created_ms,
        .with = "the baseline",
        .cancel = &a->job->cancel,
    };

    return walk(a, w, err) == 0 ? crosscheck_run(&x, &a->compared, err) : -1;
}

int after_baseline_compare(struct after *a, struct error *err)
{
    struct work w = {NULL, NULL, NULL};
    struct error why = {0};
    int got = -1;
    int rc = 0;

    if (make_work(&w, a->job, &why) == 0)
        got = fetch(a, w.expected, &why);
    if (got == 0)
        goto done;
    if (job_phase(a->job, "baseline", err) != 0) {
        rc = -1;
        goto done;
    }
    a->compared.name = "baseline";
    if (got == 1 && a->login == NULL)
        got = error_set(&why, ERR_DENIED, "Assay has no login in it");
    if (got == 1)
        got = compare(a, &w, &why);
    if (got == 0)
        goto done;
    if (why.kind == ERR_CANCELLED) {
        *err = why;
        rc = -1;
    } else {
        proof_say(&a->compared, PROOF_NOT_RUN,
                  "the restored cluster was not compared with the baseline: "
                  "%.350s",
                  why.text);
    }
done:
    end_work(&w, a->job);
    return rc;
}
