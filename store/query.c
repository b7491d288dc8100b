/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

#include <assert.h>

#include "base/text.h"

int query_open(struct query *q, struct db *db, const char *sql,
               struct error *err)
{
    *q = (struct query){.db = db, .stmt = db_statement(db, sql, err)};
    return q->stmt != NULL ? 0 : -1;
}

static void remember(struct query *q, int code)
{
    if (q->code == SQLITE_OK)
        q->code = code;
}

void query_text_or_null(struct query *q, const char *text)
{
    remember(q, text == NULL ? sqlite3_bind_null(q->stmt, ++q->bound)
                             : sqlite3_bind_text(q->stmt, ++q->bound, text, -1,
                                                 SQLITE_STATIC));
}

void query_text(struct query *q, const char *text)
{
    query_text_or_null(q, text != NULL ? text : "");
}

void query_int(struct query *q, int64_t value)
{
    remember(q, sqlite3_bind_int64(q->stmt, ++q->bound, value));
}

void query_u64(struct query *q, uint64_t value)
{
    if (value > INT64_MAX)
        q->too_large = true;
    query_int(q, (int64_t)(value & INT64_MAX));
}

int query_step(struct query *q, struct error *err)
{
    int code;

    assert(q->bound == sqlite3_bind_parameter_count(q->stmt));
    if (q->too_large)
        return error_set(err, ERR_INVALID,
                         "a number is too large for the catalog");
    if (q->code != SQLITE_OK)
        return db_error(q->db, q->code, err);
    code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    return db_error(q->db, code, err);
}

void query_close(struct query *q)
{
    if (q->stmt == NULL)
        return;
    db_count_steps(q->db, q->stmt);
    sqlite3_reset(q->stmt);
    sqlite3_clear_bindings(q->stmt);
    q->stmt = NULL;
}

int query_run(struct query *q, struct error *err)
{
    int got = query_step(q, err);

    while (got == 1)
        got = query_step(q, err);
    query_close(q);
    return got;
}

int query_run_one(struct query *q, const char *what, struct error *err)
{
    struct db *db = q->db;

    if (query_run(q, err) != 0)
        return -1;
    if (db_changes(db) == 0)
        return error_set(err, ERR_NOT_FOUND, "no %s with this id", what);
    return 0;
}

const char *query_peek_text(struct query *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, column);

    return text != NULL ? (const char *)text : "";
}

void query_get_text(struct query *q, int column, char *out, size_t size)
{
    (void)text_copy(out, size, query_peek_text(q, column));
}

int64_t query_get_int(struct query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

uint64_t query_get_u64(struct query *q, int column)
{
    int64_t value = query_get_int(q, column);

    return value > 0 ? (uint64_t)value : 0;
}

int query_dup_text(struct query *q, int column, char **out, struct error *err)
{
    const unsigned char *text;

    if (sqlite3_column_type(q->stmt, column) == SQLITE_NULL) {
        *out = NULL;
        return 0;
    }
    text = sqlite3_column_text(q->stmt, column);
    *out = text != NULL ? text_dup((const char *)text) : NULL;
    return *out != NULL ? 0 : error_memory(err);
}
