/* SPDX-License-Identifier: Apache-2.0 */
#include "store/snapshots.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "tests/unit/store/fixture.h"

static void a_row_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1700000000123);
    struct error err = {0};
    struct snapshot_row got;

    row.copies_count = 2;
    (void)text_copy(row.copies[1].storage, sizeof(row.copies[1].storage),
                    "bucket");
    (void)text_copy(row.copies[1].location, sizeof(row.copies[1].location),
                    "s3 key");
    (void)text_copy(row.run_id, sizeof(row.run_id), "run");
    fixture_add(f->store, &row);
    fixture_reopen(f);
    assert_ok(snapshots_get(f->store, row.id, NULL, &got, &err), err);
    assert_string_equal(got.cluster, row.cluster);
    assert_string_equal(got.cluster_id, row.cluster_id);
    assert_string_equal(got.cluster_name, row.cluster_name);
    assert_string_equal(got.product, row.product);
    assert_string_equal(got.server_version, row.server_version);
    assert_string_equal(got.sha256, row.sha256);
    assert_string_equal(got.run_id, row.run_id);
    assert_int_equal(got.created_ms, row.created_ms);
    assert_int_equal(got.size_bytes, row.size_bytes);
    assert_int_equal(got.raft_index, row.raft_index);
    assert_int_equal(got.raft_term, row.raft_term);
    assert_int_equal(got.entries, row.entries);
    assert_int_equal(got.state_bytes, row.state_bytes);
    assert_int_equal(got.verdict, STORE_UNVALIDATED);
    assert_false(got.pinned);
    assert_int_equal(got.copies_count, 2);
    assert_string_equal(got.copies[0].storage, "bucket"); /* by name */
    assert_string_equal(got.copies[1].location, row.copies[0].location);
    assert_int_equal(got.copies[1].verified_ms, row.created_ms);
    assert_ok(snapshots_set_verified(f->store, row.id, "bucket", 77, &err),
              err);
    assert_ok(snapshots_get(f->store, row.id, NULL, &got, &err), err);
    assert_int_equal(got.copies[0].verified_ms, 77);
    assert_refused(snapshots_set_verified(f->store, row.id, "tape", 77, &err),
                   err, ERR_NOT_FOUND);
}

static void adding_again_adds_new_copies_only(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1000);
    const struct snapshot_prefix_row prefix = {"core/", 3, 300};
    struct snapshots_filter all = {.verdict = -1};
    struct snapshot_prefix_list list;
    struct snapshot_row got;
    struct error err = {0};
    uint64_t revision;
    uint64_t count = 0;

    assert_ok(snapshots_add(f->store, &row, &prefix, 1, &err), err);
    revision = store_revision(f->store);
    assert_ok(snapshots_add(f->store, &row, &prefix, 1, &err), err);
    assert_int_equal(store_revision(f->store), revision);
    row.entries = 999;
    (void)text_copy(row.copies[0].storage, sizeof(row.copies[0].storage),
                    "second");
    assert_ok(snapshots_add(f->store, &row, &prefix, 1, &err), err);
    assert_ok(snapshots_get(f->store, row.id, NULL, &got, &err), err);
    assert_int_equal(got.copies_count, 2);
    assert_int_equal(got.entries, 120);
    assert_ok(snapshots_prefixes(f->store, row.id, &list, &err), err);
    assert_int_equal(list.count, 1);
    snapshot_prefix_list_done(&list);
    row.sha256[0] = 'b';
    assert_refused(snapshots_add(f->store, &row, NULL, 0, &err), err,
                   ERR_CONFLICT);
    assert_ok(snapshots_count(f->store, &all, &count, &err), err);
    assert_int_equal(count, 1);
}

