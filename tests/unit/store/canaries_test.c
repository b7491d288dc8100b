/* SPDX-License-Identifier: Apache-2.0 */
#include "store/canaries.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/store/fixture.h"

static void there_and_back(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap = fixture_snapshot("main", 1000);
    struct canary_row row = {.configured = true};
    struct canary_row got = {.configured = true};
    struct error err = {0};

    fixture_add(f->store, &snap);
    assert_ok(canaries_get(f->store, snap.id, &got, &err), err);
    assert_false(got.configured);
    assert_ok(canaries_set(f->store, snap.id, &row, &err), err);
    assert_ok(canaries_get(f->store, snap.id, &got, &err), err);
    assert_true(got.configured);
    assert_string_equal(got.problem, "");
    /* Again, as a rebuild does. */
    (void)snprintf(row.problem, sizeof(row.problem), "it's \"gone\"");
    assert_ok(canaries_set(f->store, snap.id, &row, &err), err);
    assert_ok(canaries_get(f->store, snap.id, &got, &err), err);
    assert_string_equal(got.problem, "it's \"gone\"");
}

static void nothing_configured_is_nothing_stored(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap = fixture_snapshot("main", 1000);
    struct canary_row row = {.problem = "not looked at"};
    struct canary_row got = {.configured = true};
    struct error err = {0};

    fixture_add(f->store, &snap);
    assert_ok(canaries_set(f->store, snap.id, &row, &err), err);
    assert_ok(canaries_get(f->store, snap.id, &got, &err), err);
    assert_false(got.configured);
}

static void it_goes_with_its_snapshot(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row snap = fixture_snapshot("main", 1000);
    struct canary_row row = {.configured = true};
    struct canary_row got;
    struct snapshot_row marked;
    struct error err = {0};

    assert_refused(canaries_set(f->store, snap.id, &row, &err), err,
                   ERR_NOT_FOUND);
    fixture_add(f->store, &snap);
    assert_ok(canaries_set(f->store, snap.id, &row, &err), err);
    assert_ok(snapshots_mark_deleting(f->store, snap.id, &marked, &err), err);
    assert_ok(snapshots_forget(f->store, snap.id, &err), err);
    assert_ok(canaries_get(f->store, snap.id, &got, &err), err);
    assert_false(got.configured);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(nothing_configured_is_nothing_stored),
        TEST(it_goes_with_its_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
