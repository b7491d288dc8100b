/* SPDX-License-Identifier: Apache-2.0
 *
 * The record, read: newest first by pages, one entry, or all of it.  `seq` is
 * the row's id, so every index of the table ends with it and gives the order
 * of the list. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "store/audit.h"
#include "store/handle.h"
#include "store/query.h"
#include "store/texts.h"

#define COLUMNS "seq, at_ms, chain, hash, type, path, entity_id, subject, entry"

enum { SQL_MAX = 1024 };

int audit_head(struct store *s, struct audit_head *out, struct error *err)
{
    struct audit_head head = {0};
    struct db *db = NULL;
    struct query q;
    int got = -1;

    if (store_read_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "SELECT seq, chain, hash, at_ms FROM audit"
                   " ORDER BY seq DESC LIMIT 1",
                   err) == 0) {
        got = query_step(&q, err);
        if (got == 1) {
            head.seq = query_get_u64(&q, 0);
            query_get_text(&q, 1, head.chain, sizeof(head.chain));
            query_get_text(&q, 2, head.hash, sizeof(head.hash));
            head.at_ms = query_get_int(&q, 3);
        }
        query_close(&q);
    }
    store_read_end(s, db);
    if (got >= 0)
        *out = head;
    return got >= 0 ? 0 : -1;
}

static void read_row(struct query *q, struct audit_row *out)
{
    *out = (struct audit_row){
        .seq = query_get_u64(q, 0),
        .at_ms = query_get_int(q, 1),
        .chain = query_peek_text(q, 2),
        .hash = query_peek_text(q, 3),
        .type = query_peek_text(q, 4),
        .path = query_peek_text(q, 5),
        .entity_id = query_peek_text(q, 6),
        .subject = query_peek_text(q, 7),
        .entry = query_peek_text(q, 8),
    };
}

int audit_each(struct store *s, uint64_t after,
               int (*each)(void *ctx, const struct audit_row *row,
                           struct error *err),
               void *ctx, struct error *err)
{
    struct db *db = NULL;
    struct audit_row row;
    struct query q;
    int got = -1;

    if (store_read_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db,
                   "SELECT " COLUMNS " FROM audit WHERE seq > ? ORDER BY seq",
                   err) == 0) {
        query_u64(&q, after);
        while ((got = query_step(&q, err)) == 1) {
            read_row(&q, &row);
            got = each(ctx, &row, err);
            if (got != 0)
                break;
        }
        query_close(&q);
    }
    store_read_end(s, db);
    return got;
}

int audit_get(struct store *s, uint64_t seq, char **out, struct error *err)
{
    struct db *db = NULL;
    struct query q;
    int got = -1;

    if (store_read_begin(s, &db, err) != 0)
        return -1;
    if (query_open(&q, db, "SELECT entry FROM audit WHERE seq = ?", err) == 0) {
        query_u64(&q, seq);
        got = query_step(&q, err);
        if (got == 0)
            got = error_set(err, ERR_NOT_FOUND,
                            "the audit record has no entry of this number");
        else if (got == 1)
            got = query_dup_text(&q, 0, out, err);
        query_close(&q);
    }
    store_read_end(s, db);
    return got;
}

/* WHERE; bind gives the values in the same order.  The clock may be set back
 * now and then: everything is listed from the first entry on that is young
 * enough. */
static void add_filter(const struct audit_filter *f, struct buf *sql)
{
    buf_str(sql, " WHERE seq < ?");
    if (f->type != NULL)
        buf_str(sql, " AND type = ?");
    if (f->entity_id != NULL)
        buf_str(sql, " AND entity_id = ? AND entity_id <> ''");
    if (f->subject != NULL)
        buf_str(sql, " AND subject = ? AND subject <> ''");
    if (f->since_ms != 0)
        buf_str(sql, " AND seq >= (SELECT min(seq) FROM audit"
                     " WHERE at_ms >= ?)");
}

static void bind(const struct audit_filter *f, struct query *q)
{
    query_int(q, f->before > 0 ? (int64_t)f->before : INT64_MAX);
    if (f->type != NULL)
        query_text(q, f->type);
    if (f->entity_id != NULL)
        query_text(q, f->entity_id);
    if (f->subject != NULL)
        query_text(q, f->subject);
    if (f->since_ms != 0)
        query_int(q, f->since_ms);
}

/* One row more than the page has, to learn whether there is a next one. */
static int read_rows(struct query *q, size_t limit, struct audit_list *out,
                     struct error *err)
{
    struct texts *t = out->memory;
    int got;

    query_int(q, (int64_t)limit + 1);
    while ((got = query_step(q, err)) == 1 && out->count < limit) {
        struct audit_line_row *row = &out->items[out->count];

        row->seq = query_get_u64(q, 0);
        row->entry = texts_add(&t, query_peek_text(q, 1));
        out->memory = t;
        if (row->entry == NULL)
            return error_memory(err);
        out->count++;
    }
    out->more = got == 1;
    return got >= 0 ? 0 : -1;
}

static int list_page(struct db *db, const struct audit_filter *f, size_t limit,
                     struct audit_list *out, struct error *err)
{
    struct query q = {0};
    struct buf sql;
    int rc = -1;

    buf_init(&sql, SQL_MAX);
    buf_str(&sql, "SELECT seq, entry FROM audit");
    add_filter(f, &sql);
    buf_str(&sql, " ORDER BY seq DESC LIMIT ?");
    if (buf_failed(&sql)) /* it always fits: no memory */
        (void)error_memory(err);
    else
        rc = query_open(&q, db, buf_text(&sql), err);
    if (rc == 0) {
        bind(f, &q);
        rc = read_rows(&q, limit, out, err);
    }
    query_close(&q);
    buf_done(&sql);
    return rc;
}

static size_t page_size(size_t limit)
{
    if (limit == 0)
        return LIMIT_PAGE_DEFAULT;
    return limit < LIMIT_PAGE ? limit : LIMIT_PAGE;
}

int audit_list(struct store *s, const struct audit_filter *filter,
               struct audit_list *out, struct error *err)
{
    const size_t limit = page_size(filter->limit);
    struct audit_list list = {0};
    struct db *db = NULL;
    uint64_t before;
    int rc;

    list.items = calloc(limit, sizeof(*list.items));
    if (list.items == NULL)
        return error_memory(err);
    if (store_read_begin(s, &db, err) != 0) {
        audit_list_done(&list);
        return -1;
    }
    before = db_steps(db);
    rc = list_page(db, filter, limit, &list, err);
    store_note_steps(db, before);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        audit_list_done(&list);
    return rc;
}

void audit_list_done(struct audit_list *list)
{
    if (list == NULL)
        return;
    free(list->items);
    texts_free(list->memory);
    *list = (struct audit_list){0};
}
