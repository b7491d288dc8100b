/* SPDX-License-Identifier: Apache-2.0 */
#include "store/validations.h"

#include "tests/unit/store/fixture.h"

static const struct check_row checks[] = {
    {.name = "intact", .outcome = "pass", .covered = 5, .total = 5},
    {.name = "lossless", .outcome = "pass"},
};

/* A validation of a snapshot that is about to end. */
static void validation(struct store *s, struct snapshot_row *snap,
                       char id[ID_TEXT_MAX])
{
    struct error err = {0};

    *snap = fixture_snapshot("main", 1000);
    fixture_add(s, snap);
    fixture_claimed(s, RUN_VALIDATION, id);
    assert_ok(runs_set_snapshot(s, id, snap->id, &err), err);
    assert_ok(runs_set_status(s, id, RUN_RESTORING, &err), err);
}

static void a_conclusion_is_stored_whole(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap;
    char id[ID_TEXT_MAX];
    struct validation_conclusion c = {
        .run_id = id,
        .verdict = STORE_VALID,
        .restore_ms = 1234,
        .basis = "{\"required\":[\"intact\"]}",
        .checks = checks,
        .checks_count = 2,
    };
    struct error err = {0};
    struct check_list list;
    struct snapshot_row got;
    struct run run;

    validation(f->store, &snap, id);
    assert_ok(runs_set_status(f->store, id, RUN_DESTROYING, &err), err);
    assert_ok(validations_conclude(f->store, &c, &err), err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    assert_int_equal(run.verdict, STORE_VALID);
    assert_int_equal(run.restore_ms, 1234);
    assert_string_equal(run.basis, c.basis);
    assert_true(run.finished_ms > 0);
    run_done(&run);
    assert_ok(snapshots_get(f->store, "latest-valid", NULL, &got, &err), err);
    assert_string_equal(got.id, snap.id);
    assert_string_equal(got.validation_id, id);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 2);
    check_list_done(&list);
}

static void a_refused_conclusion_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap;
    char id[ID_TEXT_MAX];
    struct validation_conclusion c = {
        .run_id = id,
        .verdict = STORE_VALID,
        .restore_ms = -1,
        .checks = checks,
        .checks_count = 2,
    };
    struct error err = {0};
    struct check_list list;
    struct snapshot_row got;
    struct run run;

    validation(f->store, &snap, id);
    /* Not from restoring: what was started must be destroyed first. */
    assert_refused(validations_conclude(f->store, &c, &err), err, ERR_CONFLICT);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_int_equal(run.status, RUN_RESTORING);
    assert_int_equal(run.verdict, STORE_UNVALIDATED);
    run_done(&run);
    assert_ok(snapshots_get(f->store, snap.id, NULL, &got, &err), err);
    assert_int_equal(got.verdict, STORE_UNVALIDATED);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 0);
    check_list_done(&list);
    c.run_id = "nobody";
    assert_refused(validations_conclude(f->store, &c, &err), err,
                   ERR_NOT_FOUND);
    fixture_claimed(f->store, RUN_BACKUP, id);
    c.run_id = id;
    assert_refused(validations_conclude(f->store, &c, &err), err, ERR_INVALID);
}

static void a_forgotten_snapshot_does_not_matter(void **state)
{
    struct fixture *f = *state;
    struct validation_conclusion c = {
        .verdict = STORE_INCONCLUSIVE,
        .restore_ms = -1,
    };
    struct error err = {0};
    char id[ID_TEXT_MAX];

    fixture_claimed(f->store, RUN_VALIDATION, id);
    c.run_id = id;
    assert_ok(validations_conclude(f->store, &c, &err), err);
    assert_int_equal(fixture_status(f->store, id), RUN_SUCCEEDED);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_conclusion_is_stored_whole),
        TEST(a_refused_conclusion_leaves_nothing),
        TEST(a_forgotten_snapshot_does_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
