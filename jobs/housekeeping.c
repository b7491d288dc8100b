/* SPDX-License-Identifier: Apache-2.0
 *
 * What nobody asked for but must be done: clean up after the last life, look
 * at the clusters, remove the files of deleted snapshots. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/catalogue.h"
#include "jobs/claims.h"
#include "jobs/engine.h"
#include "jobs/handed.h"
#include "jobs/recorded.h"
#include "storage/storage.h"
#include "store/approvals.h"
#include "store/snapshots.h"
#include "vault/status.h"
#include "vault/vault.h"

enum { LOOK_MS = 10 * 1000 };

/* Looking */

static void describe(const struct vault_status *s, const struct error *err,
                     struct jobs_cluster_view *v)
{
    v->reachable = s->reachable;
    v->initialized = s->initialized;
    v->sealed = s->sealed;
    v->has_leader = s->is_self || s->leader_address[0] != '\0';
    text_copy(v->leader_address, sizeof(v->leader_address), s->leader_address);
    if (!s->reachable) {
        text_copy(v->error, sizeof(v->error), err->text);
        return;
    }
    text_copy(v->product, sizeof(v->product), vault_product_name(s->product));
    text_copy(v->version, sizeof(v->version), s->version);
    text_copy(v->cluster_id, sizeof(v->cluster_id), s->cluster_id);
    text_copy(v->cluster_name, sizeof(v->cluster_name), s->cluster_name);
}

static void look_at(struct jobs *j, struct jobs_seen *seen)
{
    struct vault_status status = {0};
    struct jobs_cluster_view view = {0};
    struct error err = {0};

    if (vault_status_get(seen->vault, &status, &err) != 0)
        status.reachable = false;
    describe(&status, &err, &view);
    view.seen_ms = clock_now_ms();
    /* A login that would run out while nothing happens; whoever needs it
     * next tries again and reports. */
    if (status.reachable && !status.sealed &&
        vault_keep_login(seen->vault, &err) != 0 && view.error[0] == '\0')
        text_copy(view.error, sizeof(view.error), err.text);

    pthread_mutex_lock(&j->lock);
    bool changed =
        seen->view.seen_ms != 0 && (seen->view.reachable != view.reachable ||
                                    seen->view.sealed != view.sealed);
    seen->view = view;
    pthread_mutex_unlock(&j->lock);
    if (changed)
        log_warn("cluster %s is %s now", seen->name,
                 !view.reachable ? "unreachable"
                 : view.sealed   ? "sealed"
                                 : "reachable and unsealed");
}

/* Waiting for approval */

/* Whoever handed something over for a run does not expect it to be kept when
 * that is over. */
static void forget_handed(struct jobs *j)
{
    struct error ignored;
    char id[ID_TEXT_MAX];
    struct run run;

    for (size_t i = 0;;) {
        bool over = false;

        pthread_mutex_lock(&j->lock);
        bool found = handed_run(j->handed, i, id);
        pthread_mutex_unlock(&j->lock);
        if (!found)
            return;
        if (runs_get(j->world.store, id, &run, &ignored) == 0) {
            over = run_status_final(run.status);
            run_done(&run);
        }
        pthread_mutex_lock(&j->lock);
        if (over)
            handed_drop(&j->handed, id, NULL);
        pthread_mutex_unlock(&j->lock);
        i += !over;
    }
}

static void expire_approvals(struct jobs *j)
{
    struct run_list waiting;
    struct error err = {0};
    size_t expired = 0;

    recorded_look(&j->world, RUN_PENDING_APPROVAL, &waiting);
    if (approvals_expire(j->world.store, clock_now_ms(), &expired, &err) != 0)
        log_error("runs that nobody approved cannot be ended: %s", err.text);
    else if (expired > 0)
        log_warn("%zu run%s expired: nobody approved in time", expired,
                 expired == 1 ? "" : "s");
    forget_handed(j);
    recorded_over(&j->world, &waiting);
}

static void expire_claims(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    claims_expire(&j->claims, clock_mono_ms());
    pthread_mutex_unlock(&j->lock);
}

/* Deleting */

struct found_keys {
    struct storage *storage;
    const char *manifest;
    const char *archive;
};

/* Everything of the snapshot but its archive and its manifest. */
static int delete_other(void *ctx, const char *key,
                        const struct storage_stat *stat, struct error *err)
{
    struct found_keys *k = ctx;
    (void)stat;
    if (strcmp(key, k->manifest) == 0 || strcmp(key, k->archive) == 0)
        return 0;
    return storage_delete(k->storage, key, err);
}

/* The manifest first: what is left of a deletion cut short must not look
 * like a snapshot to a rebuild. */
static int delete_files(struct jobs *j, const struct snapshot_row *row,
                        struct error *err)
{
    struct storage *storage = j->world.storage;
    char manifest[STORAGE_KEY_MAX];
    char archive[STORAGE_KEY_MAX];
    char prefix[STORAGE_KEY_MAX];
    struct found_keys keys = {storage, manifest, archive};

    if (catalogue_key(row, "json", manifest, err) != 0 ||
        catalogue_key(row, "snap", archive, err) != 0)
        return -1;
    text_copy(prefix, sizeof(prefix), manifest);
    prefix[strlen(prefix) - strlen("json")] = '\0';
    if (storage_delete(storage, manifest, err) != 0 ||
        storage_list(storage, prefix, delete_other, &keys, err) != 0)
        return -1;
    return storage_delete(storage, archive, err);
}

