/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a report's facts come from: the run with its checks and phases, and
 * what its verdict was based on; for a run of an older version, the snapshot's
 * row, as long as there is one. */
#include <string.h>

#include "base/text.h"
#include "handlers/handlers.h"
#include "handlers/report.h"
#include "handlers/runs.h"
#include "jobs/jobs.h"

static void read_text(const struct json *from, const char *key, char *out,
                      size_t size)
{
    (void)text_copy(out, size, json_get_text(from, key, ""));
}

static int64_t read_target(const struct json *basis, const char *key)
{
    double seconds = json_get_double(basis, key, 0);

    return seconds > 0 && seconds < 1e10 ? (int64_t)(seconds * 1000 + 0.5) : 0;
}

static void read_basis(struct report *r)
{
    const struct json *from = json_get(r->basis, "snapshot");
    struct snapshot_row *s = &r->snapshot;

    read_text(from, "cluster_id", s->cluster_id, sizeof(s->cluster_id));
    read_text(from, "cluster_name", s->cluster_name, sizeof(s->cluster_name));
    read_text(from, "product", s->product, sizeof(s->product));
    read_text(from, "server_version", s->server_version,
              sizeof(s->server_version));
    read_text(from, "sha256", s->sha256, sizeof(s->sha256));
    (void)text_rfc3339_ms(json_get_text(from, "created_at", ""),
                          &s->created_ms);
    s->size_bytes = json_get_u64(from, "size_bytes", 0);
    s->raft_index = json_get_u64(from, "raft_index", 0);
    s->raft_term = json_get_u64(from, "raft_term", 0);
    s->entries = json_get_u64(from, "entries", 0);
    s->state_bytes = json_get_u64(from, "state_bytes", 0);
    r->rto_target_ms = read_target(r->basis, "rto_target_seconds");
    r->rpo_target_ms = read_target(r->basis, "rpo_target_seconds");
}

static int find_snapshot(struct store *store, struct report *r,
                         struct error *err)
{
    struct error missing = {0};
    struct snapshot_row row = {0};

    if (snapshots_get(store, r->run.snapshot_id, NULL, &row, &missing) == 0)
        r->snapshot = row;
    else if (missing.kind != ERR_NOT_FOUND)
        return error_set(err, missing.kind, "%s", missing.text);
    return 0;
}

static int read_facts(struct handlers_app *app, struct report *r,
                      struct error *err)
{
    const char *basis = r->run.basis;

    if (runs_phases(app->store, r->run.id, &r->phases, err) != 0 ||
        checks_load(app->store, r->run.id, &r->checks, err) != 0)
        return -1;
    if (basis != NULL) {
        if (json_parse(basis, strlen(basis), &r->basis, err) != 0)
            return error_prefix(err, "the catalog");
        read_basis(r);
    } else if (find_snapshot(app->store, r, err) != 0) {
        return -1;
    }
    (void)text_copy(r->snapshot.id, sizeof(r->snapshot.id), r->run.snapshot_id);
    r->rpo_ms = r->snapshot.created_ms > 0 &&
                        r->run.finished_ms >= r->snapshot.created_ms
                    ? r->run.finished_ms - r->snapshot.created_ms
                    : -1;
    return 0;
}

int report_load(struct handlers_app *app, struct request *request,
                struct report *out, struct error *err)
{
    struct report r = {0};
    int rc = -1;

    if (runs_load(app, request, RUN_VALIDATION, &r.run, err) != 0)
        return -1;
    if (!run_status_final(r.run.status))
        (void)error_set(err, ERR_CONFLICT,
                        "this validation is not over yet (it is %s): there is "
                        "nothing to report before its end",
                        run_status_name(r.run.status));
    else
        rc = read_facts(app, &r, err);
    if (rc == 0)
        *out = r;
    else
        report_done(&r);
    return rc;
}

void report_done(struct report *r)
{
    run_done(&r->run);
    check_list_done(&r->checks);
    json_free(r->basis);
    *r = (struct report){0};
}
