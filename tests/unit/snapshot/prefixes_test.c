/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "snapshot/prefixes.h"

static void add(struct prefixes *p, const char *key, uint64_t bytes)
{
    struct error err;

    assert_int_equal(
        prefixes_add(p, (const uint8_t *)key, strlen(key), bytes, &err), 0);
}

static void expect(const struct snapshot_facts *facts, size_t row,
                   const char *prefix, uint64_t entries, uint64_t bytes)
{
    assert_string_equal(facts->prefixes[row].prefix, prefix);
    assert_int_equal(facts->prefixes[row].entries, entries);
    assert_int_equal(facts->prefixes[row].bytes, bytes);
}

static void groups_by_two_segments(void **state)
{
    struct prefixes *p = prefixes_new();
    struct snapshot_facts facts;
    struct error err;

    (void)state;
    snapshot_facts_init(&facts);
    add(p, "a/b", 1); /* '-' sorts before '/': the row comes back */
    add(p, "a/b-c/d", 2);
    add(p, "a/b/c", 4);
    add(p, "a/b/c/d/e", 8);
    add(p, "a//x", 16);
    add(p, "a/", 32);
    add(p, "solo", 64);
    add(p, "/", 128);
    assert_int_equal(prefixes_take(p, &facts, &err), 0);
    assert_int_equal(facts.prefix_count, 5);
    expect(&facts, 0, "/", 1, 128);
    expect(&facts, 1, "a/", 2, 48);
    expect(&facts, 2, "a/b", 3, 13);
    expect(&facts, 3, "a/b-c", 1, 2);
    expect(&facts, 4, "solo", 1, 64);
    snapshot_facts_done(&facts);
    prefixes_free(p);
    prefixes_free(NULL);
}

static void puts_what_is_too_much_into_one_row(void **state)
{
    struct prefixes *p = prefixes_new();
    struct snapshot_facts facts;
    struct error err;
    char key[LIMIT_SNAPSHOT_PREFIX_LENGTH + 2];

    (void)state;
    snapshot_facts_init(&facts);
    memset(key, 'x', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    add(p, key, 1000);
    for (int n = 0; n < LIMIT_SNAPSHOT_PREFIXES + 10; n++) {
        (void)snprintf(key, sizeof(key), "p/%05d/x", n);
        add(p, key, 1);
    }
    add(p, "p/00000/y", 1); /* a known one still counts */
    assert_int_equal(prefixes_take(p, &facts, &err), 0);
    assert_int_equal(facts.prefix_count, LIMIT_SNAPSHOT_PREFIXES + 1);
    expect(&facts, 0, "p/00000", 2, 2);
    expect(&facts, LIMIT_SNAPSHOT_PREFIXES, SNAPSHOT_PREFIX_OTHER, 11, 1010);
    snapshot_facts_done(&facts);
    prefixes_free(p);
}

static void shows_a_nul_in_a_key(void **state)
{
    struct prefixes *p = prefixes_new();
    struct snapshot_facts facts;
    struct error err;

    (void)state;
    snapshot_facts_init(&facts);
    assert_int_equal(prefixes_add(p, (const uint8_t *)"a\0b/c/d", 7, 1, &err),
                     0);
    assert_int_equal(prefixes_take(p, &facts, &err), 0);
    expect(&facts, 0, "a?b/c", 1, 1);
    snapshot_facts_done(&facts);
    prefixes_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_by_two_segments),
        cmocka_unit_test(puts_what_is_too_much_into_one_row),
        cmocka_unit_test(shows_a_nul_in_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