/* What cannot be removed now is tried again at the next look. */
static void finish_deletions(struct jobs *j)
{
    struct snapshot_list list = {0};
    struct error err = {0};
    bool again = false;

    pthread_mutex_lock(&j->lock);
    j->deletions = false;
    pthread_mutex_unlock(&j->lock);
    if (snapshots_deleting(j->world.store, &list, &err) != 0) {
        log_error("deleted snapshots cannot be read: %s", err.text);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *id = list.items[i].id;
        if (delete_files(j, &list.items[i], &err) != 0 ||
            snapshots_forget(j->world.store, id, &err) != 0) {
            log_error("snapshot %s cannot be removed: %s", id, err.text);
            again = true;
            continue;
        }
        log_info("snapshot %s is deleted", id);
    }
    snapshot_list_done(&list);
    if (again) {
        pthread_mutex_lock(&j->lock);
        j->deletions = true;
        pthread_mutex_unlock(&j->lock);
    }
}

int jobs_delete_snapshot(struct jobs *j, const char *ref, struct error *err)
{
    struct snapshot_row row;
    if (snapshots_mark_deleting(j->world.store, ref, &row, err) != 0)
        return -1;
    pthread_mutex_lock(&j->lock);
    j->deletions = true;
    pthread_mutex_unlock(&j->lock);
    jobs_wake(j);
    return 0;
}

/* Publishing */

void housekeeping_publish(struct jobs *j)
{
    const struct chain_head_place place = {.store = j->world.store,
                                           .storage = j->world.storage,
                                           .signer = j->world.signer};
    struct error err = {0};

    if (j->world.audit != NULL &&
        chain_head_publish(&place, &j->published, &err) != 0)
        log_error("the head of the audit record cannot be put into the "
                  "storage: %s",
                  err.text);
}

static int64_t publish_interval(struct jobs *j)
{
    struct jobs_settings *s = engine_settings(j);
    int64_t ms = s->audit_heads_ms;

    jobs_settings_release(s);
    return ms;
}

void *housekeeping_thread(void *jobs)
{
    struct jobs *j = jobs;
    int64_t next_look = 0;
    int64_t next_publish = 0; /* a crash may have kept one from being put */

    pthread_mutex_lock(&j->lock);
    while (!j->stopping) {
        bool look = clock_mono_ms() >= next_look;
        bool deletions = j->deletions;
        uint64_t seen = j->wakes;
        pthread_mutex_unlock(&j->lock);
        if (look) {
            for (size_t i = 0; i < j->clusters_count; i++)
                look_at(j, &j->clusters[i]);
            next_look = clock_mono_ms() + LOOK_MS;
        }
        expire_approvals(j);
        expire_claims(j);
        if (deletions)
            finish_deletions(j);
        if (clock_mono_ms() >= next_publish) {
            housekeeping_publish(j);
            next_publish = clock_mono_ms() + publish_interval(j);
        }
        pthread_mutex_lock(&j->lock);
        int64_t next = next_look < next_publish ? next_look : next_publish;
        int64_t left = next - clock_mono_ms();
        if (!j->stopping && j->wakes == seen && left > 0)
            engine_wait(j, left);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Starting */

struct cleanup {
    struct jobs *jobs;
    struct jobs_settings *settings;
};

static int clean_run(void *ctx, const struct run *run, struct error *err)
{
    struct cleanup *c = ctx;
    struct json *leftovers = NULL;
    int rc = 0;

    if (run->leftovers == NULL)
        return 0;
    if (json_parse(run->leftovers, strlen(run->leftovers), &leftovers, err) !=
        0)
        return -1;
    for (size_t i = 0; engine_kind(i) != NULL; i++) {
        const struct job_kind *kind = engine_kind(i);
        if (kind->kind == run->kind && kind->recover != NULL)
            rc = kind->recover(&c->jobs->world, c->settings, run, leftovers,
                               err);
    }
    json_free(leftovers);
    if (rc != 0)
        log_error("%s %s: what it left cannot be cleaned up: %s",
                  run_kind_name(run->kind), run->id,
                  err == NULL ? "" : err->text);
    return rc;
}

/* In which statuses a crash may have left a restore or a recovery that it
 * ends. */
static const enum run_status cut_short[] = {
    RUN_APPROVED,        RUN_CHECKING,  RUN_SAFETY_BACKUP, RUN_RESTORING,
    RUN_AWAITING_UNSEAL, RUN_VERIFYING, RUN_PROVISIONING,  RUN_DESTROYING};
enum { CUT_SHORT = sizeof(cut_short) / sizeof(cut_short[0]) };

int housekeeping_clean(struct jobs *j, struct error *err)
{
    struct cleanup c = {.jobs = j, .settings = engine_settings(j)};
    struct run_list left[CUT_SHORT];
    unsigned parts = 0;
    size_t interrupted = 0;
    int rc = -1;

    for (size_t i = 0; i < CUT_SHORT; i++)
        recorded_look(&j->world, cut_short[i], &left[i]);
    if (storage_sweep(j->world.storage, &parts, err) != 0)
        goto done;
    if (runs_interrupt_unfinished(j->world.store, clean_run, &c, &interrupted,
                                  err) != 0)
        goto done;
    if (interrupted > 0 || parts > 0)
        log_warn("the last life left %zu unfinished runs and %u unfinished "
                 "files; they are cleaned up",
                 interrupted, parts);
    finish_deletions(j);
    rc = 0;
done:
    for (size_t i = 0; i < CUT_SHORT; i++)
        recorded_over(&j->world, &left[i]);
    jobs_settings_release(c.settings);
    return rc;
}
