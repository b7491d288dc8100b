/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/query.h"
#include "tests/unit/store/fixture.h"

/* A released migration is never edited: databases out there have run it.
 * When this test fails, put the file back and add the next number. */
static void released_migrations_are_never_edited(void **state)
{
    static const char *const released[] = {
        "8a7795b755521e7699b4974983e9aac961c2125b8202690146ff2c6dafa45ce9",
    };

    (void)state;
    assert_true(migrations_count >= sizeof(released) / sizeof(released[0]));
    for (size_t i = 0; i < sizeof(released) / sizeof(released[0]); i++) {
        assert_int_equal(migrations_all[i].number, i + 1);
        assert_string_equal(migrations_all[i].sha256, released[i]);
    }
}

/* An empty file to migrate. */
static struct db *empty_db(struct fixture *f)
{
    struct error err = {0};
    struct db *db = NULL;
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/empty.db", f->dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_ok(db_open(path, true, &db, &err), err);
    return db;
}

static int64_t number(struct db *db, const char *sql)
{
    struct error err = {0};
    struct query q;
    int64_t n;

    assert_ok(query_open(&q, db, sql, &err), err);
    assert_int_equal(query_step(&q, &err), 1);
    n = query_get_int(&q, 0);
    query_close(&q);
    return n;
}

static const struct migration three[] = {
    {1, "0001_a.sql", "aa", "CREATE TABLE a (x INTEGER) STRICT"},
    {2, "0002_b.sql", "bb",
     "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a VALUES (1, 2)"},
    {3, "0003_c.sql", "cc", "UPDATE a SET y = y + 1"},
};

static void what_is_missing_is_applied_once(void **state)
{
    struct db *db = empty_db(*state);
    struct error err = {0};

    assert_ok(migrate_apply(db, three, 1, &err), err);
    assert_ok(migrate_apply(db, three, 3, &err), err);
    assert_ok(migrate_apply(db, three, 3, &err), err);
    assert_int_equal(number(db, "SELECT y FROM a"), 3);
    assert_int_equal(number(db, "SELECT count(*) FROM schema_migrations"), 3);
    assert_int_equal(number(db, "SELECT min(applied_ms) > 1600000000000"
                                " FROM schema_migrations"),
                     1);
    db_close(db);
}

static void newer_database_is_refused(void **state)
{
    struct db *db = empty_db(*state);
    struct error err = {0};

    assert_ok(migrate_apply(db, three, 3, &err), err);
    assert_refused(migrate_apply(db, three, 2, &err), err, ERR_PRECONDITION);
    assert_non_null(strstr(err.text, "newer version"));
    assert_non_null(strstr(err.text, "0003_c.sql"));
    db_close(db);
}

static void edited_migration_is_refused(void **state)
{
    struct db *db = empty_db(*state);
    struct migration edited[3];
    struct error err = {0};

    memcpy(edited, three, sizeof(edited));
    assert_ok(migrate_apply(db, three, 2, &err), err);
    edited[0].sha256 = "a0";
    assert_refused(migrate_apply(db, edited, 3, &err), err, ERR_PRECONDITION);
    assert_non_null(strstr(err.text, "0001_a.sql"));
    assert_int_equal(number(db, "SELECT count(*) FROM schema_migrations"), 2);
    db_close(db);
}

static void a_reader_takes_only_what_is_up_to_date(void **state)
{
    struct db *db = empty_db(*state);
    struct error err = {0};

    assert_refused(migrate_check(db, three, 3, &err), err, ERR_PRECONDITION);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema"), 0);
    assert_ok(migrate_apply(db, three, 2, &err), err);
    assert_ok(migrate_check(db, three, 2, &err), err);
    assert_refused(migrate_check(db, three, 3, &err), err, ERR_PRECONDITION);
    assert_non_null(strstr(err.text, "older version"));
    assert_refused(migrate_check(db, three, 1, &err), err, ERR_PRECONDITION);
    assert_non_null(strstr(err.text, "newer version"));
    assert_int_equal(number(db, "SELECT count(*) FROM schema_migrations"), 2);
    db_close(db);
}

