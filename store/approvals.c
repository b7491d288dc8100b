/* SPDX-License-Identifier: Apache-2.0 */
#include "store/approvals.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/handle.h"
#include "store/parts.h"

/* Of the run's plan as it is now, and by somebody else. */
#define COUNTS                                                                 \
    "a.plan_revision = r.plan_revision AND a.archive_sha256 = r.plan_sha256"   \
    " AND a.cluster_id = r.plan_cluster_id AND a.entity_id <> r.entity_id"

int approvals_set_plan(struct store *s, const char *run_id,
                       const struct approvals_plan *plan, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(run_id != NULL && plan != NULL && plan->json != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE runs SET plan = ?, plan_revision = ?,"
                   " plan_fingerprint = ?, plan_sha256 = ?,"
                   " plan_cluster_id = ?, revision = revision + 1"
                   " WHERE id = ?",
                   err) == 0) {
        query_text(&q, plan->json);
        query_u64(&q, plan->revision);
        query_text(&q, plan->fingerprint);
        query_text(&q, plan->sha256);
        query_text(&q, plan->cluster_id);
        query_text(&q, run_id);
        rc = query_run_one(&q, "run", err);
    }
    return store_write_end(s, rc, true, err);
}

/* ---- Waiting ---- */

static int begin_waiting(struct db *db, const char *run_id, int64_t expires_ms,
                         struct error *err)
{
    struct run run = {0};
    struct query q;
    bool asked;

    if (run_row_get(db, run_id, &run, err) != 0)
        return -1;
    asked = run.cancel_requested;
    run_done(&run);
    if (asked)
        return error_set(err, ERR_CANCELLED, "the run was cancelled");
    if (run_row_may_move(db, run_id, RUN_PENDING_APPROVAL, err) != 0 ||
        run_row_begin_phase(db, run_id, "approval", err) != 0 ||
        query_open(&q, db,
                   "UPDATE runs SET status = 'pending_approval',"
                   " expires_ms = ?, started_ms = 0, revision = revision + 1"
                   " WHERE id = ?",
                   err) != 0)
        return -1;
    query_int(&q, expires_ms);
    query_text(&q, run_id);
    return query_run_one(&q, "run", err);
}

int approvals_wait(struct store *s, const char *run_id, int64_t expires_ms,
                   struct error *err)
{
    struct db *db = NULL;

    assert(run_id != NULL && expires_ms > 0);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    return store_write_end(s, begin_waiting(db, run_id, expires_ms, err), true,
                           err);
}

/* ---- Deciding ---- */

static int count(struct db *db, const char *run_id, unsigned *out,
                 struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT count(*) FROM approvals a"
                   " JOIN runs r ON r.id = a.run_id"
                   " WHERE r.id = ? AND " COUNTS,
                   err) != 0)
        return -1;
    query_text(&q, run_id);
    got = query_step(&q, err);
    if (got == 1)
        *out = (unsigned)query_get_u64(&q, 0);
    query_close(&q);
    return got == 1 ? 0 : -1;
}

