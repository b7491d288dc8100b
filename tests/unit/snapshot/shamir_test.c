/* SPDX-License-Identifier: Apache-2.0
 *
 * The shares were made by another implementation, with fixed coefficients;
 * those of real servers are in prove_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "snapshot/shamir.h"

enum { SECRET = 5, SHARE = SECRET + 1, SHARES = 4 };

/* "assay", three of any. */
static const char *const texts[SHARES] = {"b58dea717901", "f5a0ab215402",
                                          "a45d4cceee9d", "0aff474a5fff"};
static uint8_t bytes[SHARES][SHARE];

static struct shamir_share share(size_t n)
{
    assert_true(text_unhex(texts[n], bytes[n], SHARE));
    return (struct shamir_share){bytes[n], SHARE};
}

static void test_any_three_of_four(void **state)
{
    (void)state;
    for (size_t left_out = 0; left_out < SHARES; left_out++) {
        struct shamir_share some[SHARES];
        uint8_t secret[SECRET];
        struct error err;
        size_t count = 0;

        for (size_t n = SHARES; n-- > 0;) {
            if (n != left_out) {
                some[count++] = share(n);
            }
        }
        assert_int_equal(shamir_combine(some, count, secret, &err), 0);
        assert_memory_equal(secret, "assay", SECRET);
    }
}

static void test_more_than_needed_is_the_same(void **state)
{
    struct shamir_share all[SHARES] = {share(0), share(1), share(2), share(3)};
    uint8_t secret[SECRET];
    struct error err;

    (void)state;
    assert_int_equal(shamir_combine(all, SHARES, secret, &err), 0);
    assert_memory_equal(secret, "assay", SECRET);
    assert_int_equal(shamir_combine(all, 2, secret, &err), 0);
    assert_memory_not_equal(secret, "assay", SECRET);
}

static void test_what_cannot_be_shares(void **state)
{
    struct shamir_share twice[] = {share(0), share(1), share(0)};
    struct shamir_share lengths[] = {share(0), share(1)};
    struct shamir_share zero[] = {share(0), share(1)};
    uint8_t secret[SECRET];
    struct error err;

    (void)state;
    assert_int_equal(shamir_combine(twice, 3, secret, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(shamir_combine(twice, 1, secret, &err), -1);
    lengths[1].len--;
    assert_int_equal(shamir_combine(lengths, 2, secret, &err), -1);
    bytes[1][SHARE - 1] = 0;
    assert_int_equal(shamir_combine(zero, 2, secret, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_three_of_four),
        cmocka_unit_test(test_more_than_needed_is_the_same),
        cmocka_unit_test(test_what_cannot_be_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
