/* SPDX-License-Identifier: Apache-2.0
 *
 * One flat object for dashboards, and one question for alerts.  What is said
 * about Vault is what the engine's watcher saw last, with the time of its
 * look: asking for status never waits for Vault. */
#include "access/access.h"
#include "base/clock.h"
#include "base/text.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "jobs/jobs.h"
#include "store/runs.h"
#include "store/snapshots.h"

/* A day, and some time for a nightly backup to end. */
#define MAX_AGE_DEFAULT_MS (INT64_C(26) * 3600 * 1000)

static void write_text(struct jsonw *w, const char *key, const char *value)
{
    jsonw_text(w, key, *value != '\0' ? value : NULL);
}

static double age_seconds(int64_t then_ms)
{
    return (double)(clock_now_ms() - then_ms) / 1000;
}

/* The cluster asked about: the only or first one if none is named. */
static int pick_cluster(struct handlers_app *a, const struct request *request,
                        const char **out, struct jobs_cluster_view *view,
                        struct error *err)
{
    const char *name = request_text(request, "cluster", NULL);

    if (name == NULL)
        name = jobs_cluster_name(a->jobs, 0);
    if (name == NULL || !jobs_cluster_view(a->jobs, name, view))
        return error_set(err, ERR_NOT_FOUND,
                         "there is no cluster called %s in the configuration",
                         name != NULL ? name : "anything");
    *out = name;
    return 0;
}

static void write_vault(struct jsonw *w, const struct jobs_cluster_view *view)
{
    jsonw_bool(w, "vault_reachable", view->reachable);
    jsonw_bool(w, "vault_initialized", view->initialized);
    jsonw_bool(w, "vault_sealed", view->sealed);
    write_text(w, "vault_leader", view->leader_address);
    write_text(w, "vault_product", view->product);
    write_text(w, "vault_version", view->version);
    write_text(w, "vault_cluster_id", view->cluster_id);
    write_text(w, "vault_cluster_name", view->cluster_name);
    jsonw_time(w, "vault_seen_at", view->seen_ms);
    write_text(w, "vault_error", view->error);
}

/* 1 found, 0 not; -1 only when the catalog cannot be read. */
static int find_snapshot(struct store *store, const char *ref,
                         const char *cluster, struct snapshot_row *row,
                         struct error *err)
{
    struct error missing = {0};

    if (snapshots_get(store, ref, cluster, row, &missing) == 0)
        return 1;
    if (missing.kind == ERR_NOT_FOUND)
        return 0;
    *err = missing;
    return -1;
}

static void write_last(struct jsonw *w, const struct snapshot_row *row,
                       bool found)
{
    jsonw_text(w, "last_snapshot_id", found ? row->id : NULL);
    jsonw_time(w, "last_snapshot_at", found ? row->created_ms : 0);
    if (found)
        jsonw_seconds(w, "last_snapshot_age_seconds",
                      age_seconds(row->created_ms));
    else
        jsonw_null(w, "last_snapshot_age_seconds");
    jsonw_text(w, "last_snapshot_verdict",
               found ? store_verdict_name(row->verdict) : NULL);
}

static void write_ms(struct jsonw *w, const char *key, int64_t ms, bool known)
{
    if (known)
        jsonw_seconds(w, key, (double)ms / 1000);
    else
        jsonw_null(w, key);
}

static void write_met(struct jsonw *w, const char *key, bool known, bool met)
{
    if (known)
        jsonw_bool(w, key, met);
    else
        jsonw_null(w, key);
}

/* What is aimed at, and whether what was measured is within it.  Without a
 * valid snapshot no age is young enough. */
static void write_targets(struct handlers_app *a, struct jsonw *w,
                          int64_t restore_ms, int64_t age_ms)
{
    const struct jobs_targets t = jobs_targets(a->jobs);

    write_ms(w, "rto_target_seconds", t.rto_ms, t.rto_ms > 0);
    write_met(w, "rto_met", t.rto_ms > 0 && restore_ms >= 0,
              restore_ms <= t.rto_ms);
    write_ms(w, "rpo_target_seconds", t.rpo_ms, t.rpo_ms > 0);
    write_met(w, "rpo_met", t.rpo_ms > 0, age_ms >= 0 && age_ms <= t.rpo_ms);
}

/* The measured restore time is that of the validation behind the verdict. */
static int write_last_valid(struct handlers_app *a, struct jsonw *w,
                            const struct snapshot_row *row, bool found,
                            struct error *err)
{
    struct run run = {0};
    struct error missing = {0};
    int64_t restore_ms = -1;

    if (found && row->validation_id[0] != '\0') {
        if (runs_get(a->store, row->validation_id, &run, &missing) == 0)
            restore_ms = run.restore_ms;
        else if (missing.kind != ERR_NOT_FOUND) {
            *err = missing;
            return -1;
        }
        run_done(&run);
    }
    jsonw_text(w, "last_valid_snapshot_id", found ? row->id : NULL);
    jsonw_time(w, "last_valid_snapshot_at", found ? row->created_ms : 0);
    jsonw_time(w, "last_valid_validated_at", found ? row->validated_ms : 0);
    if (found)
        jsonw_seconds(w, "rpo_seconds", age_seconds(row->created_ms));
    else
        jsonw_null(w, "rpo_seconds");
    write_ms(w, "restore_seconds", restore_ms, restore_ms >= 0);
    write_targets(a, w, restore_ms,
                  found ? clock_now_ms() - row->created_ms : -1);
    return 0;
}

