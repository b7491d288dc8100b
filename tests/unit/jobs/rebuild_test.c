/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "jobs/catalogue.h"
#include "jobs/rebuild.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;

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

/* As if the database were lost. */
static void lose_catalog(void)
{
    char path[128];
    jobs_free(f.jobs);
    f.jobs = NULL;
    store_close(f.store);
    f.store = NULL;
    snprintf(path, sizeof(path), "%s/assay.db", f.dir);
    assert_int_equal(unlink(path), 0);
    fixture_restart(&f);
}

static char last_why[ERROR_TEXT_MAX];

static void note(void *ctx, const char *key, const char *why)
{
    (void)ctx;
    assert_true(strlen(key) > 0);
    snprintf(last_why, sizeof(last_why), "%s", why);
}

static struct rebuild_result rebuild(void)
{
    struct rebuild_options o = {.store = f.store,
                                .storage = f.storage,
                                .trust = f.trust,
                                .skipped = note};
    struct rebuild_result result;
    struct error err = {0};
    last_why[0] = '\0';
    if (rebuild_catalog(&o, &result, &err) != 0)
        fail_msg("%s", err.text);
    return result;
}

static void get(const char *id, struct snapshot_row *row)
{
    struct error err = {0};
    if (snapshots_get(f.store, id, NULL, row, &err) != 0)
        fail_msg("%s", err.text);
}

static void test_all_comes_back(void **state)
{
    (void)state;
    char one[ID_TEXT_MAX];
    char two[ID_TEXT_MAX];
    struct snapshot_row was;
    struct snapshot_row is;
    fixture_snapshot(&f, one);
    fixture_snapshot(&f, two);
    fixture_judge(&f, one, STORE_INVALID, f.signer);
    fixture_judge(&f, one, STORE_VALID, f.signer);
    get(one, &was);
    lose_catalog();
    struct rebuild_result r = rebuild();
    assert_int_equal(r.snapshots, 2);
    assert_int_equal(r.validations, 2);
    assert_int_equal(r.skipped, 0);
    get(one, &is);
    assert_string_equal(is.sha256, was.sha256);
    assert_int_equal(is.created_ms, was.created_ms);
    assert_int_equal(is.entries, was.entries);
    assert_int_equal(is.verdict, STORE_VALID);
    assert_string_equal(is.validation_id, was.validation_id);
    assert_string_equal(is.copies[0].location, was.copies[0].location);
    /* What a report needs, too. */
    struct run run = {0};
    struct run_phases phases = {0};
    struct error err = {0};
    assert_int_equal(runs_get(f.store, is.validation_id, &run, &err), 0);
    assert_string_equal(run.basis, "{\"assay_version\":\"1.2.3\"}");
    run_done(&run);
    assert_int_equal(runs_phases(f.store, is.validation_id, &phases, &err), 0);
    assert_int_equal(phases.count, 1);
    assert_int_equal(phases.items[0].duration_ms, 250);
    get(two, &is);
    assert_int_equal(is.verdict, STORE_UNVALIDATED);
    /* Again: nothing changes. */
    r = rebuild();
    assert_int_equal(r.snapshots, 2);
    get(one, &is);
    assert_int_equal(is.verdict, STORE_VALID);
}

/* A verdict signed by a stranger, and one about another archive. */
static void test_forged_verdicts_do_not_count(void **state)
{
    (void)state;
    char id[ID_TEXT_MAX];
    char path[128];
    struct signer *stranger = NULL;
    struct snapshot_row row;
    struct error err = {0};
    fixture_snapshot(&f, id);
    snprintf(path, sizeof(path), "%s/stranger.pem", f.dir);
    assert_int_equal(signer_open(path, &stranger, &err), 0);
    fixture_judge(&f, id, STORE_VALID, stranger);
    lose_catalog();
    struct rebuild_result r = rebuild();
    assert_int_equal(r.snapshots, 1);
    assert_int_equal(r.validations, 0);
    assert_int_equal(r.skipped, 1);
    assert_non_null(strstr(last_why, "signature"));
    get(id, &row);
    assert_int_equal(row.verdict, STORE_UNVALIDATED);
    signer_free(stranger);
}

static void copy_object(const char *from, const char *to)
{
    struct error err = {0};
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_int_equal(storage_get(f.storage, from, &b, &err), 0);
    assert_int_equal(storage_put(f.storage, to, b.data, b.len, &err), 0);
    buf_done(&b);
}

/* A good manifest under another name would make an old archive look new. */
static void test_manifests_stay_where_they_belong(void **state)
{
    (void)state;
    char id[ID_TEXT_MAX];
    char key[STORAGE_KEY_MAX];
    struct snapshot_row row;
    struct error err = {0};
    fixture_snapshot(&f, id);
    get(id, &row);
    assert_int_equal(catalogue_key(&row, "json", key, &err), 0);
    copy_object(key, "main/2031/01/0198c0de-0000-7000-8000-000000000001.json");
    lose_catalog();
    struct rebuild_result r = rebuild();
    assert_int_equal(r.snapshots, 1);
    assert_int_equal(r.skipped, 1);
    assert_non_null(strstr(last_why, "own place"));
}

static void test_archive_missing_or_cut(void **state)
{
    (void)state;
    char one[ID_TEXT_MAX];
    char two[ID_TEXT_MAX];
    char path[768];
    struct snapshot_row row;
    struct error err = {0};
    fixture_snapshot(&f, one);
    fixture_snapshot(&f, two);
    get(one, &row);
    assert_int_equal(storage_delete(f.storage, row.copies[0].location, &err),
                     0);
    get(two, &row);
    storage_location(f.storage, row.copies[0].location, path, sizeof(path));
    assert_int_equal(truncate(path, 100), 0);
    lose_catalog();
    struct rebuild_result r = rebuild();
    assert_int_equal(r.snapshots, 0);
    assert_int_equal(r.skipped, 2);
    assert_int_equal(snapshots_get(f.store, one, NULL, &row, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_comes_back, up, down),
        cmocka_unit_test_setup_teardown(test_forged_verdicts_do_not_count, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_manifests_stay_where_they_belong,
                                        up, down),
        cmocka_unit_test_setup_teardown(test_archive_missing_or_cut, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