static void failing_migration_leaves_nothing(void **state)
{
    struct migration broken[] = {
        three[0],
        {2, "0002_b.sql", "bb",
         "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES"
         " (1)"},
    };
    struct db *db = empty_db(*state);
    struct error err = {0};

    assert_int_equal(migrate_apply(db, broken, 2, &err), -1);
    assert_non_null(strstr(err.text, "0002_b.sql"));
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema"
                                " WHERE name = 'half'"),
                     0);
    assert_int_equal(number(db, "SELECT count(*) FROM schema_migrations"), 1);
    assert_ok(migrate_apply(db, three, 3, &err), err);
    db_close(db);
}

static void database_of_another_program_is_refused(void **state)
{
    struct db *db = empty_db(*state);
    struct error err = {0};

    assert_ok(db_exec(db, "CREATE TABLE theirs (x)", &err), err);
    assert_refused(migrate_apply(db, three, 3, &err), err, ERR_PRECONDITION);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema"), 1);
    db_close(db);
}

/* Before, one word overrode everything: what had it must not look as if
 * nothing had been overridden. */
static void old_overrides_are_kept(void **state)
{
    struct db *db = empty_db(*state);
    struct error err = {0};
    struct query q;

    assert_ok(migrate_apply(db, migrations_all, 3, &err), err);
    for (int i = 0; i < 2; i++) {
        assert_ok(query_open(&q, db,
                             "INSERT INTO runs (id, kind, status, cluster,"
                             " created_ms, finished_ms, requester,"
                             " display_name, entity_id, requester_key, params,"
                             " payload_sha256, override)"
                             " VALUES (?, 'restore', 'succeeded', 'main', 1, 2,"
                             " '', '', '', '', '{}', '', ?)",
                             &err),
                  err);
        query_text(&q, i == 0 ? "plain" : "overridden");
        query_int(&q, i);
        assert_ok(query_run(&q, &err), err);
    }
    assert_ok(migrate_apply(db, migrations_all, migrations_count, &err), err);
    assert_int_equal(number(db, "SELECT count(*) FROM runs WHERE"
                                " id = 'overridden' AND overrides = '*'"),
                     1);
    assert_int_equal(number(db, "SELECT count(*) FROM runs WHERE"
                                " id = 'plain' AND overrides = ''"
                                " AND approvals_needed = 0"),
                     1);
    db_close(db);
}

/* The column is made anew: what was in it stays, what hangs on the rows too. */
static void old_kinds_are_kept(void **state)
{
    struct db *db = empty_db(*state);
    struct error err = {0};

    assert_ok(migrate_apply(db, migrations_all, 5, &err), err);
    assert_ok(
        db_exec(db,
                "INSERT INTO runs (id, kind, status, cluster, created_ms,"
                " finished_ms, requester, display_name, entity_id,"
                " requester_key, params, payload_sha256) VALUES"
                " ('v', 'validation', 'succeeded', 'main', 1, 2, '', '',"
                "  '', '', '{}', ''),"
                " ('r', 'restore', 'queued', 'main', 1, 0, '', '', '',"
                "  '', '{}', '');"
                "INSERT INTO run_phases VALUES ('v', 0, 'fetch', 1, 1, 1)",
                &err),
        err);
    assert_ok(migrate_apply(db, migrations_all, migrations_count, &err), err);
    assert_int_equal(number(db, "SELECT count(*) FROM runs JOIN run_phases"
                                " ON run_id = id WHERE kind = 'validation'"),
                     1);
    assert_ok(
        db_exec(db, "UPDATE runs SET kind = 'recovery' WHERE id = 'v'", &err),
        err);
    assert_int_equal(db_exec(db, "UPDATE runs SET kind = 'x'", &err), -1);
    /* One that is under way is still the only one of its kind. */
    assert_int_equal(db_exec(db,
                             "UPDATE runs SET kind = 'restore', finished_ms = 0"
                             " WHERE id = 'v'",
                             &err),
                     -1);
    assert_ok(db_exec(db, "DELETE FROM runs", &err), err);
    assert_int_equal(number(db, "SELECT count(*) FROM run_phases"), 0);
    db_close(db);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(released_migrations_are_never_edited),
        TEST(what_is_missing_is_applied_once),
        TEST(newer_database_is_refused),
        TEST(edited_migration_is_refused),
        TEST(a_reader_takes_only_what_is_up_to_date),
        TEST(failing_migration_leaves_nothing),
        TEST(database_of_another_program_is_refused),
        TEST(old_overrides_are_kept),
        TEST(old_kinds_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
