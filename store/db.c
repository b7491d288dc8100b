/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Memory: the daemon stays under 20 MiB with one writer and a few readers.
 * Pages that do not fit are in the kernel's cache anyway. */
enum {
    CACHE_WRITER_KIB = 1024,
    CACHE_READER_KIB = 512,
    STATEMENTS_MAX = 48,
    BUSY_TIMEOUT_MS = 5000,
};

struct cached {
    char *sql;
    sqlite3_stmt *stmt;
    uint64_t used;
};

struct db {
    sqlite3 *handle;
    struct cached statements[STATEMENTS_MAX];
    uint64_t clock; /* for "least recently used" */
    uint64_t steps;
};

int db_error(struct db *db, int code, struct error *err)
{
    const char *text = sqlite3_errstr(code);

    if (db != NULL && db->handle != NULL &&
        sqlite3_extended_errcode(db->handle) == code)
        text = sqlite3_errmsg(db->handle);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return error_memory(err);
    case SQLITE_FULL:
        return error_set(err, ERR_IO,
                         "the catalog cannot grow: the disk is full");
    case SQLITE_READONLY:
        return error_set(err, ERR_IO, "the catalog cannot be written: %s",
                         text);
    case SQLITE_CANTOPEN:
        return error_set(err, ERR_IO,
                         "the catalog cannot be opened (%s): are the file and "
                         "its directory writable?",
                         text);
    case SQLITE_IOERR:
        return error_set(err, ERR_IO,
                         "the catalog cannot be read or written: %s", text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, ERR_UNAVAILABLE,
                         "the catalog is kept locked by another process");
    case SQLITE_NOTADB:
        return error_set(err, ERR_CORRUPT,
                         "the catalog is not an SQLite database");
    case SQLITE_CORRUPT:
        return error_set(err, ERR_CORRUPT,
                         "the catalog is damaged (%s): \"assay catalog "
                         "rebuild\" makes it anew from storage",
                         text);
    default:
        return error_set(err, ERR_INTERNAL, "catalog: %s", text);
    }
}

int db_exec(struct db *db, const char *sql, struct error *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : db_error(db, code, err);
}

/* What the library lets a database file or a query do is cut down to what
 * this program needs: the file may have been put there by somebody else. */
static int harden(struct db *db, struct error *err)
{
    static const struct {
        int option;
        int on;
    } options[] = {
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int code = sqlite3_db_config(db->handle, options[i].option,
                                     options[i].on, NULL);
        if (code != SQLITE_OK)
            return db_error(db, code, err);
    }
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    return 0;
}

static int set_pragmas(struct db *db, bool writer, struct error *err)
{
    char *cache = NULL;
    int rc = -1;

    cache = text_format("PRAGMA cache_size = -%d",
                        writer ? CACHE_WRITER_KIB : CACHE_READER_KIB);
    if (cache == NULL) {
        error_memory(err);
        goto done;
    }
    if (db_exec(db, cache, err) != 0 || db_exec(db,
                                                "PRAGMA foreign_keys = ON;"
                                                "PRAGMA temp_store = MEMORY;"
                                                "PRAGMA mmap_size = 0;"
                                                "PRAGMA cell_size_check = ON",
                                                err) != 0)
        goto done;
    if (writer) {
        if (db_exec(db,
                    "PRAGMA journal_mode = WAL;"
                    "PRAGMA synchronous = FULL;"
                    "PRAGMA journal_size_limit = 4194304",
                    err) != 0)
            goto done;
    } else if (db_exec(db, "PRAGMA query_only = ON", err) != 0) {
        goto done;
    }
    rc = 0;
done:
    free(cache);
    return rc;
}

int db_open(const char *path, bool writer, struct db **out, struct error *err)
{
    struct db *db = NULL;
    int code;
    int rc = -1;

    assert(path != NULL && out != NULL);
    db = calloc(1, sizeof(*db));
    if (db == NULL) {
        error_memory(err);
        goto done;
    }
    /* Both open for writing: a reader of a WAL database takes part in its
     * shared memory.  NOMUTEX: our callers see to one thread at a time. */
    code = sqlite3_open_v2(path, &db->handle,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                               SQLITE_OPEN_EXRESCODE,
                           NULL);
    if (code != SQLITE_OK) {
        db_error(db, code, err);
        goto done;
    }
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (harden(db, err) != 0 || set_pragmas(db, writer, err) != 0)
        goto done;
    /* SQLite falls back to reading only without a word. */
    if (writer && sqlite3_db_readonly(db->handle, "main") != 0) {
        error_set(err, ERR_IO,
                  "the catalog cannot be written: the file is "
                  "read-only");
        goto done;
    }
    *out = db;
    rc = 0;
done:
    if (rc != 0)
        db_close(db);
    return rc;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        sqlite3_finalize(db->statements[i].stmt);
        free(db->statements[i].sql);
    }
    sqlite3_close_v2(db->handle);
    free(db);
}

int db_begin_read(struct db *db, struct error *err)
{
    return db_exec(db, "BEGIN", err);
}

/* IMMEDIATE: waiting for a lock happens here, under the busy timeout, and
 * never half-way through, where it could only fail. */
int db_begin_write(struct db *db, struct error *err)
{
    return db_exec(db, "BEGIN IMMEDIATE", err);
}

int db_commit(struct db *db, struct error *err)
{
    return db_exec(db, "COMMIT", err);
}

void db_rollback(struct db *db)
{
    /* SQLite rolls back by itself on a full disk and some other errors. */
    if (sqlite3_get_autocommit(db->handle) == 0)
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* The slot of this SQL, or a free one, or the least recently used. */
static struct cached *slot_for(struct db *db, const char *sql)
{
    struct cached *oldest = &db->statements[0];

    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        struct cached *c = &db->statements[i];

        if (c->sql == NULL || strcmp(c->sql, sql) == 0)
            return c;
        if (c->used < oldest->used)
            oldest = c;
    }
    return oldest;
}

sqlite3_stmt *db_statement(struct db *db, const char *sql, struct error *err)
{
    struct cached *slot = slot_for(db, sql);
    char *copy = NULL;
    sqlite3_stmt *stmt = NULL;
    int code;

    if (slot->sql != NULL && strcmp(slot->sql, sql) == 0) {
        slot->used = ++db->clock;
        return slot->stmt;
    }
    copy = text_dup(sql);
    if (copy == NULL) {
        error_memory(err);
        return NULL;
    }
    code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &stmt, NULL);
    if (code != SQLITE_OK) {
        db_error(db, code, err);
        free(copy);
        return NULL;
    }
    sqlite3_finalize(slot->stmt);
    free(slot->sql);
    *slot = (struct cached){.sql = copy, .stmt = stmt, .used = ++db->clock};
    return stmt;
}

int db_changes(struct db *db)
{
    return sqlite3_changes(db->handle);
}

uint64_t db_steps(const struct db *db)
{
    return db->steps;
}

void db_count_steps(struct db *db, sqlite3_stmt *stmt)
{
    db->steps +=
        (uint64_t)sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
}
