/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "access/cache.h"

static void key_of(int n, uint8_t key[CACHE_KEY_SIZE])
{
    memset(key, 0, CACHE_KEY_SIZE);
    memcpy(key + CACHE_KEY_SIZE - sizeof(n), &n, sizeof(n));
}

static void put(struct cache *c, int n, int64_t expires)
{
    uint8_t key[CACHE_KEY_SIZE];

    key_of(n, key);
    cache_put(c, key, expires, &n);
}

static int get(const struct cache *c, int n, int64_t now)
{
    uint8_t key[CACHE_KEY_SIZE];
    int value = -1;

    key_of(n, key);
    return cache_get(c, key, now, &value) ? value : -1;
}

static void remembers_until_it_expires(void **state)
{
    struct cache *c = cache_new(1, sizeof(int));

    (void)state;
    assert_int_equal(get(c, 1, 0), -1);
    put(c, 1, 100);
    assert_int_equal(get(c, 1, 99), 1);
    assert_int_equal(get(c, 1, 100), -1);
    assert_int_equal(get(c, 2, 0), -1);
    put(c, 1, 200);
    assert_int_equal(get(c, 1, 150), 1);
    cache_clear(c);
    assert_int_equal(get(c, 1, 150), -1);
    cache_free(c);
}

/* All keys fall into one set here: the fifth takes the place of the one that
 * would have expired first. */
static void cannot_grow(void **state)
{
    struct cache *c = cache_new(1, sizeof(int));

    (void)state;
    for (int n = 1; n <= 4; n++)
        put(c, n, 100 - n);
    put(c, 5, 200);
    assert_int_equal(get(c, 4, 0), -1);
    assert_int_equal(get(c, 1, 0), 1);
    assert_int_equal(get(c, 3, 0), 3);
    assert_int_equal(get(c, 5, 0), 5);
    cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_until_it_expires),
        cmocka_unit_test(cannot_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