int approvals_count(struct store *s, const char *run_id, unsigned *out,
                    struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(run_id != NULL && out != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = count(db, run_id, out, err);
    store_read_end(s, db);
    return rc;
}

/* The run, which waits for approval.  One that is over by its time is left
 * to approvals_expire: whoever calls that puts its end on record. */
static int find_waiting(struct db *db, const struct approval_run *which,
                        struct run *out, struct error *err)
{
    struct run run = {0};
    int rc = -1;

    if (run_row_get(db, which->id, &run, err) != 0)
        return -1;
    if (run.kind != which->kind)
        error_set(err, ERR_NOT_FOUND, "no %s with this id",
                  run_kind_name(which->kind));
    else if (run.status != RUN_PENDING_APPROVAL)
        error_set(err, ERR_CONFLICT,
                  "%s %s does not wait for approval: it is %s",
                  run_kind_name(run.kind), run.id, run_status_name(run.status));
    else if (run.expires_ms <= clock_now_ms())
        error_set(err, ERR_CONFLICT,
                  "the time for approving this %s is over: it expires",
                  run_kind_name(run.kind));
    else
        rc = 0;
    if (rc == 0)
        *out = run;
    else
        run_done(&run);
    return rc;
}

static int check_approver(const struct run *run, const struct approval_new *new,
                          struct error *err)
{
    if (strcmp(new->entity_id, run->entity_id) == 0 ||
        (new->token_key[0] != '\0' &&
         strcmp(new->token_key, run->requester_key) == 0))
        return error_set(err, ERR_DENIED,
                         "whoever asked for a %s cannot approve it, with no "
                         "token of his",
                         run_kind_name(run->kind));
    if (new->plan_revision != run->plan_revision)
        return error_set(err, ERR_CONFLICT,
                         "the plan of this %s is revision %llu now, not %llu: "
                         "read it again before approving it",
                         run_kind_name(run->kind),
                         (unsigned long long)run->plan_revision,
                         (unsigned long long)new->plan_revision);
    return 0;
}

static int insert(struct db *db, const struct run *run,
                  const struct approval_new *new, struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO approvals (run_id, plan_revision, entity_id,"
                   " display_name, at_ms, archive_sha256, cluster_id)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT (run_id, plan_revision, entity_id)"
                   " DO NOTHING",
                   err) != 0)
        return -1;
    query_text(&q, run->id);
    query_u64(&q, run->plan_revision);
    query_text(&q, new->entity_id);
    query_text(&q, new->display_name);
    query_int(&q, clock_now_ms());
    query_text(&q, run->plan_sha256);
    query_text(&q, run->plan_cluster_id);
    return query_run(&q, err);
}

static int touch(struct db *db, const char *run_id, bool approved,
                 struct error *err)
{
    struct query q;

    if (approved && run_row_may_move(db, run_id, RUN_APPROVED, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE runs SET status = ?, revision = revision + 1"
                   " WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q,
               run_status_name(approved ? RUN_APPROVED : RUN_PENDING_APPROVAL));
    query_text(&q, run_id);
    return query_run_one(&q, "run", err);
}

static int give(struct db *db, const struct approval_new *new, bool *approved,
                struct error *err)
{
    struct run run = {0};
    unsigned have = 0;
    int rc = -1;

    if (find_waiting(db, &new->run, &run, err) != 0)
        return -1;
    if (check_approver(&run, new, err) != 0 ||
        insert(db, &run, new, err) != 0 || count(db, run.id, &have, err) != 0)
        goto done;
    *approved = have >= run.approvals_needed;
    rc = touch(db, run.id, *approved, err);
done:
    run_done(&run);
    return rc;
}

int approvals_give(struct store *s, const struct approval_new *new,
                   bool *approved, struct error *err)
{
    struct db *db = NULL;
    bool done = false;
    int rc;

    assert(new != NULL &&new->run.id != NULL &&approved != NULL);
    assert(new->entity_id != NULL &&new->display_name != NULL);
    assert(new->token_key != NULL);
    if (strlen(new->entity_id) >= RUN_ENTITY_ID_MAX ||
        strlen(new->display_name) >= RUN_DISPLAY_NAME_MAX)
        return error_set(err, ERR_INVALID, "the approver's name is too long");
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = give(db, new, &done, err);
    if (store_write_end(s, rc, true, err) != 0)
        return -1;
    *approved = done;
    return 0;
}

int approvals_reject(struct store *s, const struct approval_run *which,
                     const char *text, struct error *err)
{
    struct run run = {0};
    struct db *db = NULL;
    int rc;

    assert(which != NULL && which->id != NULL && text != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = find_waiting(db, which, &run, err);
    run_done(&run);
    if (rc == 0)
        rc = run_row_finish(db, which->id, RUN_REJECTED, text, err);
    return store_write_end(s, rc, true, err);
}

static int expire(struct db *db, const struct run *run, struct error *err)
{
    char text[128];
    unsigned have = 0;

    if (count(db, run->id, &have, err) != 0)
        return -1;
    (void)snprintf(text, sizeof(text),
                   "%u of %u approvals had been given when its time was over",
                   have, run->approvals_needed);
    return run_row_finish(db, run->id, RUN_EXPIRED, text, err);
}

/* One at a time: there are at most as many as clusters. */
static int expire_next(struct db *db, int64_t now_ms, bool *found,
                       struct error *err)
{
    char id[ID_TEXT_MAX];
    struct run run = {0};
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT id FROM runs INDEXED BY runs_unfinished"
                   " WHERE finished_ms = 0 AND kind IN ('restore', 'recovery')"
                   " AND status = 'pending_approval' AND expires_ms <= ?"
                   " LIMIT 1",
                   err) != 0)
        return -1;
    query_int(&q, now_ms);
    got = query_step(&q, err);
    *found = got == 1;
    if (*found)
        query_get_text(&q, 0, id, sizeof(id));
    query_close(&q);
    if (!*found)
        return got;
    if (run_row_get(db, id, &run, err) != 0)
        return -1;
    got = expire(db, &run, err);
    run_done(&run);
    return got;
}