static void a_bad_prefix_adds_nothing(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1000);
    const struct snapshot_prefix_row twice[] = {{"a/", 1, 1}, {"a/", 1, 1}};
    struct snapshot_row got;
    struct error err = {0};

    assert_int_equal(snapshots_add(f->store, &row, twice, 2, &err), -1);
    assert_refused(snapshots_get(f->store, row.id, NULL, &got, &err), err,
                   ERR_NOT_FOUND);
    row.raft_index = UINT64_MAX;
    assert_refused(snapshots_add(f->store, &row, NULL, 0, &err), err,
                   ERR_INVALID);
}

static void prefixes_are_sorted(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1000);
    static struct snapshot_prefix_row prefixes[LIMIT_SNAPSHOT_PREFIXES];
    static char names[LIMIT_SNAPSHOT_PREFIXES][24];
    struct snapshot_prefix_list list;
    struct error err = {0};

    for (int i = 0; i < LIMIT_SNAPSHOT_PREFIXES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "logical/%05d/",
                       LIMIT_SNAPSHOT_PREFIXES - i);
        prefixes[i] = (struct snapshot_prefix_row){names[i], (uint64_t)i, 7};
    }
    assert_ok(
        snapshots_add(f->store, &row, prefixes, LIMIT_SNAPSHOT_PREFIXES, &err),
        err);
    assert_ok(snapshots_prefixes(f->store, row.id, &list, &err), err);
    assert_int_equal(list.count, LIMIT_SNAPSHOT_PREFIXES);
    assert_string_equal(list.items[0].prefix, "logical/00001/");
    assert_int_equal(list.items[0].entries, LIMIT_SNAPSHOT_PREFIXES - 1);
    assert_int_equal(list.items[0].bytes, 7);
    for (size_t i = 1; i < list.count; i++)
        assert_true(strcmp(list.items[i - 1].prefix, list.items[i].prefix) < 0);
    snapshot_prefix_list_done(&list);
    assert_refused(snapshots_prefixes(f->store, "nobody", &list, &err), err,
                   ERR_NOT_FOUND);
}

static void the_newest_conclusive_verdict_is_kept(void **state)
{
    struct fixture *f = *state;
    const struct {
        enum store_verdict said;
        int64_t at_ms;
        enum store_verdict kept;
        int64_t kept_ms;
    } steps[] = {
        {STORE_INCONCLUSIVE, 10, STORE_INCONCLUSIVE, 10},
        {STORE_INCONCLUSIVE, 20, STORE_INCONCLUSIVE, 20},
        {STORE_INCONCLUSIVE, 15, STORE_INCONCLUSIVE, 20},
        {STORE_VALID, 18, STORE_VALID, 18}, /* conclusive wins */
        {STORE_INCONCLUSIVE, 40, STORE_VALID, 18},
        {STORE_INVALID, 50, STORE_INVALID, 50},
        {STORE_VALID, 30, STORE_INVALID, 50}, /* older: a rebuild */
        {STORE_VALID, 60, STORE_VALID, 60},
    };
    struct snapshot_row row = fixture_snapshot("main", 1000);
    struct snapshot_row got;
    struct error err = {0};
    char validation[ID_TEXT_MAX] = "";

    fixture_add(f->store, &row);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct snapshot_judgement j = {
            .id = row.id,
            .verdict = steps[i].said,
            .at_ms = steps[i].at_ms,
            .validation_id = validation,
        };

        (void)snprintf(validation, sizeof(validation), "v%d",
                       (int)steps[i].at_ms);
        assert_ok(snapshots_set_verdict(f->store, &j, &err), err);
        assert_ok(snapshots_get(f->store, row.id, NULL, &got, &err), err);
        assert_int_equal(got.verdict, steps[i].kept);
        assert_int_equal(got.validated_ms, steps[i].kept_ms);
        (void)snprintf(validation, sizeof(validation), "v%d",
                       (int)steps[i].kept_ms);
        assert_string_equal(got.validation_id, validation);
    }
    assert_refused(
        snapshots_set_verdict(f->store,
                              &(struct snapshot_judgement){
                                  .id = "nobody", .verdict = STORE_VALID},
                              &err),
        err, ERR_NOT_FOUND);
}

