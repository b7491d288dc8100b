/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/query.h"
#include "tests/unit/store/fixture.h"

enum { MANY = 20000, PAGE = 50 };

/* `count` rows at one instant, in one transaction, by recursion in SQL: one
 * commit per row would take minutes. */
static void add_many(struct store *s, int count)
{
    struct error err = {0};
    struct db *db = NULL;
    struct query q;
    int rc = -1;

    assert_ok(store_write_begin(s, &db, &err), err);
    if (query_open(&q, db,
                   "WITH RECURSIVE n (i) AS"
                   " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                   " INSERT INTO snapshots (id, cluster, cluster_id,"
                   " cluster_name, product, server_version, created_ms,"
                   " size_bytes, sha256, raft_index, raft_term, entries,"
                   " state_bytes, verdict)"
                   " SELECT printf('01900000-0000-7000-8000-%012x', i),"
                   " CASE i % 2 WHEN 0 THEN 'main' ELSE 'other' END,"
                   " 'id', 'name', 'vault', '1.21.0', 1700000000000, i, '', i,"
                   " 1, i, i, CASE i % 3 WHEN 0 THEN 'valid'"
                   " ELSE 'unvalidated' END FROM n",
                   &err) == 0) {
        query_int(&q, count);
        rc = query_run(&q, &err);
    }
    assert_ok(store_write_end(s, rc, true, &err), err);
}

/* Walk the whole list; the steps of the first and of the dearest page. */
static size_t walk(struct store *s, struct snapshots_filter f, uint64_t *first,
                   uint64_t *dearest)
{
    char after[ID_TEXT_MAX] = "";
    char last[ID_TEXT_MAX] = "z";
    struct error err = {0};
    size_t rows = 0;
    bool more = true;

    *first = 0;
    *dearest = 0;
    while (more) {
        struct snapshot_list page;
        uint64_t steps;

        f.after = after[0] != '\0' ? after : NULL;
        assert_ok(snapshots_list(s, &f, &page, &err), err);
        steps = store_last_steps();
        if (*first == 0)
            *first = steps;
        if (steps > *dearest)
            *dearest = steps;
        assert_true(page.count > 0 || !page.more);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(strcmp(page.items[i].id, last) < 0);
            (void)text_copy(last, sizeof(last), page.items[i].id);
        }
        rows += page.count;
        (void)text_copy(after, sizeof(after), last);
        more = page.more;
        snapshot_list_done(&page);
    }
    return rows;
}

static void deep_pages_cost_what_the_first_does(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct snapshots_filter filter;
        size_t rows;
    } cases[] = {
        {{.verdict = -1, .limit = PAGE}, MANY},
        {{.verdict = -1, .cluster = "main", .limit = PAGE}, MANY / 2},
        {{.verdict = STORE_VALID, .limit = PAGE}, MANY / 3},
        {{.verdict = STORE_VALID, .cluster = "main", .limit = PAGE}, MANY / 6},
        {{.verdict = -1, .since_ms = 1, .limit = PAGE}, MANY},
        {{.verdict = STORE_VALID,
          .cluster = "other",
          .since_ms = 1,
          .limit = PAGE},
         MANY / 6},
    };

    add_many(f->store, MANY);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t first = 0;
        uint64_t dearest = 0;
        size_t rows = walk(f->store, cases[i].filter, &first, &dearest);

        assert_in_range(rows, cases[i].rows, cases[i].rows + 1);
        /* A page that is found, not searched for. */
        assert_in_range(first, PAGE, 100 * PAGE);
        if (dearest * 10 > first * 11)
            fail_msg("case %zu: %zu steps for the first page, %zu for another",
                     i, (size_t)first, (size_t)dearest);
    }
}

static void order_is_time_then_id(void **state)
{
    struct fixture *f = *state;
    struct snapshots_filter filter = {.verdict = -1, .limit = 2};
    struct snapshot_row rows[5];
    const int64_t times[5] = {500, 100, 300, 300, 200};
    const size_t order[5] = {0, 3, 2, 4, 1};
    struct error err = {0};
    struct snapshot_list page;
    size_t seen = 0;

    for (size_t i = 0; i < 5; i++) {
        rows[i] = fixture_snapshot("main", times[i]);
        fixture_add(f->store, &rows[i]);
    }
    do {
        assert_ok(snapshots_list(f->store, &filter, &page, &err), err);
        for (size_t i = 0; i < page.count; i++)
            assert_string_equal(page.items[i].id, rows[order[seen++]].id);
        filter.after = rows[order[seen - 1]].id;
        if (page.more) {
            snapshot_list_done(&page);
            continue;
        }
        break;
    } while (true);
    assert_int_equal(page.count, 1);
    snapshot_list_done(&page);
    assert_int_equal(seen, 5);
}

