/* SPDX-License-Identifier: Apache-2.0
 *
 * How a run enters the queue: once, however often it is asked for. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/parts.h"

#define KEY_LIFETIME_MS (7 * 24 * INT64_C(3600) * 1000)

enum { REQUESTER_MAX = 80 };

/* What is decided by: who asks, and for what. */
struct request {
    const struct run_new *new;
    char requester[REQUESTER_MAX];
    char payload[DIGEST_SHA256_HEX];
    int64_t now;
};

static bool empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

/* The entity rather than the token: a client that logged in again is the same
 * caller.  Root and break-glass tokens have no entity. */
static int identify(const struct run_new *new, char out[REQUESTER_MAX],
                    struct error *err)
{
    char *text = NULL;
    bool fits;

    if (!empty(new->entity_id))
        text = text_format("entity:%s", new->entity_id);
    else if (!empty(new->requester_key))
        text = text_format("token:%s", new->requester_key);
    else
        text = text_dup("");
    if (text == NULL)
        return error_memory(err);
    fits = text_copy(out, REQUESTER_MAX, text);
    free(text);
    if (!fits)
        return error_set(err, ERR_INVALID, "the requester's id is too long");
    return 0;
}

static void hash_part(struct digest *d, const char *text)
{
    digest_update(d, text, strlen(text) + 1);
}

static int hash_payload(const struct run_new *new, char out[DIGEST_SHA256_HEX],
                        struct error *err)
{
    struct digest *d = digest_new();

    if (d == NULL)
        return error_memory(err);
    hash_part(d, run_kind_name(new->kind));
    hash_part(d, new->cluster);
    hash_part(d, new->payload != NULL ? new->payload : new->params);
    digest_final_hex(d, out);
    digest_free(d);
    return 0;
}

static int check_length(const char *what, const char *text, size_t size,
                        struct error *err)
{
    if (text == NULL || strlen(text) < size)
        return 0;
    return error_set(err, ERR_INVALID, "%s is longer than %zu bytes", what,
                     size - 1);
}

static int check_lengths(const struct run_new *new, struct error *err)
{
    const struct {
        const char *what;
        const char *text;
        size_t size;
    } rows[] = {
        {"the idempotency key", new->idempotency_key, RUN_IDEMPOTENCY_KEY_MAX},
        {"the cluster's name", new->cluster, RUN_NAME_MAX},
        {"the target's name", new->target, RUN_NAME_MAX},
        {"the driver's name", new->driver, RUN_NAME_MAX},
        {"the oracle's name", new->oracle, RUN_NAME_MAX},
        {"the display name", new->display_name, RUN_DISPLAY_NAME_MAX},
        {"the entity id", new->entity_id, RUN_ENTITY_ID_MAX},
        {"the token's hash", new->requester_key, RUN_REQUESTER_KEY_MAX},
        {"the snapshot's id", new->snapshot_id, ID_TEXT_MAX},
        {"the reason", new->reason, RUN_REASON_MAX},
        {"the overrides", new->overrides, RUN_OVERRIDES_MAX},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (check_length(rows[i].what, rows[i].text, rows[i].size, err) != 0)
            return -1;
    }
    return 0;
}

static int forget_old_keys(struct db *db, int64_t now, struct error *err)
{
    struct query q;

    if (query_open(&q, db, "DELETE FROM idempotency_keys WHERE created_ms < ?",
                   err) != 0)
        return -1;
    query_int(&q, now - KEY_LIFETIME_MS);
    return query_run(&q, err);
}

