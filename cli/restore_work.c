/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/signer.h"
#include "base/text.h"
#include "cli/restore_catalog.h"
#include "jobs/after_outcome.h"
#include "jobs/jobs.h"
#include "store/store.h"
#include "vault/vault.h"

enum { POLL_MS = 200, DRAIN_MS = 1000 };

struct restore_work {
    char *base; /* where the directory is */
    char *dir;
    struct restore_catalog catalog;
    struct snapshot_row row;
    struct vault *vault;
    struct jobs *jobs;
    bool started;
    bool left;
};

static int make_dir(struct restore_work *w, const char *base, struct error *err)
{
    w->base = realpath(base, NULL);
    if (w->base == NULL)
        return error_errno(err, ERR_IO, "cannot use %s", base);
    char *dir = text_format("%s/assay-restore-XXXXXX", w->base);
    if (dir == NULL)
        return error_memory(err);
    if (mkdtemp(dir) == NULL) {
        free(dir);
        return error_errno(err, ERR_IO,
                           "cannot make a directory in %s (-work-dir chooses "
                           "another place)",
                           w->base);
    }
    w->dir = dir;
    return 0;
}

static int open_engine(struct restore_work *w,
                       const struct restore_work_options *o, struct error *err)
{
    const struct jobs_cluster target = {
        .name = w->row.cluster,
        .vault = o->vault,
        .unseal_key_files = o->key_files,
        .unseal_key_files_count = o->key_files_count,
    };
    const struct jobs_options options = {
        .store = w->catalog.store,
        .storage = w->catalog.storage,
        .signer = w->catalog.signer,
        .data_dir = w->dir,
        .clusters = &target,
        .clusters_count = 1,
        .trusted_keys = (const uint8_t(*)[32])w->catalog.keys,
        .trusted_keys_count = w->catalog.keys_count,
        .await_unseal_ms = o->await_unseal_ms,
        .settle_ms = o->settle_ms,
        .drain_ms = DRAIN_MS,
    };

    return jobs_new(&options, &w->jobs, err);
}

int restore_work_open(const struct restore_work_options *o,
                      struct restore_work **out, struct error *err)
{
    struct restore_work *w = calloc(1, sizeof(*w));
    int rc = -1;

    if (w == NULL)
        return error_memory(err);
    w->vault = o->vault;
    if (make_dir(w, o->dir, err) != 0 ||
        restore_catalog_open(&w->catalog, w->dir, o->trusted_keys, err) != 0 ||
        restore_catalog_fill(&w->catalog, o->source, o->proof, &w->row, err) !=
            0 ||
        open_engine(w, o, err) != 0)
        goto done;
    *out = w;
    w = NULL;
    rc = 0;
done:
    restore_work_close(w);
    return rc;
}

void restore_work_close(struct restore_work *w)
{
    struct error err = {0};

    if (w == NULL)
        return;
    jobs_free(w->jobs);
    restore_catalog_close(&w->catalog);
    if (w->dir != NULL && w->left)
        fprintf(stderr,
                "%s is kept: if there is a safety snapshot, it is in storage/ "
                "there\n",
                w->dir);
    else if (w->dir != NULL && file_remove_tree(w->dir, &err) != 0)
        fprintf(stderr, "%s is left behind: %s\n", w->dir, err.text);
    free(w->dir);
    free(w->base);
    free(w);
}

void restore_work_leave(struct restore_work *w)
{
    w->left = true;
}

struct jobs *restore_work_jobs(struct restore_work *w)
{
    return w->jobs;
}

const struct snapshot_row *restore_work_row(const struct restore_work *w)
{
    return &w->row;
}

static int submit(struct restore_work *w, const struct restore_work_request *r,
                  struct jobs_submitted *out, struct error *err)
{
    const struct jobs_caller caller = {.display_name = "assay restore"};
    const struct jobs_restore_request request = {
        .snapshot = w->row.id,
        .target = w->row.cluster,
        .dry_run = r->dry_run,
        .force = r->force,
        .overrides = r->overrides->items,
        .overrides_count = r->overrides->count,
        .reason = r->reason,
    };

