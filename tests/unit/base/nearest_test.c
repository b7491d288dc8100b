/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *best(const char *word)
{
    static const char *const names[] = {"server", "snapshot", "policy",
                                        "config"};
    struct nearest n;

    nearest_init(&n, word);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nearest_offer(&n, names[i]);
    return nearest_best(&n);
}

static void slips_are_understood(void **state)
{
    (void)state;
    assert_string_equal(best("server"), "server");
    assert_string_equal(best("sevrer"), "server");  /* swapped */
    assert_string_equal(best("srver"), "server");   /* lost */
    assert_string_equal(best("poolicy"), "policy"); /* doubled */
    assert_string_equal(best("confug"), "config");  /* wrong */
    assert_string_equal(best("snpashots"), "snapshot");
}

static void other_words_are_not(void **state)
{
    char word[200];

    (void)state;
    assert_null(best("validate"));
    assert_null(best("zzz"));
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_null(best(word));
}

static void nothing_offered_nothing_found(void **state)
{
    struct nearest n;

    (void)state;
    nearest_init(&n, "x");
    assert_null(nearest_best(&n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_are_understood),
        cmocka_unit_test(other_words_are_not),
        cmocka_unit_test(nothing_offered_nothing_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
