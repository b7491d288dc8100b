/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/hide.h"

static void becomes(const char *text, const char *expected)
{
    static const struct program_pair items[] = {
        {"a", "hunter22"}, {"b", "short"}, {"c", ""}, {"d", "line\nbreak"}};
    static const struct program_pair others[] = {{"e", "hunter22-2024!"},
                                                 {"f", "2024!and more"}};
    static const struct program_pairs pairs = {items, 4}, more = {others, 2};
    char copy[200];

    (void)snprintf(copy, sizeof copy, "%s", text);
    hide_values((const struct program_pairs *[]){&pairs, NULL, &more}, 3, copy);
    assert_string_equal(copy, expected);
}

static void test_values_become_stars(void **state)
{
    (void)state;
    becomes("", "");
    becomes("nothing", "nothing");
    becomes("hunter22", "********");
    becomes("a hunter22, hunter22hunter22.", "a ********, ****************.");
    becomes("a line\nbreak", "a **********");
    /* One within another, of another list, and two that overlap. */
    becomes("as hunter22-2024! said", "as ************** said");
    becomes("hunter22-2024!and more", "**********************");
    /* They are everywhere. */
    becomes("a short one", "a short one");
}

static void test_a_text_may_begin_within_one(void **state)
{
    (void)state;
    becomes("unter22 is wrong", "******* is wrong");
    becomes("nter22", "******");
    becomes("ter22 is left", "ter22 is left");
    becomes("not unter22", "not unter22");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_become_stars),
        cmocka_unit_test(test_a_text_may_begin_within_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
