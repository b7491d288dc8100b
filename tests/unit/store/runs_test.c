/* SPDX-License-Identifier: Apache-2.0 */
#include "store/runs.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "tests/unit/store/fixture.h"

static void setters_change_what_they_say(void **state)
{
    struct fixture *f = *state;
    struct run_progress progress = {.done = 7, .total = 9, .unit = "bytes"};
    struct error err = {0};
    char id[ID_TEXT_MAX];
    struct run run;

    fixture_claimed(f->store, RUN_RESTORE, id);
    assert_ok(runs_set_leftovers(f->store, id, "{\"part\":\"x\"}", &err), err);
    assert_ok(runs_set_plan(f->store, id, "{\"findings\":[]}", &err), err);
    assert_ok(runs_set_outcome(f->store, id, "{\"state\":\"x\"}", &err), err);
    assert_ok(runs_set_snapshot(f->store, id, "snap-1", &err), err);
    assert_ok(runs_set_safety_snapshot(f->store, id, "snap-2", &err), err);
    assert_ok(runs_set_progress(f->store, id, &progress, &err), err);
    assert_ok(
        runs_set_validation_result(f->store, id, STORE_INVALID, 1500, &err),
        err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_string_equal(run.leftovers, "{\"part\":\"x\"}");
    assert_string_equal(run.plan, "{\"findings\":[]}");
    assert_string_equal(run.basis, "{\"state\":\"x\"}");
    assert_string_equal(run.snapshot_id, "snap-1");
    assert_string_equal(run.safety_snapshot_id, "snap-2");
    assert_int_equal(run.progress_done, 7);
    assert_int_equal(run.progress_total, 9);
    assert_string_equal(run.progress_unit, "bytes");
    assert_int_equal(run.verdict, STORE_INVALID);
    assert_int_equal(run.restore_ms, 1500);
    assert_int_equal(run.revision, 9); /* created, claimed, seven changes */
    run_done(&run);
    assert_ok(runs_set_leftovers(f->store, id, NULL, &err), err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_null(run.leftovers);
    run_done(&run);
    run_done(&run);
    run_done(NULL);
}

static void unknown_ids_are_not_found(void **state)
{
    static const char *const ids[] = {
        "",
        "019ab000-0000-7000-8000-000000000001",
        "' OR '1'='1",
        "%",
        "*",
        "x'; DELETE FROM runs; --",
        "\xff\xfe",
    };
    struct fixture *f = *state;
    struct run_progress progress = {.unit = "bytes"};
    struct error err = {0};
    struct run_phases phases;
    char real[ID_TEXT_MAX];
    struct run run;

    fixture_claimed(f->store, RUN_BACKUP, real);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const char *id = ids[i];

        assert_refused(runs_get(f->store, id, &run, &err), err, ERR_NOT_FOUND);
        assert_refused(runs_set_status(f->store, id, RUN_RUNNING, &err), err,
                       ERR_NOT_FOUND);
        assert_refused(runs_begin_phase(f->store, id, "x", &err), err,
                       ERR_NOT_FOUND);
        assert_refused(runs_set_progress(f->store, id, &progress, &err), err,
                       ERR_NOT_FOUND);
        assert_refused(runs_set_leftovers(f->store, id, "{}", &err), err,
                       ERR_NOT_FOUND);
        assert_refused(runs_set_snapshot(f->store, id, "s", &err), err,
                       ERR_NOT_FOUND);
        assert_refused(
            runs_set_validation_result(f->store, id, STORE_VALID, 1, &err), err,
            ERR_NOT_FOUND);
        assert_refused(runs_finish(f->store, id, RUN_FAILED, "x", &err), err,
                       ERR_NOT_FOUND);
        assert_ok(runs_phases(f->store, id, &phases, &err), err);
        assert_int_equal(phases.count, 0);
    }
    assert_int_equal(fixture_status(f->store, real), RUN_RUNNING);
}

static void moves_follow_the_table(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char id[ID_TEXT_MAX];
    uint64_t revision;

    fixture_claimed(f->store, RUN_VALIDATION, id);
    assert_refused(runs_set_status(f->store, id, RUN_VERIFYING, &err), err,
                   ERR_CONFLICT);
    assert_non_null(strstr(err.text, "provisioning"));
    assert_non_null(strstr(err.text, "verifying"));
    assert_int_equal(fixture_status(f->store, id), RUN_PROVISIONING);
    assert_ok(runs_set_status(f->store, id, RUN_RESTORING, &err), err);
    revision = store_revision(f->store);
    assert_ok(runs_set_status(f->store, id, RUN_RESTORING, &err), err);
    assert_int_equal(store_revision(f->store), revision);
    assert_refused(runs_finish(f->store, id, RUN_SUCCEEDED, NULL, &err), err,
                   ERR_CONFLICT);
    assert_ok(runs_set_status(f->store, id, RUN_CHECKING, &err), err);
    assert_ok(runs_set_status(f->store, id, RUN_DESTROYING, &err), err);
    assert_ok(runs_finish(f->store, id, RUN_SUCCEEDED, NULL, &err), err);
    assert_refused(runs_set_status(f->store, id, RUN_CHECKING, &err), err,
                   ERR_CONFLICT);
    assert_refused(runs_finish(f->store, id, RUN_FAILED, "late", &err), err,
                   ERR_CONFLICT);
}

static void finishing_frees_the_place(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char first[ID_TEXT_MAX];
    char second[ID_TEXT_MAX];
    struct run run;
    size_t active = 9;

    fixture_claimed(f->store, RUN_BACKUP, first);
    assert_ok(runs_count_active(f->store, &active, &err), err);
    assert_int_equal(active, 1);
    assert_ok(
        runs_finish(f->store, first, RUN_FAILED, "the disk is full", &err),
        err);
    assert_ok(runs_get(f->store, first, &run, &err), err);
    assert_int_equal(run.status, RUN_FAILED);
    assert_string_equal(run.error, "the disk is full");
    assert_true(run.finished_ms >= run.started_ms);
    run_done(&run);
    assert_ok(runs_count_active(f->store, &active, &err), err);
    assert_int_equal(active, 0);
    fixture_run(f->store, RUN_BACKUP, second);
    assert_string_not_equal(first, second);
}

static void phases_are_timed(void **state)
{
    struct fixture *f = *state;
    struct run_progress progress = {.done = 5, .total = 5, .unit = "keys"};
    struct error err = {0};
    struct run_phases phases;
    char id[ID_TEXT_MAX];
    struct run run;

    fixture_claimed(f->store, RUN_BACKUP, id);
    assert_ok(runs_begin_phase(f->store, id, "download", &err), err);
    assert_ok(runs_set_progress(f->store, id, &progress, &err), err);
    clock_sleep_ms(20);
    assert_ok(runs_begin_phase(f->store, id, "publish", &err), err);
    assert_ok(runs_get(f->store, id, &run, &err), err);
    assert_string_equal(run.phase, "publish");
    assert_int_equal(run.progress_done, 0);
    assert_string_equal(run.progress_unit, "");
    run_done(&run);
    assert_ok(runs_phases(f->store, id, &phases, &err), err);
    assert_int_equal(phases.count, 2);
    assert_string_equal(phases.items[0].name, "download");
    assert_in_range(phases.items[0].duration_ms, 19, 5000);
    assert_true(phases.items[0].started_ms > 0);
    assert_string_equal(phases.items[1].name, "publish");
    assert_int_equal(phases.items[1].duration_ms, -1);
    assert_ok(runs_finish(f->store, id, RUN_SUCCEEDED, NULL, &err), err);
    assert_ok(runs_phases(f->store, id, &phases, &err), err);
    assert_true(phases.items[1].duration_ms >= 0);
}

/* Five finished backups; their ids, oldest first. */
static void five(struct store *s, char ids[5][ID_TEXT_MAX])
{
    struct error err = {0};

    for (int i = 0; i < 5; i++) {
        fixture_claimed(s, RUN_BACKUP, ids[i]);
        assert_ok(runs_finish(s, ids[i],
                              i % 2 == 0 ? RUN_SUCCEEDED : RUN_FAILED, NULL,
                              &err),
                  err);
    }
}

static void lists_page_newest_first(void **state)
{
    struct fixture *f = *state;
    struct runs_filter filter = {.kind = RUN_BACKUP, .status = -1, .limit = 2};
    char ids[5][ID_TEXT_MAX];
    char other[ID_TEXT_MAX];
    struct run_list list;
    struct error err = {0};
    int next = 4;

    five(f->store, ids);
    fixture_run(f->store, RUN_VALIDATION, other);
    for (;;) {
        assert_ok(runs_list(f->store, &filter, &list, &err), err);
        for (size_t i = 0; i < list.count; i++) {
            assert_string_equal(list.items[i].id, ids[next--]);
            assert_null(list.items[i].params);
        }
        if (!list.more)
            break;
        assert_int_equal(list.count, 2);
        filter.after = ids[next + 1];
        run_list_done(&list);
    }
    run_list_done(&list);
    assert_int_equal(next, -1);
}

static void lists_can_be_narrowed(void **state)
{
    struct fixture *f = *state;
    struct runs_filter filter = {.kind = -1, .status = -1};
    char ids[5][ID_TEXT_MAX];
    char other[ID_TEXT_MAX];
    struct run_list list;
    struct error err = {0};

    five(f->store, ids);
    fixture_run(f->store, RUN_VALIDATION, other);
    assert_ok(runs_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 6);
    run_list_done(&list);
    filter.status = RUN_FAILED;
    assert_ok(runs_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 2);
    run_list_done(&list);
    filter.cluster = "other";
    assert_ok(runs_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 0);
    run_list_done(&list);
    filter.after = "1 OR 1=1";
    assert_refused(runs_list(f->store, &filter, &list, &err), err, ERR_INVALID);
    run_list_done(NULL);
}

/* How many a list of whatever kind has, and what it cost. */
static size_t list_all(struct store *s, int status, uint64_t *steps)
{
    const struct runs_filter filter = {.kind = -1, .status = status};
    struct run_list list;
    struct error err = {0};
    size_t count;

    assert_ok(runs_list(s, &filter, &list, &err), err);
    *steps = store_last_steps();
    for (size_t i = 0; status >= 0 && i < list.count; i++)
        assert_int_equal(list.items[i].status, status);
    count = list.count;
    run_list_done(&list);
    return count;
}

static void every_status_is_found_and_history_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct run old = {.kind = RUN_BACKUP, .cluster = "main", .finished_ms = 1};
    struct error err = {0};
    uint64_t empty[RUN_STATUSES];
    uint64_t steps = 0;
    char id[ID_TEXT_MAX];

    fixture_claimed(f->store, RUN_RESTORE, id); /* checking */
    fixture_run(f->store, RUN_BACKUP, id);
    fixture_run(f->store, RUN_VALIDATION, id);
    for (int i = 0; i < RUN_STATUSES; i++)
        (void)list_all(f->store, i, &empty[i]);
    for (int i = 0; i < 100; i++) {
        old.status = i % 2 == 0 ? RUN_FAILED : RUN_SUCCEEDED;
        id_new(old.id);
        assert_ok(runs_import(f->store, &old, &err), err);
    }
    for (int i = 0; i < RUN_STATUSES; i++) {
        const size_t want = i == RUN_QUEUED                         ? 2
                            : i == RUN_CHECKING                     ? 1
                            : i == RUN_FAILED || i == RUN_SUCCEEDED ? 50
                                                                    : 0;

        assert_int_equal(list_all(f->store, i, &steps), want);
        if (!run_status_final((enum run_status)i))
            assert_int_equal(steps, empty[i]);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(setters_change_what_they_say),
        TEST(unknown_ids_are_not_found),
        TEST(moves_follow_the_table),
        TEST(finishing_frees_the_place),
        TEST(phases_are_timed),
        TEST(lists_page_newest_first),
        TEST(lists_can_be_narrowed),
        TEST(every_status_is_found_and_history_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
