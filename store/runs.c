/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs looked up, listed, and told what happens to them.  How they enter and
 * leave the queue is in runs_queue.c. */
#include "store/runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "store/handle.h"
#include "store/parts.h"

int runs_get(struct store *s, const char *id, struct run *out,
             struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(id != NULL && out != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = run_row_get(db, id, out, err);
    store_read_end(s, db);
    return rc;
}

/* ---- Lists ---- */

void run_list_done(struct run_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        run_done(&list->items[i]);
    free(list->items);
    *list = (struct run_list){0};
}

static size_t page_size(size_t limit)
{
    if (limit == 0)
        return LIMIT_PAGE_DEFAULT;
    return limit < LIMIT_PAGE ? limit : LIMIT_PAGE;
}

/* Runs that are not over are as many as kinds times clusters, by the index
 * named; the others of whatever kind can only be looked for one by one. */
static const char *list_from(const struct runs_filter *f)
{
    return f->kind < 0 && f->status >= 0 &&
                   !run_status_final((enum run_status)f->status)
               ? " FROM runs INDEXED BY runs_unfinished WHERE finished_ms = 0"
               : " FROM runs WHERE true";
}

static int list_sql(const struct runs_filter *f, struct buf *sql,
                    struct error *err)
{
    buf_str(sql, "SELECT " RUN_LIST_COLUMNS);
    buf_str(sql, list_from(f));
    if (f->kind >= 0)
        buf_str(sql, " AND kind = ?");
    if (f->status >= 0)
        buf_str(sql, " AND status = ?");
    if (f->cluster != NULL)
        buf_str(sql, " AND cluster = ?");
    if (f->after != NULL)
        buf_str(sql, " AND id < ?");
    buf_str(sql, " ORDER BY id DESC LIMIT ?");
    return buf_failed(sql) ? error_memory(err) : 0; /* it always fits */
}

static int read_page(struct query *q, size_t limit, struct run_list *out,
                     struct error *err)
{
    int got;

    out->items = calloc(limit, sizeof(*out->items));
    if (out->items == NULL)
        return error_memory(err);
    while ((got = query_step(q, err)) == 1) {
        if (out->count == limit) {
            out->more = true;
            return 0;
        }
        if (run_row_read(q, false, &out->items[out->count], err) != 0)
            return -1;
        out->count++;
    }
    return got;
}

static int list_page(struct db *db, const struct runs_filter *f,
                     struct run_list *out, struct error *err)
{
    struct buf sql;
    struct query q = {0};
    size_t limit = page_size(f->limit);
    int rc = -1;

    buf_init(&sql, 2048);
    if (list_sql(f, &sql, err) != 0 ||
        query_open(&q, db, buf_text(&sql), err) != 0)
        goto done;
    if (f->kind >= 0)
        query_text(&q, run_kind_name((enum run_kind)f->kind));
    if (f->status >= 0)
        query_text(&q, run_status_name((enum run_status)f->status));
    if (f->cluster != NULL)
        query_text(&q, f->cluster);
    if (f->after != NULL)
        query_text(&q, f->after);
    query_int(&q, (int64_t)limit + 1); /* one more: is there a next page? */
    rc = read_page(&q, limit, out, err);
done:
    query_close(&q);
    buf_done(&sql);
    return rc;
}

int runs_list(struct store *s, const struct runs_filter *filter,
              struct run_list *out, struct error *err)
{
    struct run_list list = {0};
    struct db *db = NULL;
    uint64_t before;
    int rc;

    assert(filter != NULL && out != NULL);
    if (filter->after != NULL && !id_valid(filter->after))
        return error_set(err, ERR_INVALID, "\"after\" is not the id of a run");
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    before = db_steps(db);
    rc = list_page(db, filter, &list, err);
    store_note_steps(db, before);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        run_list_done(&list);
    return rc;
}

static int count_runs(struct store *s, const char *sql, size_t *out,
                      struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int got = -1;

    if (store_read_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db, sql, err) == 0) {
        got = query_step(&q, err);
        if (got == 1)
            *out = (size_t)query_get_u64(&q, 0);
        query_close(&q);
    }
    store_read_end(s, db);
    return got == 1 ? 0 : -1;
}

int runs_count_active(struct store *s, size_t *out, struct error *err)
{
    assert(out != NULL);
    return count_runs(s, "SELECT count(*) FROM runs WHERE finished_ms = 0", out,
                      err);
}

/* A run that succeeded has seen its transient go, and forgets it only
 * afterwards. */
int runs_count_undestroyed(struct store *s, size_t *out, struct error *err)
{
    assert(out != NULL);
    return count_runs(s,
                      "SELECT count(*) FROM runs WHERE leftovers IS NOT NULL"
                      " AND finished_ms <> 0 AND status <> 'succeeded'"
                      " AND json_extract(leftovers, '$.transient') IS NOT NULL",
                      out, err);
}

/* ---- What happens to a run ---- */

/* An update of one row: `sql` takes `value` and the id. */
static int set_text(struct store *s, const char *id, const char *sql,
                    const char *value, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(id != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db, sql, err) == 0) {
        query_text_or_null(&q, value);
        query_text(&q, id);
        rc = query_run_one(&q, "run", err);
    }
    return store_write_end(s, rc, true, err);
}

int runs_set_leftovers(struct store *s, const char *id, const char *json,
                       struct error *err)
{
    return set_text(s, id,
                    "UPDATE runs SET leftovers = ?, revision = revision + 1"
                    " WHERE id = ?",
                    json, err);
}