static void filters_narrow_the_list(void **state)
{
    struct fixture *f = *state;
    struct snapshots_filter filter = {.verdict = STORE_VALID};
    struct snapshot_row a = fixture_snapshot("main", 1000);
    struct snapshot_row b = fixture_snapshot("main", 2000);
    struct snapshot_row c = fixture_snapshot("other", 3000);
    struct snapshot_list list;
    struct error err = {0};
    uint64_t count = 0;

    a.verdict = STORE_VALID;
    c.verdict = STORE_VALID;
    fixture_add(f->store, &a);
    fixture_add(f->store, &b);
    fixture_add(f->store, &c);
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].id, c.id);
    snapshot_list_done(&list);

    filter.cluster = "main";
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].id, a.id);
    assert_false(list.more);
    snapshot_list_done(&list);

    filter = (struct snapshots_filter){.verdict = -1, .since_ms = 2000};
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 2);
    snapshot_list_done(&list);
    assert_ok(snapshots_count(f->store, &filter, &count, &err), err);
    assert_int_equal(count, 2);

    filter.cluster = "nowhere";
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 0);
    assert_false(list.more);
    snapshot_list_done(&list);
}

static void a_page_goes_on_after_a_deleted_row(void **state)
{
    static const char *const ids[] = {"018bcfe5-6800-7000-8000-000000000000",
                                      "018bcfe5-6801-7000-8000-000000000001",
                                      "018bcfe5-6802-7000-8000-000000000002"};
    struct fixture *f = *state;
    struct snapshots_filter filter = {.verdict = -1};
    struct snapshot_row rows[3];
    struct snapshot_row gone;
    struct snapshot_list list;
    struct error err = {0};

    for (int i = 0; i < 3; i++) {
        rows[i] = fixture_snapshot("main", 1700000000000 + i);
        /* The time is in the id, as id_new puts it. */
        memcpy(rows[i].id, ids[i], ID_TEXT_MAX);
        fixture_add(f->store, &rows[i]);
    }
    assert_ok(snapshots_mark_deleting(f->store, rows[1].id, &gone, &err), err);
    filter.after = rows[1].id;
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 1);
    snapshot_list_done(&list);
    assert_ok(snapshots_forget(f->store, rows[1].id, &err), err);
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].id, rows[0].id);
    snapshot_list_done(&list);
}

static void after_must_be_an_id(void **state)
{
    static const char *const bad[] = {
        "",
        "latest",
        "' OR 1=1 --",
        "%",
        "../../etc/passwd",
        "01900000-0000-4000-8000-000000000001", /* not a UUIDv7 */
    };
    struct fixture *f = *state;
    struct error err = {0};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct snapshots_filter filter = {.verdict = -1, .after = bad[i]};
        struct snapshot_list list;

        assert_refused(snapshots_list(f->store, &filter, &list, &err), err,
                       ERR_INVALID);
    }
}

static void limit_has_a_ceiling(void **state)
{
    struct fixture *f = *state;
    struct snapshots_filter filter = {.verdict = -1};
    struct snapshot_list list;
    struct error err = {0};

    add_many(f->store, LIMIT_PAGE + 5);
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, LIMIT_PAGE_DEFAULT);
    assert_true(list.more);
    snapshot_list_done(&list);
    filter.limit = 1000 * 1000;
    assert_ok(snapshots_list(f->store, &filter, &list, &err), err);
    assert_int_equal(list.count, LIMIT_PAGE);
    snapshot_list_done(&list);
}

static void latest_and_latest_valid(void **state)
{
    struct fixture *f = *state;
    struct snapshot_row old = fixture_snapshot("main", 1000);
    struct snapshot_row new = fixture_snapshot("main", 2000);
    struct snapshot_row other = fixture_snapshot("other", 3000);
    struct snapshot_row got;
    struct error err = {0};

    assert_refused(snapshots_get(f->store, "latest", NULL, &got, &err), err,
                   ERR_NOT_FOUND);
    fixture_add(f->store, &old);
    fixture_add(f->store, &new);
    fixture_add(f->store, &other);
    assert_ok(snapshots_get(f->store, "latest", NULL, &got, &err), err);
    assert_string_equal(got.id, other.id);
    assert_ok(snapshots_get(f->store, "latest", "main", &got, &err), err);
    assert_string_equal(got.id, new.id);
    assert_int_equal(got.copies_count, 1);
    assert_refused(snapshots_get(f->store, "latest-valid", NULL, &got, &err),
                   err, ERR_NOT_FOUND);
    assert_ok(snapshots_set_verdict(
                  f->store,
                  &(struct snapshot_judgement){.id = old.id,
                                               .verdict = STORE_VALID,
                                               .at_ms = 5,
                                               .validation_id = "v"},
                  &err),
              err);
    assert_ok(snapshots_get(f->store, "latest-valid", "main", &got, &err), err);
    assert_string_equal(got.id, old.id);
    assert_ok(snapshots_get(f->store, new.id, "main", &got, &err), err);
    assert_refused(snapshots_get(f->store, new.id, "other", &got, &err), err,
                   ERR_NOT_FOUND);
    assert_refused(snapshots_get(f->store, "x' OR '1'='1", NULL, &got, &err),
                   err, ERR_NOT_FOUND);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deep_pages_cost_what_the_first_does),
        TEST(order_is_time_then_id),
        TEST(filters_narrow_the_list),
        TEST(a_page_goes_on_after_a_deleted_row),
        TEST(after_must_be_an_id),
        TEST(limit_has_a_ceiling),
        TEST(latest_and_latest_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
