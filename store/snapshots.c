/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots added, judged, pinned and deleted.  How they are found is in
 * snapshots_list.c. */
#include "store/snapshots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/parts.h"
#include "store/texts.h"

/* ---- Add ---- */

/* 1: there already, the same; 0: not there; -1: error. */
static int find_same(struct db *db, const struct snapshot_row *row,
                     struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT sha256 = ?, deleting FROM snapshots WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, row->sha256);
    query_text(&q, row->id);
    got = query_step(&q, err);
    if (got == 1 && query_get_int(&q, 0) == 0)
        got = error_set(err, ERR_CONFLICT,
                        "the catalog has snapshot %s with another digest",
                        row->id);
    else if (got == 1 && query_get_int(&q, 1) != 0)
        got = error_set(err, ERR_CONFLICT, "snapshot %s is being deleted",
                        row->id);
    query_close(&q);
    return got;
}

static int insert_row(struct db *db, const struct snapshot_row *row,
                      struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO snapshots (" SNAPSHOT_COLUMNS ") VALUES"
                   " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   err) != 0)
        return -1;
    query_text(&q, row->id);
    query_text(&q, row->cluster);
    query_text(&q, row->cluster_id);
    query_text(&q, row->cluster_name);
    query_text(&q, row->product);
    query_text(&q, row->server_version);
    query_int(&q, row->created_ms);
    query_u64(&q, row->size_bytes);
    query_text(&q, row->sha256);
    query_u64(&q, row->raft_index);
    query_u64(&q, row->raft_term);
    query_u64(&q, row->entries);
    query_u64(&q, row->state_bytes);
    query_text(&q, store_verdict_name(row->verdict));
    query_int(&q, row->validated_ms);
    query_text(&q, row->validation_id);
    query_int(&q, row->pinned);
    query_text(&q, row->run_id);
    return query_run(&q, err);
}

static int insert_copies(struct db *db, const struct snapshot_row *row,
                         bool *changed, struct error *err)
{
    struct query q;

    for (size_t i = 0; i < row->copies_count; i++) {
        if (query_open(&q, db,
                       "INSERT INTO snapshot_copies"
                       " (snapshot_id, storage, location, verified_ms)"
                       " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                       err) != 0)
            return -1;
        query_text(&q, row->id);
        query_text(&q, row->copies[i].storage);
        query_text(&q, row->copies[i].location);
        query_int(&q, row->copies[i].verified_ms);
        if (query_run(&q, err) != 0)
            return -1;
        if (db_changes(db) != 0)
            *changed = true;
    }
    return 0;
}

static int insert_prefixes(struct db *db, const char *id,
                           const struct snapshot_prefix_row *prefixes,
                           size_t count, struct error *err)
{
    struct query q;

    for (size_t i = 0; i < count; i++) {
        if (query_open(&q, db,
                       "INSERT INTO snapshot_prefixes"
                       " (snapshot_id, prefix, entries, bytes)"
                       " VALUES (?, ?, ?, ?)",
                       err) != 0)
            return -1;
        query_text(&q, id);
        query_text(&q, prefixes[i].prefix);
        query_u64(&q, prefixes[i].entries);
        query_u64(&q, prefixes[i].bytes);
        if (query_run(&q, err) != 0)
            return -1;
    }
    return 0;
}

int snapshots_add(struct store *s, const struct snapshot_row *row,
                  const struct snapshot_prefix_row *prefixes, size_t count,
                  struct error *err)
{
    struct db *db = NULL;
    bool changed = false;
    int rc;

    assert(row != NULL && id_valid(row->id) &&
           row->copies_count <= SNAPSHOTS_COPIES_MAX);
    assert(prefixes != NULL || count == 0);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = find_same(db, row, err);
    if (rc == 0) {
        changed = true;
        rc = insert_row(db, row, err);
        if (rc == 0)
            rc = insert_prefixes(db, row->id, prefixes, count, err);
    } else if (rc == 1) {
        rc = 0;
    }
    if (rc == 0)
        rc = insert_copies(db, row, &changed, err);
    return store_write_end(s, rc, changed, err);
}

/* ---- Prefixes ---- */

void snapshot_prefix_list_done(struct snapshot_prefix_list *list)
{
    if (list == NULL)
        return;
    free(list->items);
    texts_free(list->memory);
    *list = (struct snapshot_prefix_list){0};
}

/* Room for one more. */
static int grow(struct snapshot_prefix_list *list, size_t *room,
                struct error *err)
{
    struct snapshot_prefix_row *items;
    size_t more = *room != 0 ? *room * 2 : 64;

    if (list->count < *room)
        return 0;
    items = reallocarray(list->items, more, sizeof(*items));
    if (items == NULL)
        return error_memory(err);
    list->items = items;
    *room = more;
    return 0;
}

static int read_prefixes(struct query *q, struct snapshot_prefix_list *out,
                         struct error *err)
{
    struct texts *t = NULL;
    size_t room = 0;
    int got;

    while ((got = query_step(q, err)) == 1) {
        const char *prefix = texts_add(&t, query_peek_text(q, 0));

        out->memory = t;
        if (prefix == NULL)
            return error_memory(err);
        if (grow(out, &room, err) != 0)
            return -1;
        assert(out->items != NULL);
        out->items[out->count++] = (struct snapshot_prefix_row){
            .prefix = prefix,
            .entries = query_get_u64(q, 1),
            .bytes = query_get_u64(q, 2),
        };
    }
    return got;
}

static int load_prefixes(struct db *db, const char *id,
                         struct snapshot_prefix_list *out, struct error *err)
{
    struct snapshot_row row;
    struct query q;
    int rc;

    if (snapshot_row_get(db, id, &row, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "SELECT prefix, entries, bytes FROM snapshot_prefixes"
                   " WHERE snapshot_id = ? ORDER BY prefix",
                   err) != 0)
        return -1;
    query_text(&q, id);
    rc = read_prefixes(&q, out, err);
    query_close(&q);
    return rc;
}

int snapshots_prefixes(struct store *s, const char *id,
                       struct snapshot_prefix_list *out, struct error *err)
{
    struct snapshot_prefix_list list = {0};
    struct db *db = NULL;
    int rc;

    assert(id != NULL && out != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = load_prefixes(db, id, &list, err);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        snapshot_prefix_list_done(&list);
    return rc;
}

/* ---- Verdict, pin, verified ---- */

int snapshots_judge(struct db *db, const struct snapshot_judgement *j,
                    struct error *err)
{
    struct snapshot_row row;
    struct query q;

    if (snapshot_row_get(db, j->id, &row, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE snapshots SET verdict = ?1, validated_ms = ?2,"
                   " validation_id = ?3 WHERE id = ?4 AND CASE"
                   "  WHEN verdict = 'unvalidated' THEN true"
                   "  WHEN ?1 = 'inconclusive'"
                   "   THEN verdict = 'inconclusive' AND validated_ms <= ?2"
                   "  WHEN verdict = 'inconclusive' THEN true"
                   "  ELSE validated_ms <= ?2 END",
                   err) != 0)
        return -1;
    query_text(&q, store_verdict_name(j->verdict));
    query_int(&q, j->at_ms);
    query_text(&q, j->validation_id);
    query_text(&q, j->id);
    return query_run(&q, err);
}

int snapshots_set_verdict(struct store *s, const struct snapshot_judgement *j,
                          struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(j != NULL && j->id != NULL && j->verdict != STORE_UNVALIDATED);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = snapshots_judge(db, j, err);
    return store_write_end(s, rc, true, err);
}

int snapshots_set_pinned(struct store *s, const char *id, bool pinned,
                         struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(id != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE snapshots SET pinned = ?"
                   " WHERE id = ? AND deleting = 0",
                   err) == 0) {
        query_int(&q, pinned);
        query_text(&q, id);
        rc = query_run_one(&q, "snapshot", err);
    }
    return store_write_end(s, rc, true, err);
}

int snapshots_set_verified(struct store *s, const char *id, const char *storage,
                           int64_t at_ms, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(id != NULL && storage != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "UPDATE snapshot_copies SET verified_ms = ?"
                   " WHERE snapshot_id = ? AND storage = ?",
                   err) == 0) {
        query_int(&q, at_ms);
        query_text(&q, id);
        query_text(&q, storage);
        rc = query_run_one(&q, "copy of a snapshot", err);
    }
    return store_write_end(s, rc, true, err);
}

/* ---- Delete ---- */

static int refuse_in_use(struct db *db, const char *id, struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT kind, id FROM runs WHERE finished_ms = 0"
                   " AND ?1 IN (snapshot_id, safety_snapshot_id)",
                   err) != 0)
        return -1;
    query_text(&q, id);
    got = query_step(&q, err);
    if (got == 1)
        got = error_set(err, ERR_CONFLICT,
                        "the snapshot is in use: %s %s is not over yet",
                        query_peek_text(&q, 0), query_peek_text(&q, 1));
    query_close(&q);
    return got;
}

