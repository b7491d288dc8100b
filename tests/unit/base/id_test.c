/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

static void ids_ascend_and_are_valid(void **state)
{
    char last[ID_TEXT_MAX] = "", id[ID_TEXT_MAX];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        id_new(id);
        assert_true(id_valid(id));
        assert_int_equal(id[14], '7');
        assert_true(strcmp(last, id) < 0);
        memcpy(last, id, sizeof id);
    }
    id_random(id);
    assert_true(id_valid(id));
    assert_int_equal(id[14], '4');
}

static void refuses_what_is_no_id(void **state)
{
    (void)state;
    assert_false(id_valid(""));
    assert_false(id_valid("0190a0e8-0000-7000-8000-00000000000"));
    assert_false(id_valid("0190a0e8-0000-7000-8000-0000000000000"));
    assert_false(id_valid("0190A0e8-0000-7000-8000-000000000000"));
    assert_false(id_valid("0190a0e8x0000-7000-8000-000000000000"));
    assert_true(id_valid("0190a0e8-0000-7000-8000-000000000000"));
}

static void prints_times(void **state)
{
    char out[CLOCK_TEXT_MAX];
    int year, month;

    (void)state;
    clock_text(1709251199123, out);
    assert_string_equal(out, "2024-02-29T23:59:59.123Z");
    clock_text(-1, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999Z");
    clock_year_month(1709251199123, &year, &month);
    assert_int_equal(year, 2024);
    assert_int_equal(month, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_ascend_and_are_valid),
        cmocka_unit_test(refuses_what_is_no_id),
        cmocka_unit_test(prints_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
