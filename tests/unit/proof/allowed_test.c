/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proof/allowed.h"

#define UUID "88007a7e-4d02-0a44-433e-95c0902979bb"

static bool match(const char *pattern, const char *key)
{
    return allowed_match(pattern, key, strlen(key));
}

static const struct allowed_row *find(enum allowed_change change,
                                      const char *key)
{
    return allowed_find(change, key, strlen(key));
}

static void test_segments_match_whole(void **state)
{
    (void)state;
    assert_true(match("core/lock", "core/lock"));
    assert_false(match("core/lock", "core/lock2"));
    assert_false(match("core/lock", "core/lock/x"));
    assert_false(match("core/lock", "core"));
    assert_false(match("core/lock", "score/lock"));
    assert_true(match("a/*", "a/b"));
    assert_false(match("a/*", "a/b/c"));
    assert_false(match("a/*", "a/"));
    assert_false(match("a/*", "a"));
    assert_true(match("a/**", "a/b"));
    assert_true(match("a/**", "a/b/c"));
    assert_false(match("a/**", "a"));
    assert_false(match("a/**", "a/"));
    assert_true(match("x/<uuid>/y", "x/" UUID "/y"));
    assert_false(match("x/<uuid>/y", "x/not-a-uuid/y"));
    assert_false(
        match("x/<uuid>/y", "x/88007A7E-4D02-0A44-433E-95C0902979BB/y"));
    assert_false(allowed_match("a", "", 0));
}

static void test_the_table_knows_what_is_harmless(void **state)
{
    (void)state;
    assert_non_null(find(ALLOWED_CHANGED, "core/lock"));
    assert_non_null(find(ALLOWED_ADDED,
                         "logical/0198c0de-0000-7000-8000-000000000001/wal/"
                         "0198c0de-0000-7000-8000-000000000002"));
    assert_non_null(find(ALLOWED_ADDED, "logical/" UUID "/" UUID "/upgrading"));
    assert_null(find(ALLOWED_REMOVED, "logical/" UUID "/" UUID "/upgrading"));
    assert_non_null(find(ALLOWED_ADDED, "core/leader/" UUID));
    assert_int_equal(find(ALLOWED_ADDED, "core/versions/2.7.2")->when,
                     ALLOWED_NEWER_SERVER);
    assert_int_equal(find(ALLOWED_ADDED, "sys/token/id/h1")->when,
                     ALLOWED_SERVICE_LOGIN);
    assert_non_null(find(ALLOWED_REMOVED, "sys/expire/id/auth/a/login/h1"));
    assert_non_null(
        find(ALLOWED_REMOVED, "namespaces/" UUID "/sys/token/id/h1"));
}

static void test_everything_else_is_a_fault(void **state)
{
    (void)state;
    assert_null(find(ALLOWED_REMOVED, "sys/policy/admin"));
    assert_null(find(ALLOWED_ADDED, "sys/policy/backdoor"));
    assert_null(find(ALLOWED_CHANGED, "sys/token/id/h1"));
    assert_null(find(ALLOWED_CHANGED, "sys/expire/id/auth/a/login/h1"));
    assert_null(find(ALLOWED_REMOVED, "core/mounts"));
    assert_null(find(ALLOWED_REMOVED, "core/audit"));
    assert_null(find(ALLOWED_REMOVED, "logical/" UUID "/secret"));
    assert_null(find(ALLOWED_CHANGED, "logical/" UUID "/packer/buckets/7"));
    assert_null(find(ALLOWED_CHANGED, "core/keyring"));
    assert_null(find(ALLOWED_CHANGED, "namespaces/x/core/lock"));
    assert_null(find(ALLOWED_CHANGED, ""));
}

static void test_every_row_says_why(void **state)
{
    const struct allowed_row *row;
    size_t i;

    (void)state;
    for (i = 0; (row = allowed_at(i)) != NULL; i++) {
        assert_non_null(row->why);
        assert_int_not_equal(row->changes, 0);
        assert_int_equal(row->changes & ~7U, 0);
        /* The first row that fits is the one: no row hides another. */
        for (unsigned change = 1; change <= 4; change *= 2) {
            if ((row->changes & change) != 0 &&
                strpbrk(row->pattern, "*<") == NULL)
                assert_ptr_equal(
                    find((enum allowed_change)change, row->pattern), row);
        }
    }
    assert_in_range(i, 15, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_match_whole),
        cmocka_unit_test(test_the_table_knows_what_is_harmless),
        cmocka_unit_test(test_everything_else_is_a_fault),
        cmocka_unit_test(test_every_row_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