/* The id of the run that this key made, or "". */
static int find_by_key(struct db *db, const struct request *r,
                       char id[ID_TEXT_MAX], struct error *err)
{
    struct query q;
    int got;

    id[0] = '\0';
    if (empty(r->new->idempotency_key))
        return 0;
    if (query_open(&q, db,
                   "SELECT run_id, payload_sha256 FROM idempotency_keys"
                   " WHERE requester = ? AND key = ?",
                   err) != 0)
        return -1;
    query_text(&q, r->requester);
    query_text(&q, r->new->idempotency_key);
    got = query_step(&q, err);
    if (got == 1) {
        if (strcmp(query_peek_text(&q, 1), r->payload) == 0) {
            query_get_text(&q, 0, id, ID_TEXT_MAX);
            got = 0;
        } else {
            got = error_set(err, ERR_PRECONDITION,
                            "this Idempotency-Key was used for a different "
                            "request");
        }
    }
    query_close(&q);
    return got;
}

/* The id of the run that is under way and the same, or "". */
static int find_unfinished(struct db *db, const struct request *r,
                           char id[ID_TEXT_MAX], struct error *err)
{
    const char *kind = run_kind_name(r->new->kind);
    struct query q;
    int got;

    id[0] = '\0';
    if (query_open(&q, db,
                   "SELECT id, requester = ? AND payload_sha256 = ?, status"
                   " FROM runs"
                   " WHERE finished_ms = 0 AND kind = ? AND cluster = ?",
                   err) != 0)
        return -1;
    query_text(&q, r->requester);
    query_text(&q, r->payload);
    query_text(&q, kind);
    query_text(&q, r->new->cluster);
    got = query_step(&q, err);
    if (got == 1) {
        if (query_get_int(&q, 1) != 0) {
            query_get_text(&q, 0, id, ID_TEXT_MAX);
            got = 0;
        } else {
            got = error_set(err, ERR_CONFLICT,
                            "a %s of cluster \"%s\" is not over yet: run %s "
                            "is %s",
                            kind, r->new->cluster, query_peek_text(&q, 0),
                            query_peek_text(&q, 2));
        }
    }
    query_close(&q);
    return got;
}

/* In the same transaction as the insert, so that no snapshot is deleted
 * between the look and the run that needs it. */
static int check_snapshot(struct db *db, const struct run_new *new,
                          struct error *err)
{
    struct query q;
    int got;

    if (new->kind == RUN_BACKUP || empty(new->snapshot_id))
        return 0;
    if (query_open(&q, db,
                   "SELECT 1 FROM snapshots WHERE id = ? AND deleting = 0",
                   err) != 0)
        return -1;
    query_text(&q, new->snapshot_id);
    got = query_step(&q, err);
    query_close(&q);
    if (got == 0)
        return error_set(err, ERR_NOT_FOUND, "no snapshot with this id");
    return got == 1 ? 0 : -1;
}

static int insert_run(struct db *db, const struct request *r,
                      const char id[ID_TEXT_MAX], struct error *err)
{
    const struct run_new *new = r->new;
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO runs (id, kind, status, cluster, created_ms,"
                   " requester, display_name, entity_id, requester_key,"
                   " params, payload_sha256, snapshot_id, driver, oracle,"
                   " target, dry_run, force, overrides, reason,"
                   " approvals_needed)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                   " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   err) != 0)
        return -1;
    query_text(&q, id);
    query_text(&q, run_kind_name(new->kind));
    query_text(&q, run_status_name(RUN_QUEUED));
    query_text(&q, new->cluster);
    query_int(&q, r->now);
    query_text(&q, r->requester);
    query_text(&q, new->display_name);
    query_text(&q, new->entity_id);
    query_text(&q, new->requester_key);
    query_text(&q, new->params);
    query_text(&q, r->payload);
    query_text(&q, new->snapshot_id);
    query_text(&q, new->driver);
    query_text(&q, new->oracle);
    query_text(&q, new->target);
    query_int(&q, new->dry_run);
    query_int(&q, new->force);
    query_text(&q, new->overrides);
    query_text(&q, new->reason);
    query_u64(&q, new->approvals_needed);
    return query_run(&q, err);
}

