/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/handle.h"
#include "store/query.h"
#include "tests/unit/store/fixture.h"

static void open_makes_a_private_file(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct stat st;
    char wal[128];

    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(store_writable(f->store, &err), err);
    (void)snprintf(wal, sizeof(wal), "%s-wal", f->path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(store_check(f->store, &err), err);
}

static void open_again_keeps_everything(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char value[16];

    assert_ok(store_meta_set(f->store, "instance", "one", &err), err);
    fixture_reopen(f);
    assert_ok(store_meta_get(f->store, "instance", value, sizeof(value), &err),
              err);
    assert_string_equal(value, "one");
    assert_ok(store_meta_set(f->store, "instance", "two", &err), err);
    assert_ok(store_meta_get(f->store, "instance", value, sizeof(value), &err),
              err);
    assert_string_equal(value, "two");
    assert_refused(
        store_meta_get(f->store, "nobody", value, sizeof(value), &err), err,
        ERR_NOT_FOUND);
    assert_refused(store_meta_get(f->store, "instance", value, 3, &err), err,
                   ERR_TOO_LARGE);
}

static void settings_are_the_safe_ones(void **state)
{
    static const struct {
        const char *sql;
        const char *writer;
    } rows[] = {
        {"PRAGMA journal_mode", "wal"}, {"PRAGMA synchronous", "2"},
        {"PRAGMA foreign_keys", "1"},   {"PRAGMA trusted_schema", "0"},
        {"PRAGMA cache_size", "-1024"}, {"PRAGMA busy_timeout", "5000"},
        {"PRAGMA mmap_size", "0"},
    };
    struct fixture *f = *state;
    struct error err = {0};
    struct db *db = NULL;
    struct query q;

    assert_ok(store_write_begin(f->store, &db, &err), err);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(query_open(&q, db, rows[i].sql, &err), err);
        assert_int_equal(query_step(&q, &err), 1);
        assert_string_equal(query_peek_text(&q, 0), rows[i].writer);
        query_close(&q);
    }
    assert_int_equal(db_exec(db, "SELECT load_extension('libm.so.6')", &err),
                     -1);
    assert_int_equal(db_exec(db, "ATTACH ':memory:' AS other", &err), -1);
    assert_int_equal(store_write_end(f->store, -1, false, &err), -1);

    assert_ok(store_read_begin(f->store, &db, &err), err);
    assert_refused(db_exec(db, "DELETE FROM runs", &err), err, ERR_IO);
    store_read_end(f->store, db);
}

static void garbage_is_not_a_catalog(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;
    struct error err = {0};
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/garbage.db", f->dir);
    char junk[8192];
    memset(junk, 'x', sizeof(junk));
    assert_ok(file_replace(path, junk, sizeof(junk), 0600, &err), err);
    assert_refused(store_open(path, &s, &err), err, ERR_CORRUPT);
    assert_non_null(strstr(err.text, "not an SQLite database"));
    assert_non_null(strstr(err.text, path));
    assert_null(s);
}

static void opened_to_read_it_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;
    struct error err = {0};
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/none.db", f->dir);
    assert_refused(store_open_to_read(path, &s, &err), err, ERR_NOT_FOUND);
    assert_false(file_exists(path));
    assert_ok(file_replace(path, "", 0, 0600, &err), err);
    assert_refused(store_open_to_read(path, &s, &err), err, ERR_PRECONDITION);
    assert_null(s);
    assert_ok(store_meta_set(f->store, "key", "value", &err), err);
    assert_ok(store_open_to_read(f->path, &s, &err), err);
    assert_ok(store_meta_get(s, "key", path, sizeof(path), &err), err);
    assert_string_equal(path, "value");
    assert_refused(store_meta_set(s, "key", "other", &err), err, ERR_IO);
    store_close(s);
}

