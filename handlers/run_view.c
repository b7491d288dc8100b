/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/run_view.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/approvals.h"
#include "store/checks.h"

/* "" means "not known" in a row, and null in the API. */
static void write_text(struct jsonw *w, const char *key, const char *value)
{
    jsonw_text(w, key, *value != '\0' ? value : NULL);
}

/* JSON text, or NULL. */
static void write_raw(struct jsonw *w, const char *key, const char *json)
{
    if (json != NULL)
        jsonw_raw(w, key, json);
    else
        jsonw_null(w, key);
}

static void write_duration(struct jsonw *w, const struct run *run)
{
    int64_t end = run->finished_ms != 0 ? run->finished_ms : clock_now_ms();

    if (run->started_ms == 0)
        jsonw_null(w, "duration_seconds");
    else
        jsonw_seconds(w, "duration_seconds",
                      (double)(end - run->started_ms) / 1000);
}

static void write_restore_seconds(struct jsonw *w, const struct run *run)
{
    if (run->restore_ms < 0)
        jsonw_null(w, "restore_seconds");
    else
        jsonw_seconds(w, "restore_seconds", (double)run->restore_ms / 1000);
}

static const char *verdict_text(const struct run *run)
{
    return run->verdict == STORE_UNVALIDATED ? NULL
                                             : store_verdict_name(run->verdict);
}

static void write_common(const struct run *run, struct jsonw *w)
{
    jsonw_text(w, "id", run->id);
    jsonw_text(w, "kind", run_kind_name(run->kind));
    jsonw_text(w, "status", run_status_name(run->status));
    write_text(w, "phase", run->phase);
    jsonw_object(w, "progress");
    jsonw_u64(w, "done", run->progress_done);
    if (run->progress_total > 0)
        jsonw_u64(w, "total", run->progress_total);
    else
        jsonw_null(w, "total");
    write_text(w, "unit", run->progress_unit);
    jsonw_end_object(w);
    jsonw_text(w, "cluster", run->cluster);
    jsonw_time(w, "created_at", run->created_ms);
    jsonw_time(w, "started_at", run->started_ms);
    jsonw_time(w, "finished_at", run->finished_ms);
    write_duration(w, run);
    jsonw_object(w, "requested_by");
    jsonw_text(w, "display_name", run->display_name);
    jsonw_text(w, "entity_id", run->entity_id);
    jsonw_end_object(w);
    write_text(w, "error", run->error);
    write_text(w, "snapshot_id", run->snapshot_id);
    jsonw_bool(w, "cancel_requested", run->cancel_requested);
}