static void pinned_snapshots_stay(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1000);
    struct snapshot_row got;
    struct error err = {0};

    fixture_add(f->store, &row);
    assert_ok(snapshots_set_pinned(f->store, row.id, true, &err), err);
    assert_ok(snapshots_get(f->store, row.id, NULL, &got, &err), err);
    assert_true(got.pinned);
    assert_refused(snapshots_mark_deleting(f->store, row.id, &got, &err), err,
                   ERR_PRECONDITION);
    assert_ok(snapshots_set_pinned(f->store, row.id, false, &err), err);
    assert_ok(snapshots_mark_deleting(f->store, row.id, &got, &err), err);
    assert_refused(snapshots_set_pinned(f->store, row.id, true, &err), err,
                   ERR_NOT_FOUND);
}

static void snapshots_in_use_stay(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1000);
    struct snapshot_row got;
    struct error err = {0};
    char id[ID_TEXT_MAX];

    fixture_add(f->store, &row);
    fixture_claimed(f->store, RUN_RESTORE, id);
    assert_ok(runs_set_safety_snapshot(f->store, id, row.id, &err), err);
    assert_refused(snapshots_mark_deleting(f->store, row.id, &got, &err), err,
                   ERR_CONFLICT);
    assert_non_null(strstr(err.text, id));
    assert_ok(runs_finish(f->store, id, RUN_FAILED, "x", &err), err);
    assert_ok(snapshots_mark_deleting(f->store, row.id, &got, &err), err);
}

static void deleting_takes_two_steps(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row row = fixture_snapshot("main", 1000);
    const struct snapshot_prefix_row prefix = {"core/", 3, 300};
    struct snapshots_filter all = {.verdict = -1};
    struct snapshot_list list;
    struct snapshot_row got;
    struct error err = {0};

    assert_ok(snapshots_add(f->store, &row, &prefix, 1, &err), err);
    assert_refused(snapshots_forget(f->store, row.id, &err), err,
                   ERR_NOT_FOUND);
    assert_ok(snapshots_mark_deleting(f->store, row.id, &got, &err), err);
    assert_string_equal(got.copies[0].location, row.copies[0].location);
    assert_refused(snapshots_get(f->store, row.id, NULL, &got, &err), err,
                   ERR_NOT_FOUND);
    assert_refused(snapshots_get(f->store, "latest", NULL, &got, &err), err,
                   ERR_NOT_FOUND);
    assert_refused(snapshots_mark_deleting(f->store, row.id, &got, &err), err,
                   ERR_NOT_FOUND);
    assert_refused(snapshots_add(f->store, &row, NULL, 0, &err), err,
                   ERR_CONFLICT);
    assert_ok(snapshots_list(f->store, &all, &list, &err), err);
    assert_int_equal(list.count, 0);
    snapshot_list_done(&list);
    /* A crash in between. */
    fixture_reopen(f);
    assert_ok(snapshots_deleting(f->store, &list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].id, row.id);
    assert_string_equal(list.items[0].copies[0].location,
                        row.copies[0].location);
    snapshot_list_done(&list);
    assert_ok(snapshots_forget(f->store, row.id, &err), err);
    assert_ok(snapshots_deleting(f->store, &list, &err), err);
    assert_int_equal(list.count, 0);
    snapshot_list_done(&list);
    assert_ok(store_check(f->store, &err), err);
    /* Its copies and prefixes went with it. */
    assert_ok(snapshots_add(f->store, &row, &prefix, 1, &err), err);
    assert_refused(snapshots_mark_deleting(f->store, "' OR ''='", &got, &err),
                   err, ERR_NOT_FOUND);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_comes_back_as_it_was),
        TEST(adding_again_adds_new_copies_only),
        TEST(a_bad_prefix_adds_nothing),
        TEST(prefixes_are_sorted),
        TEST(the_newest_conclusive_verdict_is_kept),
        TEST(pinned_snapshots_stay),
        TEST(snapshots_in_use_stay),
        TEST(deleting_takes_two_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
