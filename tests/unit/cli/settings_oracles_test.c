/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/settings_oracles.h"

static void what_is_configured_is_handed_on(void **state)
{
    struct config_pair pair = {(char[]){"KEY"}, (char[]){"v"}};
    struct config config = {.oracles = {.terraform = {.dir = (char[]){"/infra"},
                                                      .env = {&pair, 1}}}};
    struct settings_oracles o;
    struct error err;

    (void)state;
    assert_int_equal(settings_oracles_init(&config, &o, &err), 0);
    assert_ptr_equal(settings_oracles_terraform(&o), &o.terraform);
    assert_string_equal(o.terraform.dir, "/infra");
    assert_int_equal(o.terraform.env.count, 1);
    assert_string_equal(o.terraform.env.items[0].value, "v");
    assert_int_equal(o.terraform.vars.count, 0);
    settings_oracles_done(&o);
}

static void nothing_is_configured(void **state)
{
    struct config config = {.oracles = {.terraform = {.dir = NULL}}};
    struct settings_oracles o;
    struct error err;

    (void)state;
    assert_int_equal(settings_oracles_init(&config, &o, &err), 0);
    assert_null(settings_oracles_terraform(&o));
    settings_oracles_done(&o);
    settings_oracles_done(&(struct settings_oracles){.env = NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_configured_is_handed_on),
        cmocka_unit_test(nothing_is_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
