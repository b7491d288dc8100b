/* SPDX-License-Identifier: Apache-2.0
 *
 * How a run leaves the queue: taken by a worker, cancelled, or interrupted
 * by the end of the process. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/handle.h"
#include "store/parts.h"

/* Statuses of runs that nobody works at. */
#define WAITING "('queued', 'pending_approval')"

/* ---- Claim ---- */

static const enum run_status first_step[RUN_KINDS] = {
    [RUN_BACKUP] = RUN_RUNNING,
    [RUN_VALIDATION] = RUN_PROVISIONING,
    [RUN_RESTORE] = RUN_CHECKING,
    [RUN_RECOVERY] = RUN_CHECKING,
};

/* The oldest run that waits for a worker, or "".  There are at most as many
 * rows to look at as kinds times clusters, by the index named: left alone,
 * SQLite walks every run there ever was, to save sorting those few. */
static int find_waiting(struct db *db, unsigned kinds, char id[ID_TEXT_MAX],
                        enum run_kind *kind, struct error *err)
{
    struct query q;
    int got;

    id[0] = '\0';
    if (query_open(&q, db,
                   "SELECT id, kind FROM runs INDEXED BY runs_unfinished"
                   " WHERE finished_ms = 0"
                   " AND status IN ('queued', 'approved') ORDER BY id",
                   err) != 0)
        return -1;
    while ((got = query_step(&q, err)) == 1) {
        enum run_kind k = RUN_BACKUP;

        if (!run_kind_parse(query_peek_text(&q, 1), &k) ||
            (kinds & (1u << k)) == 0)
            continue;
        query_get_text(&q, 0, id, ID_TEXT_MAX);
        *kind = k;
        break;
    }
    query_close(&q);
    return got >= 0 ? 0 : -1;
}

static int take(struct db *db, const char *id, enum run_kind kind,
                struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "UPDATE runs SET status = ?, started_ms = ?,"
                   " revision = revision + 1 WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, run_status_name(first_step[kind]));
    query_int(&q, clock_now_ms());
    query_text(&q, id);
    return query_run_one(&q, "run", err);
}

int runs_claim(struct store *s, unsigned kinds, struct run *out, bool *claimed,
               struct error *err)
{
    char id[ID_TEXT_MAX];
    enum run_kind kind = RUN_BACKUP;
    struct run run = {0};
    struct db *db = NULL;
    bool found;
    int rc;

    assert(out != NULL && claimed != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = find_waiting(db, kinds, id, &kind, err);
    found = rc == 0 && id[0] != '\0';
    if (found &&
        (take(db, id, kind, err) != 0 || run_row_get(db, id, &run, err) != 0))
        rc = -1;
    if (store_write_end(s, rc, found, err) != 0) {
        run_done(&run);
        return -1;
    }
    *claimed = found;
    if (found)
        *out = run;
    return 0;
}

/* ---- Cancel ---- */

static int cancel(struct db *db, const char *id, struct error *err)
{
    enum run_kind kind = RUN_BACKUP;
    enum run_status status = RUN_QUEUED;
    struct query q;

    if (run_row_status(db, id, &kind, &status, err) != 0)
        return -1;
    if (run_status_final(status))
        return error_set(
            err, ERR_CONFLICT, "the run is over already: it %s %s",
            status == RUN_SUCCEEDED || status == RUN_FAILED ? "has" : "was",
            run_status_name(status));
    if (status == RUN_QUEUED || status == RUN_APPROVED ||
        status == RUN_PENDING_APPROVAL)
        return run_row_finish(db, id, RUN_CANCELLED, NULL, err);
    if (query_open(&q, db,
                   "UPDATE runs SET cancel_requested = 1,"
                   " revision = revision + 1 WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, id);
    return query_run_one(&q, "run", err);
}

int runs_request_cancel(struct store *s, const char *id, struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(id != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = cancel(db, id, err);
    return store_write_end(s, rc, true, err);
}

/* ---- After a crash ---- */

/* The open phase keeps its duration unknown: when the process died is not.
 * What a recovery brought is its basis, once that is delivered. */
static int interrupt_all(struct db *db, size_t *interrupted, struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "UPDATE runs SET"
                   " error = 'Assay stopped while this run was ' || status"
                   "  || CASE WHEN kind = 'restore' AND status IN"
                   "   ('restoring', 'awaiting_unseal', 'verifying')"
                   "   THEN ': look at the cluster before anything else, the"
                   " snapshot may have been applied'"
                   "  WHEN kind = 'recovery'"
                   "   AND (phase = 'deliver' OR basis IS NOT NULL)"
                   "   AND json_extract(params, '$.to') = 'primary'"
                   "   THEN ': look at the secret before anything else, it may"
                   " have been written' ELSE '' END,"
                   " status = 'interrupted', finished_ms = ?,"
                   " revision = revision + 1"
                   " WHERE finished_ms = 0 AND status NOT IN " WAITING,
                   err) != 0)
        return -1;
    query_int(&q, clock_now_ms());
    if (query_run(&q, err) != 0)
        return -1;
    *interrupted = (size_t)db_changes(db);
    return 0;
}

struct ids {
    char (*items)[ID_TEXT_MAX];
    size_t count;
};

static int find_leftovers(struct db *db, struct ids *out, struct error *err)
{
    struct query q;
    int got;

    out->items = calloc(LIMIT_PAGE, sizeof(*out->items));
    if (out->items == NULL)
        return error_memory(err);
    if (query_open(&q, db,
                   "SELECT id FROM runs WHERE leftovers IS NOT NULL"
                   " AND finished_ms <> 0 ORDER BY id LIMIT ?",
                   err) != 0)
        return -1;
    query_int(&q, LIMIT_PAGE);
    while ((got = query_step(&q, err)) == 1 && out->count < LIMIT_PAGE)
        query_get_text(&q, 0, out->items[out->count++], ID_TEXT_MAX);
    query_close(&q);
    return got;
}

static int add_error(struct store *s, const char *id, const char *text,
                     struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE runs SET error = error ||"
                   " CASE error WHEN '' THEN '' ELSE '; ' END || ?2,"
                   " revision = revision + 1"
                   " WHERE id = ?1 AND instr(error, ?2) = 0",
                   err) == 0) {
        query_text(&q, id);
        query_text(&q, text);
        rc = query_run(&q, err);
    }
    return store_write_end(s, rc, true, err);
}

static int clean_one(struct store *s, const char *id, runs_cleanup cleanup,
                     void *ctx, struct error *err)
{
    struct error trouble = {0};
    struct run run = {0};
    int rc;

    if (runs_get(s, id, &run, err) != 0)
        return -1;
    if (cleanup(ctx, &run, &trouble) == 0) {
        rc = runs_set_leftovers(s, id, NULL, err);
    } else {
        error_prefix(&trouble, "cleaning up failed");
        rc = add_error(s, id, trouble.text, err);
    }
    run_done(&run);
    return rc;
}

int runs_interrupt_unfinished(struct store *s, runs_cleanup cleanup, void *ctx,
                              size_t *interrupted, struct error *err)
{
    struct ids ids = {0};
    struct db *db = NULL;
    size_t count = 0;
    int rc = -1;

    assert(interrupted != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = interrupt_all(db, &count, err);
    if (rc == 0)
        rc = find_leftovers(db, &ids, err);
    rc = store_write_end(s, rc, true, err);
    for (size_t i = 0; rc == 0 && cleanup != NULL && i < ids.count; i++)
        rc = clean_one(s, ids.items[i], cleanup, ctx, err);
    free(ids.items);
    if (rc == 0)
        *interrupted = count;
    return rc;
}