    if (!w->started && jobs_start(w->jobs, err) != 0)
        return -1;
    w->started = true;
    return jobs_submit_restore(w->jobs, &request, &caller, out, err);
}

/* The catalog cannot be read any more, so nobody knows: worse than any end. */
static void lose_sight(struct restore_work *w, struct run *run,
                       const struct error *why)
{
    jobs_stop(w->jobs);
    run->status = RUN_INTERRUPTED;
    (void)text_copy(run->error, sizeof(run->error), why->text);
}

int restore_work_run(struct restore_work *w,
                     const struct restore_work_request *r, struct run *out,
                     struct error *err)
{
    struct jobs_submitted made = {.existing = false};
    struct error why = {0};
    struct run now;

    if (submit(w, r, &made, err) != 0)
        return -1;
    for (;;) {
        enum restore_work_stop stop = RESTORE_WORK_GO_ON;

        if (runs_get(w->catalog.store, made.run.id, &now, &why) != 0) {
            lose_sight(w, &made.run, &why);
            *out = made.run;
            return 0;
        }
        if (run_status_final(now.status)) {
            run_done(&made.run);
            *out = now;
            return 0;
        }
        r->watch(r->ctx, &now, &stop);
        run_done(&now);
        if (stop == RESTORE_WORK_CANCEL &&
            jobs_cancel(w->jobs, made.run.id, &why) != 0)
            error_clear(&why);
        if (stop == RESTORE_WORK_LEAVE)
            jobs_stop(w->jobs);
        clock_sleep_ms(POLL_MS);
    }
}

int restore_work_phases(struct restore_work *w, const struct run *run,
                        struct run_phases *out, struct error *err)
{
    return runs_phases(w->catalog.store, run->id, out, err);
}

/* The state of the target in the outcome, as jobs/after_outcome.h has it. */
static bool outcome_is(const struct run *run, enum after_state state)
{
    struct json *root = NULL;
    struct error ignored;
    bool is = false;

    if (run->basis == NULL ||
        json_parse(run->basis, strlen(run->basis), &root, &ignored) != 0)
        return false;
    is = strcmp(json_get_text(root, "state", ""), after_outcome_state(state)) ==
         0;
    json_free(root);
    return is;
}

/* Only a run that has not begun to send can be cancelled, and what failed
 * between the plan and the first byte says so. */
static bool surely_unchanged(const struct run *run)
{
    return run->status == RUN_CANCELLED || outcome_is(run, AFTER_UNCHANGED) ||
           strstr(run->error, "nothing was sent") != NULL;
}

/* In doubt, it was. */
bool restore_work_sent(struct restore_work *w, const struct run *run)
{
    struct run_phases *phases = calloc(1, sizeof(*phases));
    struct error ignored;
    bool uploaded = false;

    if (phases == NULL ||
        runs_phases(w->catalog.store, run->id, phases, &ignored) != 0)
        uploaded = true;
    for (size_t i = 0; phases != NULL && i < phases->count; i++)
        uploaded = uploaded || strcmp(phases->items[i].name, "upload") == 0;
    free(phases);
    return uploaded && !surely_unchanged(run);
}

int restore_work_keep(struct restore_work *w, const char *snapshot_id,
                      char out[RESTORE_PATH_MAX], struct error *err)
{
    char from[RESTORE_PATH_MAX];
    char *to = text_format("%s/assay-safety-%s.snap", w->base, snapshot_id);
    int rc = -1;

    if (to == NULL)
        return error_memory(err);
    if (restore_catalog_path(&w->catalog, snapshot_id, from, err) != 0)
        goto done;
    if (rename(from, to) != 0) {
        error_errno(err, ERR_IO, "cannot move %s", from);
        goto done;
    }
    (void)text_copy(out, RESTORE_PATH_MAX, to);
    rc = file_sync_parent(to, err);
done:
    free(to);
    return rc;
}
