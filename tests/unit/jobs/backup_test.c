/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups that must fail, each with its own sentence, nothing catalogued and
 * nothing left; and what a crash in the middle of one leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "jobs/catalogue.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;
static atomic_int write_fails_with;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

/* Only what is as large as an archive: not the test's own output. */
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    int with = atomic_load(&write_fails_with);
    if (with != 0 && len > 4096) {
        errno = with;
        return -1;
    }
    return __real_write(fd, data, len);
}

static int up(void **state)
{
    (void)state;
    fixture_up(&f);
    fixture_start(&f);
    return 0;
}

static int down(void **state)
{
    (void)state;
    fixture_down(&f);
    return 0;
}

static void assert_nothing(void)
{
    struct snapshot_row row;
    struct error err = {0};
    assert_int_equal(fixture_objects(&f), 0);
    assert_int_equal(fixture_parts(&f), 0);
    assert_int_equal(snapshots_get(f.store, "latest", NULL, &row, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void assert_fails_saying(const char *word)
{
    struct run run;
    fixture_backup(&f, &run);
    assert_int_equal(run.status, RUN_FAILED);
    if (strstr(run.error, word) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", word, run.error);
    assert_null(run.leftovers);
    assert_string_equal(run.snapshot_id, "");
    run_done(&run);
    assert_nothing();
}

static void test_a_good_one(void **state)
{
    (void)state;
    struct run run;
    struct snapshot_row row;
    struct snapshot_prefix_list prefixes = {0};
    struct error err = {0};
    struct storage_stat stat;
    fixture_backup(&f, &run);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    assert_null(run.leftovers);
    assert_int_equal(snapshots_get(f.store, "latest", NULL, &row, &err), 0);
    assert_string_equal(row.id, run.snapshot_id);
    assert_string_equal(row.run_id, run.id);
    assert_string_equal(row.cluster, "main");
    assert_string_equal(row.cluster_name, "standin");
    assert_string_equal(row.product, "openbao");
    assert_string_equal(row.server_version, "2.7.2");
    assert_int_equal(row.raft_index, 157);
    assert_int_equal(row.raft_term, 3);
    assert_int_equal(row.entries, 200);
    assert_int_equal(row.verdict, STORE_UNVALIDATED);
    assert_int_equal(row.copies_count, 1);
    assert_string_equal(row.copies[0].storage, "disk");
    assert_int_equal(
        storage_stat(f.storage, row.copies[0].location, &stat, &err), 0);
    assert_int_equal(stat.size, row.size_bytes);
    assert_int_equal(snapshots_prefixes(f.store, row.id, &prefixes, &err), 0);
    assert_true(prefixes.count > 1);
    snapshot_prefix_list_done(&prefixes);
    assert_int_equal(fixture_objects(&f), 2);
    assert_int_equal(fixture_parts(&f), 0);
    run_done(&run);
}

static void test_answers_that_are_no_snapshot(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        const char *word;
    } bad[] = {
        {"empty", "empty"},         {"truncate:after=1000", "not intact"},
        {"drop:after=1000", ""},    {"reset:after=1000", ""},
        {"stall:after=1000", ""},   {"status:code=500", "500"},
        {"status:code=403", "403"}, {"body:text=no", "not intact"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fixture_fault(&f, bad[i].fault);
        assert_fails_saying(bad[i].word);
    }
}

static void test_archives_that_are_not_intact(void **state)
{
    (void)state;
    static const struct {
        const char *how;
        const char *word;
    } bad[] = {
        {"no-sealed", "SHA256SUMS.sealed"},
        {"bad-sum", "state.bin"},
        {"bad-crc", "not intact"},
    };
    char path[128];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(path, sizeof(path), "%s/bad-%zu.snap", f.dir, i);
        fixture_archive(&f, path, bad[i].how);
        fixture_serve(&f, path);
        assert_fails_saying(bad[i].word);
    }
}

static void test_full_disk(void **state)
{
    (void)state;
    atomic_store(&write_fails_with, ENOSPC);
    assert_fails_saying("disk full");
    atomic_store(&write_fails_with, EIO);
    assert_fails_saying("cannot write");
    atomic_store(&write_fails_with, 0);
}

static void test_nobody_there(void **state)
{
    (void)state;
    standin_stop(&f.standin);
    assert_fails_saying("");
}

static void test_cancel(void **state)
{
    (void)state;
    struct jobs_backup_request r = {0};
    struct jobs_caller who = {0};
    struct error err = {0};
    struct jobs_submitted made;
    struct run end = {0};
    fixture_fault(&f, "slow:rate=100");
    assert_int_equal(jobs_submit_backup(f.jobs, &r, &who, &made, &err), 0);
    /* Until it is on its way. */
    do {
        run_done(&end);
        usleep(20000);
        assert_int_equal(runs_get(f.store, made.run.id, &end, &err), 0);
    } while (strcmp(end.phase, "download") != 0);
    run_done(&end);
    assert_int_equal(jobs_cancel(f.jobs, made.run.id, &err), 0);
    fixture_wait(&f, made.run.id, &end);
    assert_int_equal(end.status, RUN_CANCELLED);
    assert_int_equal(jobs_cancel(f.jobs, made.run.id, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    run_done(&end);
    run_done(&made.run);
    assert_nothing();
}

static void test_stop_interrupts(void **state)
{
    (void)state;
    struct jobs_backup_request r = {0};
    struct jobs_caller who = {0};
    struct error err = {0};
    struct jobs_submitted made;
    struct run end = {0};
    fixture_fault(&f, "slow:rate=100");
    assert_int_equal(jobs_submit_backup(f.jobs, &r, &who, &made, &err), 0);
    usleep(300000);
    jobs_stop(f.jobs);
    assert_int_equal(runs_get(f.store, made.run.id, &end, &err), 0);
    assert_int_equal(end.status, RUN_INTERRUPTED);
    run_done(&end);
    run_done(&made.run);
    assert_nothing();
}

static void test_delete_removes_the_files(void **state)
{
    (void)state;
    char id[ID_TEXT_MAX];
    struct error err = {0};
    fixture_snapshot(&f, id);
    fixture_judge(&f, id, STORE_VALID, f.signer);
    assert_int_equal(fixture_objects(&f), 3);
    assert_int_equal(jobs_delete_snapshot(f.jobs, id, &err), 0);
    for (int i = 0; i < 100 && fixture_objects(&f) > 0; i++)
        usleep(50000);
    assert_nothing();
    assert_int_equal(jobs_delete_snapshot(f.jobs, id, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* A row as a crash leaves it: claimed, with leftovers. */
static void crashed_run(const char *leftovers, struct run *run)
{
    struct run_new new = {
        .kind = RUN_BACKUP, .cluster = "main", .params = "{}"};
    struct error err = {0};
    bool existing;
    bool claimed = false;
    struct run made;
    assert_int_equal(runs_create(f.store, &new, &made, &existing, &err), 0);
    run_done(&made);
    assert_int_equal(runs_claim(f.store, 1u << RUN_BACKUP, run, &claimed, &err),
                     0);
    assert_true(claimed);
    assert_int_equal(runs_set_leftovers(f.store, run->id, leftovers, &err), 0);
}

static int up_idle(void **state)
{
    (void)state;
    fixture_up(&f);
    return 0;
}

static void test_crash_before_the_manifest(void **state)
{
    (void)state;
    struct error err = {0};
    struct storage_writer *w = NULL;
    struct run run;
    struct run end = {0};
    crashed_run("{\"snapshot\":\"0198c0de-0000-7000-8000-000000000001\","
                "\"archive\":\"main/2026/11/a.snap\","
                "\"manifest\":\"main/2026/11/a.json\"}",
                &run);
    assert_int_equal(
        storage_put(f.storage, "main/2026/11/a.snap", "x", 1, &err), 0);
    assert_int_equal(
        storage_writer_open(f.storage, "main/2026/11/b.snap", &w, &err), 0);
    fixture_start(&f);
    assert_int_equal(runs_get(f.store, run.id, &end, &err), 0);
    assert_int_equal(end.status, RUN_INTERRUPTED);
    assert_null(end.leftovers);
    run_done(&end);
    run_done(&run);
    assert_nothing();
    storage_writer_abort(w);
}

/* Everything was written but the row: the snapshot is there. */
static void test_crash_before_the_row(void **state)
{
    (void)state;
    char id[ID_TEXT_MAX];
    char leftovers[2048];
    char manifest[STORAGE_KEY_MAX];
    char path[128];
    struct snapshot_row row;
    struct error err = {0};
    struct run run;
    struct run end = {0};
    fixture_start(&f);
    fixture_snapshot(&f, id);
    assert_int_equal(snapshots_get(f.store, id, NULL, &row, &err), 0);
    assert_int_equal(catalogue_key(&row, "json", manifest, &err), 0);
    /* The same storage with a catalog that never heard of it. */
    jobs_free(f.jobs);
    f.jobs = NULL;
    store_close(f.store);
    f.store = NULL;
    snprintf(path, sizeof(path), "%s/assay.db", f.dir);
    unlink(path);
    fixture_restart(&f);
    snprintf(leftovers, sizeof(leftovers),
             "{\"snapshot\":\"%s\",\"archive\":\"%s\",\"manifest\":\"%s\"}", id,
             row.copies[0].location, manifest);
    crashed_run(leftovers, &run);
    fixture_start(&f);
    assert_int_equal(runs_get(f.store, run.id, &end, &err), 0);
    assert_int_equal(end.status, RUN_INTERRUPTED);
    assert_string_equal(end.snapshot_id, id);
    run_done(&end);
    run_done(&run);
    assert_int_equal(snapshots_get(f.store, id, NULL, &row, &err), 0);
    assert_int_equal(fixture_objects(&f), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_good_one, up, down),
        cmocka_unit_test_setup_teardown(test_answers_that_are_no_snapshot, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_archives_that_are_not_intact, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_full_disk, up, down),
        cmocka_unit_test_setup_teardown(test_nobody_there, up, down),
        cmocka_unit_test_setup_teardown(test_cancel, up, down),
        cmocka_unit_test_setup_teardown(test_stop_interrupts, up, down),
        cmocka_unit_test_setup_teardown(test_delete_removes_the_files, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_crash_before_the_manifest, up_idle,
                                        down),
        cmocka_unit_test_setup_teardown(test_crash_before_the_row, up_idle,
                                        down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