int approvals_expire(struct store *s, int64_t now_ms, size_t *expired,
                     struct error *err)
{
    struct db *db = NULL;
    size_t n = 0;
    bool found = true;
    int rc = 0;

    assert(expired != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    while (rc == 0 && found) {
        rc = expire_next(db, now_ms, &found, err);
        n += rc == 0 && found;
    }
    if (store_write_end(s, rc, n > 0, err) != 0)
        return -1;
    *expired = n;
    return 0;
}

/* ---- Looking ---- */

void approval_list_done(struct approval_list *list)
{
    if (list == NULL)
        return;
    free(list->items);
    *list = (struct approval_list){0};
}

static int read_rows(struct query *q, struct approval_list *out,
                     struct error *err)
{
    int got;

    while ((got = query_step(q, err)) == 1) {
        struct approval_row *rows =
            realloc(out->items, (out->count + 1) * sizeof(*rows));

        if (rows == NULL)
            return error_memory(err);
        out->items = rows;
        struct approval_row *row = &rows[out->count++];
        query_get_text(q, 0, row->entity_id, sizeof(row->entity_id));
        query_get_text(q, 1, row->display_name, sizeof(row->display_name));
        row->at_ms = query_get_int(q, 2);
        row->plan_revision = query_get_u64(q, 3);
        query_get_text(q, 4, row->archive_sha256, sizeof(row->archive_sha256));
        query_get_text(q, 5, row->cluster_id, sizeof(row->cluster_id));
        row->counts = query_get_int(q, 6) != 0;
    }
    return got;
}

static int load(struct db *db, const char *run_id, struct approval_list *out,
                struct error *err)
{
    struct query q;
    int rc;

    if (query_open(&q, db,
                   "SELECT a.entity_id, a.display_name, a.at_ms,"
                   " a.plan_revision, a.archive_sha256, a.cluster_id, " COUNTS
                   " FROM approvals a JOIN runs r ON r.id = a.run_id"
                   " WHERE a.run_id = ? ORDER BY a.at_ms, a.entity_id LIMIT ?",
                   err) != 0)
        return -1;
    query_text(&q, run_id);
    query_int(&q, LIMIT_PAGE);
    rc = read_rows(&q, out, err);
    query_close(&q);
    return rc;
}

int approvals_load(struct store *s, const char *run_id,
                   struct approval_list *out, struct error *err)
{
    struct approval_list list = {0};
    struct db *db = NULL;
    int rc;

    assert(run_id != NULL && out != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = load(db, run_id, &list, err);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        approval_list_done(&list);
    return rc;
}

static int way_back(struct db *db, const char *snapshot_id, const char *target,
                    char run_id[ID_TEXT_MAX], struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT id FROM runs WHERE kind = 'restore'"
                   " AND safety_snapshot_id = ? AND target = ?"
                   " AND dry_run = 0 ORDER BY id DESC LIMIT 1",
                   err) != 0)
        return -1;
    query_text(&q, snapshot_id);
    query_text(&q, target);
    got = query_step(&q, err);
    run_id[0] = '\0';
    if (got == 1)
        query_get_text(&q, 0, run_id, ID_TEXT_MAX);
    query_close(&q);
    return got >= 0 ? 0 : -1;
}

int approvals_way_back(struct store *s, const char *snapshot_id,
                       const char *target, char run_id[ID_TEXT_MAX],
                       struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(snapshot_id != NULL && target != NULL && run_id != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = way_back(db, snapshot_id, target, run_id, err);
    store_read_end(s, db);
    return rc;
}
