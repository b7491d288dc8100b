/* SPDX-License-Identifier: Apache-2.0
 *
 * One SQLite connection with its prepared statements.  For store/ only; one
 * thread at a time. */
#ifndef ASSAY_STORE_DB_H
#define ASSAY_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct db;

/* The file must exist.  A writer puts the database into WAL mode; a reader
 * refuses to write. */
int db_open(const char *path, bool writer, struct db **out,
            struct error *err) MUST_USE;
/* Accepts NULL. */
void db_close(struct db *db);

/* Run SQL that gives no rows and takes no values. */
int db_exec(struct db *db, const char *sql, struct error *err) MUST_USE;
int db_begin_read(struct db *db, struct error *err) MUST_USE;
int db_begin_write(struct db *db, struct error *err) MUST_USE;
int db_commit(struct db *db, struct error *err) MUST_USE;
/* Whatever state the transaction is in; nothing when there is none. */
void db_rollback(struct db *db);

/* The prepared statement for this SQL, ready to be bound, from the cache if
 * it is there.  It stays the connection's.  NULL with `err` filled. */
sqlite3_stmt *db_statement(struct db *db, const char *sql, struct error *err);
/* Rows changed by the last statement. */
int db_changes(struct db *db);
/* Virtual machine steps of all queries so far. */
uint64_t db_steps(const struct db *db);
void db_count_steps(struct db *db, sqlite3_stmt *stmt);

/* Fill `err` with what SQLite says about `code`.  Returns -1. */
int db_error(struct db *db, int code, struct error *err);

#endif
