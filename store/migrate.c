/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "store/query.h"

/* "ASAY": file(1) and people can tell whose database it is. */
#define APPLICATION_ID 0x41534159
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static int one_number(struct db *db, const char *sql, int64_t *out,
                      struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db, sql, err) != 0)
        return -1;
    got = query_step(&q, err);
    if (got == 1)
        *out = query_get_int(&q, 0);
    query_close(&q);
    return got == 1 ? 0 : -1;
}

/* Make the table that records, in a database that is empty or ours. */
static int prepare(struct db *db, struct error *err)
{
    int64_t id = 0;
    int64_t tables = 0;

    if (one_number(db, "PRAGMA application_id", &id, err) != 0 ||
        one_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err) != 0)
        return -1;
    if (id == APPLICATION_ID)
        return 0;
    if (tables != 0 || id != 0)
        return error_set(err, ERR_PRECONDITION,
                         "the file is the database of another program");
    return db_exec(db,
                   "PRAGMA application_id = " TEXT(
                       APPLICATION_ID) ";"
                                       "CREATE TABLE schema_migrations ("
                                       " number INTEGER PRIMARY KEY,"
                                       " name TEXT NOT NULL,"
                                       " sha256 TEXT NOT NULL,"
                                       " applied_ms INTEGER NOT NULL) STRICT",
                   err);
}

/* Are the applied ones the first of the list?  *applied counts them. */
static int compare(struct db *db, const struct migration *list, size_t count,
                   size_t *applied, struct error *err)
{
    struct query q;
    size_t seen = 0;
    int got;

    if (query_open(&q, db,
                   "SELECT number, name, sha256 FROM schema_migrations"
                   " ORDER BY number",
                   err) != 0)
        return -1;
    while ((got = query_step(&q, err)) == 1) {
        if (seen == count) {
            got = error_set(err, ERR_PRECONDITION,
                            "the catalog was made by a newer version of "
                            "Assay: it has %s, this binary knows %zu "
                            "migrations",
                            query_peek_text(&q, 1), count);
            break;
        }
        if (query_get_int(&q, 0) != list[seen].number ||
            strcmp(query_peek_text(&q, 2), list[seen].sha256) != 0) {
            got = error_set(err, ERR_PRECONDITION,
                            "the catalog's migration %s is not the one that "
                            "this binary has under number %d",
                            query_peek_text(&q, 1), list[seen].number);
            break;
        }
        seen++;
    }
    query_close(&q);
    if (got != 0)
        return -1;
    *applied = seen;
    return 0;
}

static int apply_one(struct db *db, const struct migration *m,
                     struct error *err)
{
    struct query q;

    if (db_exec(db, m->sql, err) != 0)
        return error_prefix(err, "migration %s", m->name);
    if (query_open(&q, db,
                   "INSERT INTO schema_migrations"
                   " (number, name, sha256, applied_ms) VALUES (?, ?, ?, ?)",
                   err) != 0)
        return -1;
    query_int(&q, m->number);
    query_text(&q, m->name);
    query_text(&q, m->sha256);
    query_int(&q, clock_now_ms());
    return query_run(&q, err);
}

/* One step under the write lock, so that two processes that start at the
 * same time do not both apply it. */
static int step(struct db *db, const struct migration *list, size_t count,
                bool *current, struct error *err)
{
    size_t applied = 0;

    if (db_begin_write(db, err) != 0)
        return -1;
    if (prepare(db, err) != 0 || compare(db, list, count, &applied, err) != 0 ||
        (applied < count && apply_one(db, &list[applied], err) != 0) ||
        db_commit(db, err) != 0) {
        db_rollback(db);
        return -1;
    }
    *current = applied == count;
    return 0;
}

int migrate_apply(struct db *db, const struct migration *list, size_t count,
                  struct error *err)
{
    bool current = false;

    while (!current) {
        if (step(db, list, count, &current, err) != 0)
            return -1;
    }
    return 0;
}

int migrate_check(struct db *db, const struct migration *list, size_t count,
                  struct error *err)
{
    int64_t id = 0;
    size_t applied = 0;

    if (one_number(db, "PRAGMA application_id", &id, err) != 0)
        return -1;
    if (id != APPLICATION_ID)
        return error_set(err, ERR_PRECONDITION,
                         "the file is not a catalog of Assay");
    if (compare(db, list, count, &applied, err) != 0)
        return -1;
    if (applied < count)
        return error_set(err, ERR_PRECONDITION,
                         "the catalog is of an older version of Assay, which "
                         "is the one to read it with: it has %zu of the %zu "
                         "migrations of this binary",
                         applied, count);
    return 0;
}
