/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "transient/drivers.h"

static void test_a_copy_owns_everything(void **state)
{
    char dir[] = "/module", value[] = "secret", up[] = "/up", arg[] = "-v";
    char token[] = "s.token", address[] = "https://x:8200";
    struct program_pair pair = {.name = "NAME", .value = value};
    const char *argv[] = {up, arg, NULL};
    const struct vault_auth_options auth = {.method = VAULT_AUTH_TOKEN,
                                            .token = token};
    const struct transient_drivers d = {
        .egress_blocked = true,
        .auth = &auth,
        .terraform = {.dir = dir, .env = {&pair, 1}, .timeout_ms = 5},
        .command = {.up = argv},
        .existing = {.address = address},
    };
    const struct transient_drivers *copy = NULL;
    struct error err;

    (void)state;
    assert_int_equal(transient_drivers_copy(&d, &copy, &err), 0);
    memset(dir, 'x', sizeof dir - 1);
    memset(value, 'x', sizeof value - 1);
    memset(up, 'x', sizeof up - 1);
    memset(token, 'x', sizeof token - 1);
    memset(address, 'x', sizeof address - 1);
    argv[0] = NULL;
    assert_true(copy->egress_blocked);
    assert_string_equal(copy->terraform.dir, "/module");
    assert_int_equal(copy->terraform.env.count, 1);
    assert_string_equal(copy->terraform.env.items[0].name, "NAME");
    assert_string_equal(copy->terraform.env.items[0].value, "secret");
    assert_int_equal(copy->terraform.vars.count, 0);
    assert_string_equal(copy->command.up[0], "/up");
    assert_string_equal(copy->command.up[1], "-v");
    assert_null(copy->command.up[2]);
    assert_null(copy->command.down);
    assert_string_equal(copy->existing.address, "https://x:8200");
    assert_string_equal(copy->auth->token, "s.token");
    transient_drivers_free(copy);
    transient_drivers_free(NULL);
}

static void expect(const char *name, const struct transient_drivers *d,
                   const char *sentence)
{
    struct error err;

    assert_int_equal(transient_drivers_check(name, d, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, sentence));
}

static void test_what_is_missing_is_named(void **state)
{
    static const char *const argv[] = {"/up", NULL};
    struct transient_drivers d = {.command = {.up = argv}};
    struct error err;

    (void)state;
    assert_int_equal(transient_drivers_check("process", NULL, &err), 0);
    expect("nomad", &d, "it is one of process, terraform, command, existing");
    expect("terraform", NULL, "transient.terraform.dir");
    expect("existing", &d, "transient.existing.address");
    expect("command", &d, "transient.command.down");
    d.command.down = argv;
    assert_int_equal(transient_drivers_check("command", &d, &err), 0);
    d.command.up = NULL;
    expect("command", &d, "transient.command.up");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_owns_everything),
        cmocka_unit_test(test_what_is_missing_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