static void damage_is_found_and_named(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char junk[4096];
    struct stat st;
    int fd;

    for (int i = 0; i < 300; i++) {
        struct snapshot_row row = fixture_snapshot("main", 1000 + i);
        fixture_add(f->store, &row);
    }
    store_close(f->store); /* empties the WAL into the file */
    f->store = NULL;
    memset(junk, 0x5a, sizeof(junk));
    assert_int_equal(stat(f->path, &st), 0);
    fd = open(f->path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    /* Every page but those of the schema. */
    for (off_t at = 40 * 4096; at < st.st_size; at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
    assert_int_equal(close(fd), 0);
    assert_ok(store_open(f->path, &f->store, &err), err);
    assert_refused(store_check(f->store, &err), err, ERR_CORRUPT);
    assert_non_null(strstr(err.text, "rebuild"));
}

/* Run `body` in a child; its exit code (128 + signal when killed). */
static int in_child(int (*body)(const struct fixture *), struct fixture *f)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(body(f));
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int die_in_transaction(const struct fixture *f)
{
    struct error err = {0};
    struct store *s = NULL;
    struct db *db = NULL;

    if (store_open(f->path, &s, &err) != 0 ||
        store_meta_set(s, "before", "committed", &err) != 0 ||
        store_write_begin(s, &db, &err) != 0 ||
        db_exec(db, "INSERT INTO meta VALUES ('during', 'lost')", &err) != 0 ||
        db_exec(db, "DELETE FROM meta WHERE key = 'kept'", &err) != 0)
        return 1;
    (void)kill(getpid(), SIGKILL);
    return 2;
}

static void killed_in_a_transaction_nothing_is_lost(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char value[16];

    assert_ok(store_meta_set(f->store, "kept", "yes", &err), err);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(in_child(die_in_transaction, f), 128 + SIGKILL);
    assert_ok(store_open(f->path, &f->store, &err), err);
    assert_ok(store_check(f->store, &err), err);
    assert_ok(store_meta_get(f->store, "kept", value, sizeof(value), &err),
              err);
    assert_ok(store_meta_get(f->store, "before", value, sizeof(value), &err),
              err);
    assert_string_equal(value, "committed");
    assert_refused(
        store_meta_get(f->store, "during", value, sizeof(value), &err), err,
        ERR_NOT_FOUND);
}

enum { SKIPPED = 77 };

static int fill_a_small_disk(const struct fixture *f)
{
    struct error err = {0};
    struct store *s = NULL;
    char path[128];
    char key[32];
    char value[1001];
    int full = -1;

    (void)snprintf(path, sizeof(path), "%s/small", f->dir);
    if (mkdir(path, 0700) != 0 ||
        unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", path, "tmpfs", 0, "size=1m") != 0)
        return SKIPPED;
    (void)snprintf(path, sizeof(path), "%s/small/assay.db", f->dir);
    if (store_open(path, &s, &err) != 0)
        return 1;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < 5000 && full < 0; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        if (store_meta_set(s, key, value, &err) != 0)
            full = i;
    }
    if (full < 0 || err.kind != ERR_IO)
        return 2;
    if (strstr(err.text, "full") == NULL)
        return 3;
    /* What was there still is, and can be read while the disk is full. */
    if (store_meta_get(s, "key-0", value, sizeof(value), &err) != 0 ||
        store_check(s, &err) != 0)
        return 4;
    (void)snprintf(key, sizeof(key), "key-%d", full);
    if (store_meta_get(s, key, value, sizeof(value), &err) == 0 ||
        err.kind != ERR_NOT_FOUND)
        return 5;
    store_close(s);
    return 0;
}

static void full_disk_is_said_and_survived(void **state)
{
    int code = in_child(fill_a_small_disk, *state);

    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

static int open_as_nobody(const struct fixture *f)
{
    struct error err = {0};
    struct store *s = NULL;
    char path[128];

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return SKIPPED;
    /* A directory that may be read and not written. */
    (void)snprintf(path, sizeof(path), "%s/new.db", f->dir);
    if (store_open(path, &s, &err) == 0 || err.kind != ERR_IO ||
        strstr(err.text, path) == NULL)
        return 1;
    /* A catalog there that belongs to somebody else. */
    if (store_open(f->path, &s, &err) == 0 || err.kind != ERR_IO)
        return 2;
    return 0;
}

static void read_only_directory_is_said(void **state)
{
    struct fixture *f = *state;
    int code;

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->dir, 0555), 0);
    code = in_child(open_as_nobody, f);
    assert_int_equal(chmod(f->dir, 0700), 0);
    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

static void only_one_process_owns_the_queue(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct store *other = NULL;

    assert_ok(store_own(f->store, &err), err);
    assert_ok(store_open(f->path, &other, &err), err);
    assert_refused(store_own(other, &err), err, ERR_CONFLICT);
    store_close(f->store);
    f->store = NULL;
    assert_ok(store_own(other, &err), err);
    store_close(other);
}

/* ---- Change ---- */

static atomic_int calls;

static void count_call(void *ctx)
{
    struct store *s = ctx;
    struct error err = {0};
    size_t active = 0;

    /* No lock is held: the store can be used from here. */
    assert_ok(runs_count_active(s, &active, &err), err);
    atomic_fetch_add(&calls, 1);
}

static void change_tells_listeners_after_commit(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char id[ID_TEXT_MAX];
    uint64_t before = store_revision(f->store);

    atomic_store(&calls, 0);
    assert_ok(store_on_change(f->store, count_call, f->store, &err), err);
    fixture_run(f->store, RUN_BACKUP, id);
    assert_int_equal(atomic_load(&calls), 1);
    assert_int_equal(store_revision(f->store), before + 1);
    /* Refused, and found again: nothing changed. */
    assert_refused(runs_set_plan(f->store, "no such id", "{}", &err), err,
                   ERR_NOT_FOUND);
    assert_ok(store_meta_set(f->store, "a", "b", &err), err);
    assert_int_equal(atomic_load(&calls), 1);
    store_off_change(f->store, count_call, f->store);
    assert_ok(runs_request_cancel(f->store, id, &err), err);
    assert_int_equal(atomic_load(&calls), 1);
    assert_int_equal(store_revision(f->store), before + 2);
}

static void listeners_are_a_few(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};

    for (int i = 0; i < STORE_LISTENERS_MAX; i++)
        assert_ok(store_on_change(f->store, count_call, f->store, &err), err);
    assert_refused(store_on_change(f->store, count_call, f->store, &err), err,
                   ERR_INTERNAL);
    store_off_change(f->store, count_call, f->store);
}

static void *change_later(void *arg)
{
    char id[ID_TEXT_MAX];

    clock_sleep_ms(50);
    fixture_run(arg, RUN_BACKUP, id);
    return NULL;
}

static void wait_ends_on_change_or_in_time(void **state)
{
    struct fixture *f = *state;
    uint64_t seen = store_revision(f->store);
    int64_t from = clock_mono_ms();
    pthread_t thread;

    assert_int_equal(store_wait(f->store, seen, 30), seen);
    assert_true(clock_mono_ms() - from >= 29);
    assert_int_equal(store_wait(f->store, seen - 1, 10000), seen);
    assert_int_equal(pthread_create(&thread, NULL, change_later, f->store), 0);
    assert_int_equal(store_wait(f->store, seen, 10000), seen + 1);
    assert_true(clock_mono_ms() - from < 5000);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- Threads ---- */

struct traffic {
    struct store *store;
    atomic_bool stop;
    atomic_uint pages;
};

static void *read_pages(void *arg)
{
    struct snapshots_filter filter = {.verdict = -1, .limit = 20};
    struct traffic *t = arg;
    struct error err = {0};

    while (!atomic_load(&t->stop)) {
        struct snapshot_list list;

        assert_ok(snapshots_list(t->store, &filter, &list, &err), err);
        /* Written with its copy in one transaction: never one without. */
        for (size_t i = 0; i < list.count; i++)
            assert_int_equal(list.items[i].copies_count, 1);
        snapshot_list_done(&list);
        atomic_fetch_add(&t->pages, 1);
    }
    return NULL;
}

static void *write_rows(void *arg)
{
    struct traffic *t = arg;

    for (int i = 0; i < 100; i++) {
        struct snapshot_row row = fixture_snapshot("main", 1000 + i);
        fixture_add(t->store, &row);
    }
    return NULL;
}

static void readers_and_writers_share_the_handle(void **state)
{
    struct fixture *f = *state;
    struct traffic t = {.store = f->store};
    pthread_t readers[6];
    pthread_t writers[2];
    struct snapshots_filter all = {.verdict = -1};
    struct error err = {0};
    uint64_t count = 0;

    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_pages, &t), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_rows, &t), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(writers[i], NULL), 0);
    atomic_store(&t.stop, true);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_ok(snapshots_count(f->store, &all, &count, &err), err);
    assert_int_equal(count, 200);
    assert_true(atomic_load(&t.pages) > 0);
}

