/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "server/limiter.h"

enum { NOW = 1000000 };

static struct limiter *make(uint64_t per_second, uint64_t burst)
{
    const struct server_rates rates = {.all = {per_second, burst},
                                       .caller = {per_second, burst}};
    struct limiter *l = NULL;
    struct error err = {0};

    assert_int_equal(limiter_new(&rates, &l, &err), 0);
    return l;
}

static void a_burst_and_then_the_rate(void **state)
{
    struct limiter *l = make(4, 3);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(limiter_take(l, "a", NOW), 0);
    assert_int_equal(limiter_take(l, "a", NOW), 250);
    /* Another caller has his own. */
    assert_int_equal(limiter_take(l, "b", NOW), 0);
    assert_int_equal(limiter_take(l, "a", NOW + 100), 150);
    assert_int_equal(limiter_take(l, "a", NOW + 250), 0);
    assert_int_equal(limiter_take(l, "a", NOW + 250), 250);
    /* Never more than the burst, however long one waits. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(limiter_take(l, "a", NOW + 3600000), 0);
    assert_int_equal(limiter_take(l, "a", NOW + 3600000), 250);
    limiter_free(l);
}

static void more_than_one_in_a_millisecond(void **state)
{
    struct limiter *l = make(5000, 10);

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(limiter_take_all(l, NOW), 0);
    assert_int_equal(limiter_take_all(l, NOW), 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(limiter_take_all(l, NOW + 1), 0);
    assert_int_equal(limiter_take_all(l, NOW + 1), 1);
    limiter_free(l);
}

static void what_was_given_back_can_be_had(void **state)
{
    struct limiter *l = make(1, 1);

    (void)state;
    assert_int_equal(limiter_take(l, "a", NOW), 0);
    limiter_give_back(l, "a", NOW);
    limiter_give_back(l, "a", NOW); /* never more than was there */
    assert_int_equal(limiter_take(l, "a", NOW), 0);
    assert_int_equal(limiter_take(l, "a", NOW), 1000);
    assert_int_equal(limiter_take_all(l, NOW), 0);
    limiter_give_back_all(l, NOW);
    assert_int_equal(limiter_take_all(l, NOW), 0);
    assert_int_not_equal(limiter_take_all(l, NOW), 0);
    limiter_free(l);
}

static void looking_takes_nothing(void **state)
{
    struct limiter *l = make(1, 1);

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(limiter_look(l, "a", NOW), 0);
    assert_int_equal(limiter_take(l, "a", NOW), 0);
    assert_int_equal(limiter_look(l, "a", NOW + 300), 700);
    assert_int_equal(limiter_look(l, "a", NOW + 1000), 0);
    limiter_free(l);
}

static void none_means_no_limit(void **state)
{
    struct limiter *l = make(0, 1);

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(limiter_take(l, "a", NOW), 0);
        assert_int_equal(limiter_take_all(l, NOW), 0);
    }
    limiter_free(l);
}

static void a_new_rate_counts_at_once(void **state)
{
    const struct server_rates tight = {.all = {1, 1}, .caller = {1, 1}};
    struct limiter *l = make(1, 100);

    (void)state;
    assert_int_equal(limiter_take(l, "a", NOW), 0);
    limiter_set(l, &tight);
    assert_int_equal(limiter_take(l, "a", NOW), 0);
    assert_int_equal(limiter_take(l, "a", NOW), 1000);
    limiter_free(l);
}

/* However many others come, who is over his limit stays there: the places
 * that are taken away are those of callers who have all that they may have. */
static void others_do_not_push_one_out(void **state)
{
    struct limiter *l = make(1, 2);
    char who[32];

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(limiter_take(l, "a", NOW), 0);
    for (int i = 0; i < 20 * LIMITER_CALLERS; i++) {
        (void)snprintf(who, sizeof(who), "%d", i);
        assert_int_equal(limiter_take(l, who, NOW + 1), 0);
    }
    assert_int_equal(limiter_take(l, "a", NOW + 1), 999);
    limiter_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_the_rate),
        cmocka_unit_test(more_than_one_in_a_millisecond),
        cmocka_unit_test(what_was_given_back_can_be_had),
        cmocka_unit_test(looking_takes_nothing),
        cmocka_unit_test(none_means_no_limit),
        cmocka_unit_test(a_new_rate_counts_at_once),
        cmocka_unit_test(others_do_not_push_one_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
