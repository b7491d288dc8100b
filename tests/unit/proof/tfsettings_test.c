/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "proof/tfsettings.h"

static void test_a_copy_owns_everything(void **state)
{
    char dir[] = "/infra", name[] = "KEY", value[] = "s.secret";
    const struct program_pair pair = {name, value};
    const struct tfsettings from = {.dir = dir, .env = {&pair, 1}};
    struct tfsettings *s = NULL;
    struct error err;

    (void)state;
    assert_int_equal(tfsettings_copy(&from, &s, &err), 0);
    memset(dir, 'x', 3);
    memset(name, 'x', 3);
    memset(value, 'x', 3);
    assert_string_equal(s->dir, "/infra");
    assert_null(s->binary);
    assert_null(s->state_file);
    assert_int_equal(s->env.count, 1);
    assert_string_equal(s->env.items[0].name, "KEY");
    assert_string_equal(s->env.items[0].value, "s.secret");
    assert_int_equal(s->vars.count, 0);
    tfsettings_free(s);
}

static void test_nothing_to_free(void **state)
{
    (void)state;
    tfsettings_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_owns_everything),
        cmocka_unit_test(test_nothing_to_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
