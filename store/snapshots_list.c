/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of snapshots, newest first: (created_ms DESC, id DESC).
 *
 * Keyset paging: a page begins where the one before ended, by an index that
 * has the order of the list, so its price does not grow with its depth.  The
 * index is named in the query (INDEXED BY) rather than left to the planner,
 * which has no statistics to go by: a plan that sorts or skips rows is then
 * an error of the first test instead of a slow page in the tenth month. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/parts.h"

enum { SQL_MAX = 2048 };

/* Where the page begins: below this row, which need not exist.  The first
 * page begins below the end of time. */
struct position {
    const struct snapshots_filter *filter;
    int64_t created_ms;
    const char *id; /* NULL: first page */
};

/* A page comes in two parts: what is left of the time of its position, then
 * what is older.  One query with (created_ms, id) < (?, ?) would do as well,
 * but SQLite 3.40 compares that pair again for each row. */
enum part { SAME_TIME, OLDER };

void snapshot_list_done(struct snapshot_list *list)
{
    if (list == NULL)
        return;
    free(list->items);
    *list = (struct snapshot_list){0};
}

static const char *index_for(const struct snapshots_filter *f)
{
    if (f->cluster != NULL)
        return f->verdict >= 0 ? "snapshots_by_cluster_verdict"
                               : "snapshots_by_cluster";
    return f->verdict >= 0 ? "snapshots_by_verdict" : "snapshots_by_time";
}

/* FROM and WHERE; bind_filter gives the values in the same order. */
static void add_filter(const struct snapshots_filter *f, struct buf *sql)
{
    buf_printf(sql, " FROM snapshots INDEXED BY %s WHERE deleting = 0",
               index_for(f));
    if (f->cluster != NULL)
        buf_str(sql, " AND cluster = ?");
    if (f->verdict >= 0)
        buf_str(sql, " AND verdict = ?");
    if (f->since_ms != 0)
        buf_str(sql, " AND created_ms >= ?");
}

static void bind_filter(const struct snapshots_filter *f, struct query *q)
{
    if (f->cluster != NULL)
        query_text(q, f->cluster);
    if (f->verdict >= 0)
        query_text(q, store_verdict_name((enum store_verdict)f->verdict));
    if (f->since_ms != 0)
        query_int(q, f->since_ms);
}

/* The first 48 bits of a UUIDv7 are its time. */
static bool time_in_id(const char *id, int64_t *out)
{
    char hex[13];
    uint8_t bytes[6];
    int64_t ms = 0;

    if (!id_valid(id) || id[14] != '7')
        return false;
    memcpy(hex, id, 8);
    memcpy(hex + 8, id + 9, 4);
    hex[12] = '\0';
    if (!text_unhex(hex, bytes, sizeof(bytes)))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        ms = (ms << 8) | bytes[i];
    *out = ms;
    return true;
}

static int find_position(struct db *db, const struct snapshots_filter *f,
                         struct position *out, struct error *err)
{
    const char *after = f->after;
    struct query q;
    int got;

    *out = (struct position){.filter = f, .created_ms = INT64_MAX};
    if (after == NULL)
        return 0;
    if (query_open(&q, db, "SELECT created_ms FROM snapshots WHERE id = ?",
                   err) != 0)
        return -1;
    query_text(&q, after);
    got = query_step(&q, err);
    if (got == 1)
        out->created_ms = query_get_int(&q, 0);
    query_close(&q);
    if (got < 0)
        return -1;
    if (got == 0 && !time_in_id(after, &out->created_ms))
        return error_set(err, ERR_INVALID,
                         "\"after\" is not the id of a snapshot");
    out->id = after;
    return 0;
}

static int open_part(struct query *q, struct db *db,
                     const struct snapshots_filter *f, enum part part,
                     struct error *err)
{
    struct buf sql;
    int rc = -1;

    buf_init(&sql, SQL_MAX);
    buf_str(&sql, "SELECT " SNAPSHOT_COLUMNS);
    add_filter(f, &sql);
    buf_str(&sql, part == SAME_TIME ? " AND created_ms = ? AND id < ?"
                                    : " AND created_ms < ?");
    buf_str(&sql, " ORDER BY created_ms DESC, id DESC LIMIT ?");
    if (buf_failed(&sql)) /* it always fits: no memory */
        error_memory(err);
    else
        rc = query_open(q, db, buf_text(&sql), err);
    buf_done(&sql);
    return rc;
}

/* One row more than the page has, to learn whether there is a next one. */
static int read_rows(struct query *q, size_t limit, struct snapshot_list *out,
                     struct error *err)
{
    int got;

    query_int(q, (int64_t)(limit + 1 - out->count));
    while ((got = query_step(q, err)) == 1 && out->count < limit)
        snapshot_row_read(q, &out->items[out->count++]);
    if (got == 1)
        out->more = true;
    return got >= 0 ? 0 : -1;
}