/* The newest run of each kind: its id and status. */
static int write_runs(struct handlers_app *a, struct jsonw *w,
                      const char *cluster, struct error *err)
{
    static const struct {
        enum run_kind kind;
        const char *id;
        const char *status;
    } kinds[] = {
        {RUN_BACKUP, "last_backup_id", "last_backup_status"},
        {RUN_VALIDATION, "last_validation_id", "last_validation_status"},
        {RUN_RESTORE, "last_restore_id", "last_restore_status"},
        {RUN_RECOVERY, "last_recovery_id", "last_recovery_status"},
    };
    size_t active = 0;
    size_t undestroyed = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct runs_filter filter = {.kind = (int)kinds[i].kind,
                                           .status = -1,
                                           .cluster = cluster,
                                           .limit = 1};
        struct run_list list = {0};

        if (runs_list(a->store, &filter, &list, err) != 0)
            return -1;
        jsonw_text(w, kinds[i].id, list.count > 0 ? list.items[0].id : NULL);
        jsonw_text(w, kinds[i].status,
                   list.count > 0 ? run_status_name(list.items[0].status)
                                  : NULL);
        run_list_done(&list);
    }
    if (runs_count_active(a->store, &active, err) != 0 ||
        runs_count_undestroyed(a->store, &undestroyed, err) != 0)
        return -1;
    jsonw_u64(w, "runs_active", active);
    jsonw_u64(w, "transient_not_destroyed", undestroyed);
    return 0;
}

static int write_counts(struct handlers_app *a, struct jsonw *w,
                        const char *cluster, struct error *err)
{
    struct snapshots_filter filter = {.verdict = -1, .cluster = cluster};
    uint64_t all = 0;
    uint64_t valid = 0;

    if (snapshots_count(a->store, &filter, &all, err) != 0)
        return -1;
    filter.verdict = STORE_VALID;
    if (snapshots_count(a->store, &filter, &valid, err) != 0)
        return -1;
    jsonw_u64(w, "snapshots", all);
    jsonw_u64(w, "snapshots_valid", valid);
    return 0;
}

/* That somebody was let in without Vault is to be seen afterwards. */
static void write_break_glass(struct handlers_app *a, struct jsonw *w)
{
    struct break_glass_view view;

    break_glass_look(a->break_glass, &view);
    jsonw_u64(w, "break_glass_tokens", view.tokens);
    jsonw_time(w, "break_glass_expires_at", view.expires_ms);
    jsonw_time(w, "break_glass_used_at", view.used_ms);
    write_text(w, "break_glass_used_by", view.name);
}

int handlers_status_read(void *app, struct request *request,
                         struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct jsonw *w = reply_data(reply);
    struct jobs_cluster_view view = {0};
    struct snapshot_row row = {0};
    const char *cluster = NULL;
    int found = 0;

    if (pick_cluster(a, request, &cluster, &view, err) != 0)
        return -1;
    jsonw_text(w, "version", ASSAY_VERSION);
    jsonw_time(w, "started_at", a->started_ms);
    jsonw_text(w, "cluster", cluster);
    write_vault(w, &view);
    found = find_snapshot(a->store, "latest", cluster, &row, err);
    if (found < 0)
        return -1;
    write_last(w, &row, found == 1);
    found = find_snapshot(a->store, "latest-valid", cluster, &row, err);
    if (found < 0 || write_last_valid(a, w, &row, found == 1, err) != 0 ||
        write_counts(a, w, cluster, err) != 0 ||
        write_runs(a, w, cluster, err) != 0)
        return -1;
    write_break_glass(a, w);
    jsonw_text(w, "hardening_seccomp", a->hardening.seccomp);
    jsonw_text(w, "hardening_landlock", a->hardening.landlock);
    jsonw_bool(w, "hardening_memory_locked", a->hardening.memory_locked);
    return 0;
}

int handlers_health_read(void *app, struct request *request,
                         struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    int64_t max_age =
        request_duration_ms(request, "max_age", MAX_AGE_DEFAULT_MS);
    const char *cluster = request_text(request, "cluster", NULL);
    struct jsonw *w = reply_data(reply);
    struct snapshot_row row = {0};
    int found = 0;
    char age[32];
    char limit[32];

    found = find_snapshot(a->store, "latest-valid", cluster, &row, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_UNAVAILABLE,
                         "there is no valid snapshot: nothing is proven to "
                         "be restorable");
    if (clock_now_ms() - row.created_ms > max_age) {
        text_human_duration(clock_now_ms() - row.created_ms, age, sizeof(age));
        text_human_duration(max_age, limit, sizeof(limit));
        return error_set(err, ERR_UNAVAILABLE,
                         "the newest valid snapshot is %s old, more than %s",
                         age, limit);
    }
    jsonw_bool(w, "healthy", true);
    jsonw_text(w, "snapshot_id", row.id);
    jsonw_time(w, "created_at", row.created_ms);
    jsonw_seconds(w, "age_seconds", age_seconds(row.created_ms));
    jsonw_seconds(w, "max_age_seconds", (double)max_age / 1000);
    return 0;
}