int runs_set_plan(struct store *s, const char *id, const char *json,
                  struct error *err)
{
    return set_text(s, id,
                    "UPDATE runs SET plan = ?, revision = revision + 1"
                    " WHERE id = ?",
                    json, err);
}

int runs_set_outcome(struct store *s, const char *id, const char *json,
                     struct error *err)
{
    return set_text(s, id,
                    "UPDATE runs SET basis = ?, revision = revision + 1"
                    " WHERE id = ?",
                    json, err);
}

int runs_set_snapshot(struct store *s, const char *id, const char *snapshot_id,
                      struct error *err)
{
    assert(snapshot_id != NULL);
    return set_text(s, id,
                    "UPDATE runs SET snapshot_id = ?,"
                    " revision = revision + 1 WHERE id = ?",
                    snapshot_id, err);
}

int runs_set_safety_snapshot(struct store *s, const char *id,
                             const char *snapshot_id, struct error *err)
{
    assert(snapshot_id != NULL);
    return set_text(s, id,
                    "UPDATE runs SET safety_snapshot_id = ?,"
                    " revision = revision + 1 WHERE id = ?",
                    snapshot_id, err);
}

static int move(struct db *db, const char *id, enum run_status status,
                bool *changed, struct error *err)
{
    enum run_kind kind = RUN_BACKUP;
    enum run_status from = RUN_QUEUED;
    struct query q;

    if (run_row_status(db, id, &kind, &from, err) != 0)
        return -1;
    *changed = from != status;
    if (!*changed)
        return 0;
    if (run_row_may_move(db, id, status, err) != 0 ||
        query_open(&q, db,
                   "UPDATE runs SET status = ?, revision = revision + 1"
                   " WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, run_status_name(status));
    query_text(&q, id);
    return query_run_one(&q, "run", err);
}

int runs_set_status(struct store *s, const char *id, enum run_status status,
                    struct error *err)
{
    struct db *db = NULL;
    bool changed = false;
    int rc;

    assert(id != NULL && !run_status_final(status));
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = move(db, id, status, &changed, err);
    return store_write_end(s, rc, changed, err);
}

int runs_finish(struct store *s, const char *id, enum run_status status,
                const char *text, struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(id != NULL && run_status_final(status));
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = run_row_finish(db, id, status, text, err);
    return store_write_end(s, rc, true, err);
}

int runs_begin_phase(struct store *s, const char *id, const char *name,
                     struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(id != NULL && name != NULL && strlen(name) < RUN_PHASE_MAX);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = run_row_begin_phase(db, id, name, err);
    return store_write_end(s, rc, true, err);
}

int runs_set_progress(struct store *s, const char *id,
                      const struct run_progress *progress, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(id != NULL && progress != NULL && progress->unit != NULL &&
           strlen(progress->unit) < RUN_UNIT_MAX);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE runs SET progress_done = ?, progress_total = ?,"
                   " progress_unit = ?, revision = revision + 1"
                   " WHERE id = ?",
                   err) == 0) {
        query_u64(&q, progress->done);
        query_u64(&q, progress->total);
        query_text(&q, progress->unit);
        query_text(&q, id);
        rc = query_run_one(&q, "run", err);
    }
    return store_write_end(s, rc, true, err);
}

int runs_set_validation_result(struct store *s, const char *id,
                               enum store_verdict verdict, int64_t restore_ms,
                               struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(id != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = run_row_set_result(db, id, verdict, restore_ms, err);
    return store_write_end(s, rc, true, err);
}

static int read_phases(struct db *db, const char *id, struct run_phases *out,
                       struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT name, started_ms, ifnull(duration_ms, -1)"
                   " FROM run_phases WHERE run_id = ? ORDER BY seq",
                   err) != 0)
        return -1;
    query_text(&q, id);
    while ((got = query_step(&q, err)) == 1 && out->count < RUN_PHASES_MAX) {
        struct run_phase *p = &out->items[out->count++];

        query_get_text(&q, 0, p->name, sizeof(p->name));
        p->started_ms = query_get_int(&q, 1);
        p->duration_ms = query_get_int(&q, 2);
    }
    query_close(&q);
    return got >= 0 ? 0 : -1;
}

int runs_phases(struct store *s, const char *id, struct run_phases *out,
                struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(id != NULL && out != NULL);
    out->count = 0;
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = read_phases(db, id, out, err);
    store_read_end(s, db);
    return rc;
}

static int insert_phase(struct db *db, const char *id, size_t seq,
                        const struct run_phase *phase, struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO run_phases"
                   " (run_id, seq, name, started_ms, started_mono_ms,"
                   " duration_ms) VALUES (?, ?, ?, ?, 0, nullif(?, -1))",
                   err) != 0)
        return -1;
    query_text(&q, id);
    query_u64(&q, seq);
    query_text(&q, phase->name);
    query_int(&q, phase->started_ms);
    query_int(&q, phase->duration_ms);
    return query_run(&q, err);
}

int runs_import_phases(struct store *s, const char *id,
                       const struct run_phases *phases, struct error *err)
{
    struct run_phases there = {0};
    struct db *db = NULL;
    bool changed = false;
    int rc;

    assert(id != NULL && phases != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = read_phases(db, id, &there, err);
    if (rc == 0 && there.count == 0) {
        changed = phases->count > 0;
        for (size_t i = 0; rc == 0 && i < phases->count; i++)
            rc = insert_phase(db, id, i, &phases->items[i], err);
    }
    return store_write_end(s, rc, changed, err);
}
