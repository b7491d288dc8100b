/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "snapshot/compare.h"

static char a_text[] = "core/a", b_text[] = "sys/b", c_text[] = "sys/c",
            d_text[] = "sys/d";

static void lists_only_what_differs(void **state)
{
    const struct snapshot_prefix left[] = {
        {c_text, 5, 50}, {a_text, 1, 10}, {b_text, 2, 20}};
    const struct snapshot_prefix right[] = {
        {b_text, 2, 21}, {d_text, 9, 90}, {c_text, 5, 50}};
    const struct snapshot_prefix_list l = {left, 3};
    const struct snapshot_prefix_list r = {right, 3};
    struct snapshot_prefix_delta *deltas = NULL;
    size_t count = 0;
    struct error err;

    (void)state;
    assert_int_equal(snapshot_prefix_diff(&l, &r, &deltas, &count, &err), 0);
    assert_int_equal(count, 3);
    assert_string_equal(deltas[0].prefix, "core/a");
    assert_int_equal(deltas[0].left_entries, 1);
    assert_int_equal(deltas[0].left_bytes, 10);
    assert_int_equal(deltas[0].right_entries, 0);
    assert_int_equal(deltas[0].right_bytes, 0);
    assert_string_equal(deltas[1].prefix, "sys/b");
    assert_int_equal(deltas[1].left_bytes, 20);
    assert_int_equal(deltas[1].right_bytes, 21);
    assert_string_equal(deltas[2].prefix, "sys/d");
    assert_int_equal(deltas[2].left_entries, 0);
    assert_int_equal(deltas[2].right_entries, 9);
    free(deltas);
}

static void is_empty_for_equals_and_for_nothing(void **state)
{
    const struct snapshot_prefix rows[] = {{a_text, 1, 10}, {b_text, 2, 20}};
    const struct snapshot_prefix_list some = {rows, 2};
    const struct snapshot_prefix_list none = {NULL, 0};
    struct snapshot_prefix_delta *deltas = NULL;
    size_t count = 7;
    struct error err;

    (void)state;
    assert_int_equal(snapshot_prefix_diff(&some, &some, &deltas, &count, &err),
                     0);
    assert_int_equal(count, 0);
    assert_null(deltas);
    assert_int_equal(snapshot_prefix_diff(&none, &none, &deltas, &count, &err),
                     0);
    assert_int_equal(count, 0);
    assert_int_equal(snapshot_prefix_diff(&some, &none, &deltas, &count, &err),
                     0);
    assert_int_equal(count, 2);
    free(deltas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_only_what_differs),
        cmocka_unit_test(is_empty_for_equals_and_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