static int mark_deleting(struct db *db, const char *id,
                         struct snapshot_row *row, struct error *err)
{
    struct query q;

    if (snapshot_row_get(db, id, row, err) != 0)
        return -1;
    if (row->pinned)
        return error_set(err, ERR_PRECONDITION,
                         "the snapshot is pinned: unpin it first");
    if (refuse_in_use(db, id, err) != 0)
        return -1;
    if (query_open(&q, db, "UPDATE snapshots SET deleting = 1 WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, id);
    return query_run_one(&q, "snapshot", err);
}

int snapshots_mark_deleting(struct store *s, const char *id,
                            struct snapshot_row *out, struct error *err)
{
    struct snapshot_row row;
    struct db *db = NULL;
    int rc;

    assert(id != NULL && out != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = store_write_end(s, mark_deleting(db, id, &row, err), true, err);
    if (rc == 0)
        *out = row;
    return rc;
}

int snapshots_forget(struct store *s, const char *id, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert(id != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db, "DELETE FROM snapshots WHERE id = ? AND deleting",
                   err) == 0) {
        query_text(&q, id);
        rc = query_run_one(&q, "snapshot that is being deleted", err);
    }
    return store_write_end(s, rc, true, err);
}

static int read_deleting(struct db *db, struct snapshot_list *out,
                         struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT " SNAPSHOT_COLUMNS " FROM snapshots"
                   " WHERE deleting = 1 ORDER BY id LIMIT ?",
                   err) != 0)
        return -1;
    query_int(&q, LIMIT_PAGE);
    while ((got = query_step(&q, err)) == 1 && out->count < LIMIT_PAGE)
        snapshot_row_read(&q, &out->items[out->count++]);
    query_close(&q);
    for (size_t i = 0; got >= 0 && i < out->count; i++)
        got = snapshot_row_read_copies(db, &out->items[i], err);
    return got >= 0 ? 0 : -1;
}

int snapshots_deleting(struct store *s, struct snapshot_list *out,
                       struct error *err)
{
    struct snapshot_list list = {0};
    struct db *db = NULL;
    int rc;

    assert(out != NULL);
    list.items = calloc(LIMIT_PAGE, sizeof(*list.items));
    if (list.items == NULL)
        return error_memory(err);
    if (store_read_begin(s, &db, err) != 0) {
        snapshot_list_done(&list);
        return -1;
    }
    rc = read_deleting(db, &list, err);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        snapshot_list_done(&list);
    return rc;
}
