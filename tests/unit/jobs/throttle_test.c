/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/throttle.h"

static unsigned take_all(struct throttle *t, int64_t now)
{
    unsigned count = 0;

    while (throttle_take(t, now))
        count++;
    return count;
}

static void test_so_much_at_once_and_then_one_by_one(void **state)
{
    struct throttle t;

    (void)state;
    throttle_init(&t, 5, 100, 1000);
    assert_int_equal(take_all(&t, 1000), 5);
    assert_int_equal(take_all(&t, 1099), 0);
    assert_int_equal(take_all(&t, 1100), 1);
    /* Half a turn is not lost. */
    assert_int_equal(take_all(&t, 1250), 1);
    assert_int_equal(take_all(&t, 1300), 1);
    assert_int_equal(take_all(&t, 1600), 3);
}

static void test_patience_saves_no_more_than_the_burst(void **state)
{
    struct throttle t;

    (void)state;
    throttle_init(&t, 5, 100, 0);
    assert_true(throttle_take(&t, 10));
    assert_int_equal(take_all(&t, INT64_MAX / 2), 5);
    /* A clock that stands still, or steps back, gives nothing. */
    assert_int_equal(take_all(&t, INT64_MAX / 2), 0);
    assert_int_equal(take_all(&t, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_much_at_once_and_then_one_by_one),
        cmocka_unit_test(test_patience_saves_no_more_than_the_burst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