void run_view_write_phases(const struct run_phases *phases, struct jsonw *w)
{
    jsonw_array(w, "phases");
    for (size_t i = 0; i < phases->count; i++) {
        const struct run_phase *p = &phases->items[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "name", p->name);
        jsonw_time(w, "started_at", p->started_ms);
        if (p->duration_ms < 0)
            jsonw_null(w, "duration_seconds");
        else
            jsonw_seconds(w, "duration_seconds", (double)p->duration_ms / 1000);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static int write_phases(struct store *store, const struct run *run,
                        struct jsonw *w, struct error *err)
{
    struct run_phases phases = {0};

    if (runs_phases(store, run->id, &phases, err) != 0)
        return -1;
    run_view_write_phases(&phases, w);
    return 0;
}

void run_view_write_check(const struct check_row *check, struct jsonw *w)
{
    jsonw_text(w, "name", check->name);
    jsonw_text(w, "outcome", check->outcome);
    jsonw_u64(w, "covered", check->covered);
    jsonw_u64(w, "total", check->total);
    jsonw_text(w, "message", check->message);
    jsonw_array(w, "findings");
    for (size_t i = 0; i < check->findings_count; i++) {
        const struct check_finding_row *f = &check->findings[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "kind", f->kind);
        jsonw_text(w, "path", f->path);
        write_text(w, "expected", f->expected);
        write_text(w, "found", f->found);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_u64(w, "findings_total", check->findings_total);
}

static int write_validation(struct store *store, const struct run *run,
                            struct jsonw *w, struct error *err)
{
    struct check_list checks = {0};

    if (checks_load(store, run->id, &checks, err) != 0)
        return -1;
    write_text(w, "driver", run->driver);
    write_text(w, "oracle", run->oracle);
    jsonw_text(w, "verdict", verdict_text(run));
    write_restore_seconds(w, run);
    jsonw_array(w, "checks");
    for (size_t i = 0; i < checks.count; i++) {
        jsonw_object(w, NULL);
        run_view_write_check(&checks.items[i], w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    check_list_done(&checks);
    return 0;
}

/* "a,b" as ["a","b"]. */
static void write_names(struct jsonw *w, const char *key, const char *names)
{
    char name[RUN_OVERRIDES_MAX];

    jsonw_array(w, key);
    while (*names != '\0') {
        size_t len = strcspn(names, ",");

        (void)snprintf(name, sizeof(name), "%.*s", (int)len, names);
        jsonw_text(w, NULL, name);
        names += len + (names[len] == ',');
    }
    jsonw_end_array(w);
}

static int write_approvals(struct store *store, const struct run *run,
                           struct jsonw *w, struct error *err)
{
    struct approval_list list = {0};

    if (approvals_load(store, run->id, &list, err) != 0)
        return -1;
    jsonw_u64(w, "approvals_needed", run->approvals_needed);
    jsonw_array(w, "approvals");
    for (size_t i = 0; i < list.count; i++) {
        const struct approval_row *a = &list.items[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "display_name", a->display_name);
        jsonw_text(w, "entity_id", a->entity_id);
        jsonw_time(w, "at", a->at_ms);
        jsonw_u64(w, "plan_revision", a->plan_revision);
        jsonw_bool(w, "counts", a->counts);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_time(w, "expires_at", run->expires_ms);
    approval_list_done(&list);
    return 0;
}

/* What was asked for, and what the plan and the outcome say. */
static int write_recovery(struct store *store, const struct run *run,
                          struct jsonw *w, struct error *err)
{
    const char *params = run->params != NULL ? run->params : "{}";
    struct json *asked = NULL;
    uint64_t version;

    if (json_parse(params, strlen(params), &asked, err) != 0)
        return -1;
    version = json_get_u64(asked, "version", 0);
    jsonw_text(w, "mount", json_get_text(asked, "mount", NULL));
    jsonw_text(w, "path", json_get_text(asked, "path", NULL));
    if (version > 0)
        jsonw_u64(w, "version", version);
    else
        jsonw_null(w, "version");
    jsonw_text(w, "to", json_get_text(asked, "to", NULL));
    jsonw_seconds(w, "wrap_ttl_seconds",
                  (double)json_get_i64(asked, "wrap_ttl_ms", 0) / 1000);
    json_free(asked);
    jsonw_bool(w, "overwrite", run->force);
    write_text(w, "reason", run->reason);
    write_raw(w, "plan", run->plan);
    write_raw(w, "outcome", run->basis);
    return write_approvals(store, run, w, err);
}

static int write_restore(struct store *store, const struct run *run,
                         struct jsonw *w, struct error *err)
{
    jsonw_text(w, "target", run->target);
    jsonw_bool(w, "dry_run", run->dry_run);
    jsonw_bool(w, "force", run->force);
    write_names(w, "overrides", run->overrides);
    write_text(w, "reason", run->reason);
    write_raw(w, "plan", run->plan);
    write_text(w, "safety_snapshot_id", run->safety_snapshot_id);
    write_raw(w, "outcome", run->basis);
    return write_approvals(store, run, w, err);
}

int run_view_write(struct store *store, const struct run *run, struct jsonw *w,
                   struct error *err)
{
    write_common(run, w);
    if (run->kind == RUN_VALIDATION &&
        write_validation(store, run, w, err) != 0)
        return -1;
    if (run->kind == RUN_RESTORE && write_restore(store, run, w, err) != 0)
        return -1;
    if (run->kind == RUN_RECOVERY && write_recovery(store, run, w, err) != 0)
        return -1;
    return write_phases(store, run, w, err);
}

void run_view_write_unseal(const struct jobs_unseal_view *view, struct jsonw *w)
{
    jsonw_text(w, "type", view->threshold > 0 ? "shamir" : NULL);
    jsonw_bool(w, "sealed", view->sealed);
    jsonw_u64(w, "t", view->threshold);
    jsonw_u64(w, "n", view->shares);
    jsonw_u64(w, "progress", view->progress);
    jsonw_text(w, "nonce", view->nonce);
    jsonw_time(w, "deadline", view->deadline_ms);
}

void run_view_write_nodes(const struct jobs_unseal_nodes *nodes,
                          struct jsonw *w)
{
    jsonw_array(w, "nodes");
    for (size_t i = 0; i < nodes->count; i++) {
        const struct jobs_unseal_node *n = &nodes->node[i];

        jsonw_object(w, NULL);
        write_text(w, "id", n->id);
        jsonw_text(w, "address", n->address);
        if (n->answers)
            jsonw_bool(w, "sealed", n->sealed);
        else
            jsonw_null(w, "sealed");
        jsonw_u64(w, "t", n->threshold);
        jsonw_u64(w, "n", n->shares);
        jsonw_u64(w, "progress", n->progress);
        write_text(w, "advice", n->advice);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

void run_view_write_row(const struct run *run, struct jsonw *w)
{
    jsonw_text(w, "status", run_status_name(run->status));
    jsonw_text(w, "cluster", run->cluster);
    jsonw_time(w, "created_at", run->created_ms);
    jsonw_time(w, "finished_at", run->finished_ms);
    write_duration(w, run);
    write_text(w, "snapshot_id", run->snapshot_id);
    if (run->kind == RUN_VALIDATION) {
        jsonw_text(w, "verdict", verdict_text(run));
        write_restore_seconds(w, run);
    }
    if (run->kind == RUN_RESTORE) {
        jsonw_text(w, "target", run->target);
        jsonw_bool(w, "dry_run", run->dry_run);
    }
    jsonw_text(w, "requested_by", run->display_name);
    write_text(w, "error", run->error);
}