static int insert_key(struct db *db, const struct request *r,
                      const char id[ID_TEXT_MAX], struct error *err)
{
    struct query q;

    if (empty(r->new->idempotency_key))
        return 0;
    if (query_open(&q, db,
                   "INSERT INTO idempotency_keys"
                   " (requester, key, payload_sha256, run_id, created_ms)"
                   " VALUES (?, ?, ?, ?, ?)",
                   err) != 0)
        return -1;
    query_text(&q, r->requester);
    query_text(&q, r->new->idempotency_key);
    query_text(&q, r->payload);
    query_text(&q, id);
    query_int(&q, r->now);
    return query_run(&q, err);
}

/* Find the run or make it; *existing says which. */
static int enter(struct db *db, const struct request *r, char id[ID_TEXT_MAX],
                 bool *existing, struct error *err)
{
    *existing = true;
    if (forget_old_keys(db, r->now, err) != 0 ||
        find_by_key(db, r, id, err) != 0)
        return -1;
    if (id[0] != '\0')
        return 0;
    if (find_unfinished(db, r, id, err) != 0)
        return -1;
    if (id[0] == '\0') {
        *existing = false;
        id_new(id);
        if (check_snapshot(db, r->new, err) != 0 ||
            insert_run(db, r, id, err) != 0)
            return -1;
    }
    return insert_key(db, r, id, err);
}

int runs_create(struct store *s, const struct run_new *new, struct run *out,
                bool *existing, struct error *err)
{
    struct request r = {.new = new, .now = clock_now_ms()};
    struct run run = {0};
    char id[ID_TEXT_MAX];
    struct db *db = NULL;
    bool old = true;
    int rc = -1;

    assert(new != NULL &&new->cluster != NULL &&new->params != NULL);
    assert(out != NULL && existing != NULL);
    if (check_lengths(new, err) != 0 || identify(new, r.requester, err) != 0 ||
        hash_payload(new, r.payload, err) != 0 ||
        store_write_begin(s, &db, err) != 0)
        return -1;
    if (enter(db, &r, id, &old, err) == 0)
        rc = run_row_get(db, id, &run, err);
    if (store_write_end(s, rc, !old, err) != 0) {
        run_done(&run);
        return -1;
    }
    *out = run;
    *existing = old;
    return 0;
}

int runs_import(struct store *s, const struct run *run, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(run != NULL && id_valid(run->id));
    assert(run_status_final(run->status) && run->finished_ms != 0);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "INSERT INTO runs (id, kind, status, phase, cluster,"
                   " created_ms, started_ms, finished_ms, requester,"
                   " display_name, entity_id, requester_key, params,"
                   " payload_sha256, error, snapshot_id, driver, oracle,"
                   " verdict, restore_ms, target, dry_run, force, overrides,"
                   " reason, plan, safety_snapshot_id, basis)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, '', ?,"
                   " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT (id) DO NOTHING",
                   err) != 0)
        return store_write_end(s, -1, false, err);
    query_text(&q, run->id);
    query_text(&q, run_kind_name(run->kind));
    query_text(&q, run_status_name(run->status));
    query_text(&q, run->phase);
    query_text(&q, run->cluster);
    query_int(&q, run->created_ms);
    query_int(&q, run->started_ms);
    query_int(&q, run->finished_ms);
    query_text(&q, run->display_name);
    query_text(&q, run->entity_id);
    query_text(&q, run->requester_key);
    query_text(&q, run->params != NULL ? run->params : "{}");
    query_text(&q, run->error);
    query_text(&q, run->snapshot_id);
    query_text(&q, run->driver);
    query_text(&q, run->oracle);
    query_text(&q, store_verdict_name(run->verdict));
    query_int(&q, run->restore_ms);
    query_text(&q, run->target);
    query_int(&q, run->dry_run);
    query_int(&q, run->force);
    query_text(&q, run->overrides);
    query_text(&q, run->reason);
    query_text_or_null(&q, run->plan);
    query_text(&q, run->safety_snapshot_id);
    query_text_or_null(&q, run->basis);
    rc = query_run(&q, err);
    return store_write_end(s, rc, true, err);
}
