/* SPDX-License-Identifier: Apache-2.0
 *
 * One use of a prepared statement: open, bind in order, step or run, close.
 * For store/ only.
 *
 *   struct query q;
 *   if (query_open(&q, db, "SELECT …", err) != 0)
 *       return -1;
 *   query_text(&q, id);
 *   got = query_step(&q, err);       1: a row, 0: no more, -1: error
 *   …
 *   query_close(&q);
 *
 * A failing bind is remembered and reported by the step. */
#ifndef ASSAY_STORE_QUERY_H
#define ASSAY_STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/db.h"

struct query {
    struct db *db;
    sqlite3_stmt *stmt;
    int bound;
    int code;       /* of the first bind that failed */
    bool too_large; /* a number that SQLite has no room for */
};

int query_open(struct query *q, struct db *db, const char *sql,
               struct error *err) MUST_USE;
/* The text must live until query_close.  NULL is bound as "". */
void query_text(struct query *q, const char *text);
/* NULL is bound as NULL. */
void query_text_or_null(struct query *q, const char *text);
void query_int(struct query *q, int64_t value);
void query_u64(struct query *q, uint64_t value);

int query_step(struct query *q, struct error *err) MUST_USE;
/* Step to the end and close. */
int query_run(struct query *q, struct error *err) MUST_USE;
/* Run, and ERR_NOT_FOUND "no <what> with this id" unless a row changed. */
int query_run_one(struct query *q, const char *what,
                  struct error *err) MUST_USE;
/* Accepts one that was closed already. */
void query_close(struct query *q);

/* Columns of the current row, from 0.  A text longer than `size` is cut:
 * what was written was checked then. */
void query_get_text(struct query *q, int column, char *out, size_t size);
int64_t query_get_int(struct query *q, int column);
uint64_t query_get_u64(struct query *q, int column);
/* SQLite's own memory, until the next step; "" for NULL. */
const char *query_peek_text(struct query *q, int column);
/* malloc'd; *out is NULL for NULL. */
int query_dup_text(struct query *q, int column, char **out,
                   struct error *err) MUST_USE;

#endif