static void readers_do_not_wait_for_a_writer(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct db *db = NULL;
    char value[8];

    assert_ok(store_meta_set(f->store, "key", "old", &err), err);
    assert_ok(store_write_begin(f->store, &db, &err), err);
    assert_ok(db_exec(db, "UPDATE meta SET value = 'new'", &err), err);
    assert_ok(store_meta_get(f->store, "key", value, sizeof(value), &err), err);
    assert_string_equal(value, "old");
    assert_ok(store_write_end(f->store, 0, false, &err), err);
    assert_ok(store_meta_get(f->store, "key", value, sizeof(value), &err), err);
    assert_string_equal(value, "new");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_makes_a_private_file),
        TEST(open_again_keeps_everything),
        TEST(settings_are_the_safe_ones),
        TEST(garbage_is_not_a_catalog),
        TEST(opened_to_read_it_stays_as_it_is),
        TEST(damage_is_found_and_named),
        TEST(killed_in_a_transaction_nothing_is_lost),
        TEST(full_disk_is_said_and_survived),
        TEST(read_only_directory_is_said),
        TEST(only_one_process_owns_the_queue),
        TEST(change_tells_listeners_after_commit),
        TEST(listeners_are_a_few),
        TEST(wait_ends_on_change_or_in_time),
        TEST(readers_and_writers_share_the_handle),
        TEST(readers_do_not_wait_for_a_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
