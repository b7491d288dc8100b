/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checks.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "tests/unit/store/fixture.h"

static void checks_come_back_as_they_were(void **state)
{
    struct fixture *f = *state;
    const struct check_finding_row findings[] = {
        {"changed", "core/mounts", "120 bytes", "118 bytes"},
        {"missing", "logical/ä", NULL, ""},
    };
    const struct check_row rows[] = {
        {.name = "lossless",
         .outcome = "fail",
         .covered = 10411,
         .total = 10412,
         .message = "2 entries differ",
         .findings = findings,
         .findings_count = 2,
         .findings_total = 7},
        {.name = "authentic", .outcome = "not_run"},
    };
    struct error err = {0};
    struct check_list list;
    char id[ID_TEXT_MAX];

    fixture_claimed(f->store, RUN_VALIDATION, id);
    assert_ok(checks_save(f->store, id, rows, 2, &err), err);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].name, "lossless");
    assert_string_equal(list.items[0].outcome, "fail");
    assert_int_equal(list.items[0].covered, 10411);
    assert_int_equal(list.items[0].total, 10412);
    assert_string_equal(list.items[0].message, "2 entries differ");
    assert_int_equal(list.items[0].findings_total, 7);
    assert_int_equal(list.items[0].findings_count, 2);
    assert_string_equal(list.items[0].findings[0].kind, "changed");
    assert_string_equal(list.items[0].findings[0].expected, "120 bytes");
    assert_string_equal(list.items[0].findings[1].path, "logical/ä");
    assert_string_equal(list.items[0].findings[1].expected, "");
    assert_string_equal(list.items[1].name, "authentic");
    assert_string_equal(list.items[1].message, "");
    assert_int_equal(list.items[1].findings_count, 0);
    check_list_done(&list);
    /* Saved again: replaced. */
    assert_ok(checks_save(f->store, id, rows + 1, 1, &err), err);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].name, "authentic");
    check_list_done(&list);
    check_list_done(&list);
    check_list_done(NULL);
    assert_ok(store_check(f->store, &err), err);
}

static void findings_have_a_ceiling(void **state)
{
    struct fixture *f = *state;
    struct check_finding_row findings[LIMIT_FINDINGS + 20];
    char paths[LIMIT_FINDINGS + 20][sizeof("path-") + 11];
    struct check_row row = {
        .name = "consistent",
        .outcome = "drift",
        .findings = findings,
        .findings_count = LIMIT_FINDINGS + 20,
    };
    struct error err = {0};
    struct check_list list;
    char id[ID_TEXT_MAX];

    for (int i = 0; i < LIMIT_FINDINGS + 20; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "path-%d", i);
        findings[i] = (struct check_finding_row){.path = paths[i]};
    }
    fixture_claimed(f->store, RUN_VALIDATION, id);
    assert_ok(checks_save(f->store, id, &row, 1, &err), err);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(list.items[0].findings_count, LIMIT_FINDINGS);
    assert_int_equal(list.items[0].findings_total, LIMIT_FINDINGS + 20);
    assert_string_equal(list.items[0].findings[99].path, "path-99");
    check_list_done(&list);
}

static void long_texts_are_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    char text[4096];
    struct check_finding_row finding = {.found = text};
    struct check_row row = {
        .name = "intact",
        .outcome = "fail",
        .message = text,
        .findings = &finding,
        .findings_count = 1,
    };
    struct error err = {0};
    struct check_list list;
    char id[ID_TEXT_MAX];

    /* Three bytes each, which 2048 is no multiple of. */
    for (size_t i = 0; i + 4 < sizeof(text); i += 3)
        memcpy(text + i, "\u20ac", 4);
    fixture_claimed(f->store, RUN_VALIDATION, id);
    assert_ok(checks_save(f->store, id, &row, 1, &err), err);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(strlen(list.items[0].message), 2046);
    assert_true(text_is_utf8(list.items[0].message, 2046));
    assert_int_equal(strlen(list.items[0].findings[0].found), 2046);
    check_list_done(&list);
}

static void a_bad_row_saves_nothing(void **state)
{
    struct fixture *f = *state;
    struct check_row rows[CHECKS_PER_RUN_MAX + 1];
    struct error err = {0};
    struct check_list list;
    char id[ID_TEXT_MAX];

    for (size_t i = 0; i <= CHECKS_PER_RUN_MAX; i++)
        rows[i] = (struct check_row){.name = "intact", .outcome = "pass"};
    fixture_claimed(f->store, RUN_VALIDATION, id);
    assert_ok(checks_save(f->store, id, rows, 1, &err), err);
    assert_refused(
        checks_save(f->store, id, rows, CHECKS_PER_RUN_MAX + 1, &err), err,
        ERR_INVALID);
    rows[2].outcome = "passed";
    assert_refused(checks_save(f->store, id, rows, 3, &err), err, ERR_INVALID);
    rows[2].outcome = NULL;
    assert_refused(checks_save(f->store, id, rows, 3, &err), err, ERR_INVALID);
    assert_refused(checks_save(f->store, "'--", rows, 1, &err), err,
                   ERR_NOT_FOUND);
    assert_ok(checks_load(f->store, id, &list, &err), err);
    assert_int_equal(list.count, 1);
    check_list_done(&list);
    assert_ok(checks_load(f->store, "nobody", &list, &err), err);
    assert_int_equal(list.count, 0);
    check_list_done(&list);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(checks_come_back_as_they_were),
        TEST(findings_have_a_ceiling),
        TEST(long_texts_are_cut_between_characters),
        TEST(a_bad_row_saves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