static int read_part(struct db *db, const struct position *at, enum part part,
                     struct snapshot_list *out, struct error *err)
{
    const struct snapshots_filter *f = at->filter;
    struct query q = {0};
    int rc;

    if (open_part(&q, db, f, part, err) != 0)
        return -1;
    bind_filter(f, &q);
    query_int(&q, at->created_ms);
    if (part == SAME_TIME)
        query_text(&q, at->id);
    rc = read_rows(&q, f->limit, out, err);
    query_close(&q);
    return rc;
}

/* f->limit rows at most, for which `out` has room. */
static int list_page(struct db *db, const struct snapshots_filter *f,
                     struct snapshot_list *out, struct error *err)
{
    struct position at;

    if (find_position(db, f, &at, err) != 0)
        return -1;
    if (at.id != NULL && read_part(db, &at, SAME_TIME, out, err) != 0)
        return -1;
    if (!out->more && read_part(db, &at, OLDER, out, err) != 0)
        return -1;
    for (size_t i = 0; i < out->count; i++) {
        if (snapshot_row_read_copies(db, &out->items[i], err) != 0)
            return -1;
    }
    return 0;
}

static size_t page_size(size_t limit)
{
    if (limit == 0)
        return LIMIT_PAGE_DEFAULT;
    return limit < LIMIT_PAGE ? limit : LIMIT_PAGE;
}

int snapshots_list(struct store *s, const struct snapshots_filter *filter,
                   struct snapshot_list *out, struct error *err)
{
    struct snapshot_list list = {0};
    struct db *db = NULL;
    uint64_t before;
    struct snapshots_filter f;
    int rc;

    assert(filter != NULL && out != NULL);
    f = *filter;
    f.limit = page_size(filter->limit);
    list.items = calloc(f.limit, sizeof(*list.items));
    if (list.items == NULL)
        return error_memory(err);
    if (store_read_begin(s, &db, err) != 0) {
        snapshot_list_done(&list);
        return -1;
    }
    before = db_steps(db);
    rc = list_page(db, &f, &list, err);
    store_note_steps(db, before);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        snapshot_list_done(&list);
    return rc;
}

int snapshots_count(struct store *s, const struct snapshots_filter *filter,
                    uint64_t *out, struct error *err)
{
    struct db *db = NULL;
    struct query q = {0};
    struct buf sql;
    int got = -1;

    assert(filter != NULL && out != NULL);
    buf_init(&sql, SQL_MAX);
    buf_str(&sql, "SELECT count(*)");
    add_filter(filter, &sql);
    if (buf_failed(&sql)) {
        error_memory(err);
        goto done;
    }
    if (store_read_begin(s, &db, err) != 0)
        goto done;
    if (query_open(&q, db, buf_text(&sql), err) == 0) {
        bind_filter(filter, &q);
        got = query_step(&q, err);
        if (got == 1)
            *out = query_get_u64(&q, 0);
        query_close(&q);
    }
    store_read_end(s, db);
done:
    buf_done(&sql);
    return got == 1 ? 0 : -1;
}

/* `latest` and `latest-valid` are the first row of a list. */
static int get_newest(struct db *db, const char *cluster, bool valid,
                      struct snapshot_row *out, struct error *err)
{
    struct snapshots_filter f = {
        .verdict = valid ? STORE_VALID : -1,
        .cluster = cluster,
        .limit = 1,
    };
    struct snapshot_list one = {0};
    int rc = -1;

    one.items = calloc(1, sizeof(*one.items));
    if (one.items == NULL)
        return error_memory(err);
    if (list_page(db, &f, &one, err) != 0)
        goto done;
    if (one.count == 0) {
        error_set(err, ERR_NOT_FOUND, "no %ssnapshot yet%s%s",
                  valid ? "valid " : "", cluster != NULL ? " of cluster " : "",
                  cluster != NULL ? cluster : "");
        goto done;
    }
    *out = one.items[0];
    rc = 0;
done:
    snapshot_list_done(&one);
    return rc;
}

static int get_by_id(struct db *db, const char *id, const char *cluster,
                     struct snapshot_row *out, struct error *err)
{
    struct snapshot_row row;

    if (snapshot_row_get(db, id, &row, err) != 0)
        return -1;
    if (cluster != NULL && strcmp(cluster, row.cluster) != 0)
        return error_set(err, ERR_NOT_FOUND,
                         "no snapshot with this id of that cluster");
    *out = row;
    return 0;
}

int snapshots_get(struct store *s, const char *ref, const char *cluster,
                  struct snapshot_row *out, struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(ref != NULL && out != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    if (strcmp(ref, "latest") == 0)
        rc = get_newest(db, cluster, false, out, err);
    else if (strcmp(ref, "latest-valid") == 0)
        rc = get_newest(db, cluster, true, out, err);
    else
        rc = get_by_id(db, ref, cluster, out, err);
    store_read_end(s, db);
    return rc;
}
