/* SPDX-License-Identifier: Apache-2.0
 *
 * A row of `runs`: read, and moved from state to state. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/parts.h"

void run_done(struct run *run)
{
    if (run == NULL)
        return;
    free(run->params);
    free(run->plan);
    free(run->leftovers);
    free(run->basis);
    *run = (struct run){0};
}

#define GET(field) query_get_text(q, i++, run.field, sizeof(run.field))

int run_row_read(struct query *q, bool whole, struct run *out,
                 struct error *err)
{
    struct run run = {0};
    int i = 0;
    int rc = -1;

    GET(id);
    if (!run_kind_parse(query_peek_text(q, i++), &run.kind) ||
        !run_status_parse(query_peek_text(q, i++), &run.status)) {
        error_set(err, ERR_CORRUPT,
                  "the catalog holds a run of a kind or status that does "
                  "not exist");
        goto done;
    }
    GET(phase);
    run.progress_done = query_get_u64(q, i++);
    run.progress_total = query_get_u64(q, i++);
    GET(progress_unit);
    GET(cluster);
    run.created_ms = query_get_int(q, i++);
    run.started_ms = query_get_int(q, i++);
    run.finished_ms = query_get_int(q, i++);
    GET(display_name);
    GET(entity_id);
    GET(requester_key);
    GET(error);
    GET(snapshot_id);
    run.cancel_requested = query_get_int(q, i++) != 0;
    run.revision = query_get_u64(q, i++);
    GET(driver);
    GET(oracle);
    (void)store_verdict_parse(query_peek_text(q, i++), &run.verdict);
    run.restore_ms = query_get_int(q, i++);
    GET(target);
    run.dry_run = query_get_int(q, i++) != 0;
    run.force = query_get_int(q, i++) != 0;
    GET(overrides);
    GET(reason);
    GET(safety_snapshot_id);
    run.approvals_needed = (unsigned)query_get_u64(q, i++);
    run.expires_ms = query_get_int(q, i++);
    run.plan_revision = query_get_u64(q, i++);
    GET(plan_fingerprint);
    GET(plan_sha256);
    GET(plan_cluster_id);
    if (whole && (query_dup_text(q, i, &run.params, err) != 0 ||
                  query_dup_text(q, i + 1, &run.plan, err) != 0 ||
                  query_dup_text(q, i + 2, &run.leftovers, err) != 0 ||
                  query_dup_text(q, i + 3, &run.basis, err) != 0))
        goto done;
    *out = run;
    rc = 0;
done:
    if (rc != 0)
        run_done(&run);
    return rc;
}

int run_row_get(struct db *db, const char *id, struct run *out,
                struct error *err)
{
    struct query q;
    int got;
    int rc = -1;

    if (query_open(&q, db, "SELECT " RUN_COLUMNS " FROM runs WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, id);
    got = query_step(&q, err);
    if (got == 1)
        rc = run_row_read(&q, true, out, err);
    else if (got == 0)
        error_set(err, ERR_NOT_FOUND, "no run with this id");
    query_close(&q);
    return rc;
}

int run_row_status(struct db *db, const char *id, enum run_kind *kind,
                   enum run_status *status, struct error *err)
{
    struct query q;
    int got;
    int rc = -1;

    if (query_open(&q, db, "SELECT kind, status FROM runs WHERE id = ?", err) !=
        0)
        return -1;
    query_text(&q, id);
    got = query_step(&q, err);
    if (got == 0)
        error_set(err, ERR_NOT_FOUND, "no run with this id");
    else if (got == 1 && run_kind_parse(query_peek_text(&q, 0), kind) &&
             run_status_parse(query_peek_text(&q, 1), status))
        rc = 0;
    else if (got == 1)
        error_set(err, ERR_CORRUPT,
                  "the catalog holds a run of a kind or status that does "
                  "not exist");
    query_close(&q);
    return rc;
}

int run_row_may_move(struct db *db, const char *id, enum run_status to,
                     struct error *err)
{
    enum run_kind kind = RUN_BACKUP;
    enum run_status from = RUN_QUEUED;

    if (run_row_status(db, id, &kind, &from, err) != 0)
        return -1;
    if (run_may_move(kind, from, to))
        return 0;
    return error_set(err, ERR_CONFLICT, "a %s that is %s cannot become %s",
                     run_kind_name(kind), run_status_name(from),
                     run_status_name(to));
}

static int close_phase(struct db *db, const char *id, struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "UPDATE run_phases"
                   " SET duration_ms = max(0, ? - started_mono_ms)"
                   " WHERE run_id = ? AND duration_ms IS NULL",
                   err) != 0)
        return -1;
    query_int(&q, clock_mono_ms());
    query_text(&q, id);
    return query_run(&q, err);
}

int run_row_finish(struct db *db, const char *id, enum run_status status,
                   const char *text, struct error *err)
{
    struct query q;

    if (run_row_may_move(db, id, status, err) != 0 ||
        close_phase(db, id, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE runs SET status = ?, error = ?, finished_ms = ?,"
                   " revision = revision + 1 WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, run_status_name(status));
    query_text(&q, text);
    query_int(&q, clock_now_ms());
    query_text(&q, id);
    return query_run_one(&q, "run", err);
}

int run_row_begin_phase(struct db *db, const char *id, const char *name,
                        struct error *err)
{
    struct query q;

    if (close_phase(db, id, err) != 0 ||
        query_open(&q, db,
                   "UPDATE runs SET phase = ?, progress_done = 0,"
                   " progress_total = 0, progress_unit = '',"
                   " revision = revision + 1 WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, name);
    query_text(&q, id);
    if (query_run_one(&q, "run", err) != 0)
        return -1;
    if (query_open(&q, db,
                   "INSERT INTO run_phases"
                   " (run_id, seq, name, started_ms, started_mono_ms)"
                   " SELECT ?1, count(*), ?2, ?3, ?4 FROM run_phases"
                   " WHERE run_id = ?1",
                   err) != 0)
        return -1;
    query_text(&q, id);
    query_text(&q, name);
    query_int(&q, clock_now_ms());
    query_int(&q, clock_mono_ms());
    return query_run(&q, err);
}

int run_row_set_result(struct db *db, const char *id,
                       enum store_verdict verdict, int64_t restore_ms,
                       struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "UPDATE runs SET verdict = ?, restore_ms = ?,"
                   " revision = revision + 1 WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, store_verdict_name(verdict));
    query_int(&q, restore_ms);
    query_text(&q, id);
    return query_run_one(&q, "run", err);
}

int run_row_set_basis(struct db *db, const char *id, const char *basis,
                      struct error *err)
{
    struct query q;

    if (query_open(&q, db, "UPDATE runs SET basis = ? WHERE id = ?", err) != 0)
        return -1;
    query_text_or_null(&q, basis);
    query_text(&q, id);
    return query_run_one(&q, "run", err);
}
