/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines as Terraform 1.11 prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proof/tfproviders.h"

#define VAULT "provider[\\\"registry.terraform.io/hashicorp/vault\\\"]"
#define AWS "provider[\\\"registry.terraform.io/hashicorp/aws\\\"]"

static void test_configurations_are_found_once(void **state)
{
    static const char *const lines[] = {
        "digraph {",
        "\t\t\"[root] " VAULT "\" [label = \"" VAULT "\", shape = \"diamond\"]",
        "\t\t\"[root] " VAULT ".two\" [label = \"" VAULT ".two\"]",
        "\t\t\"[root] " VAULT " (close)\" -> \"[root] vault_mount.kv\"",
        "\t\t\"[root] " VAULT ".two (close)\" -> \"[root] " VAULT ".three\"",
        "\t\t\"[root] " AWS ".west\" -> \"[root] var.t\"",
        "\t\t\"[root] root\" -> \"[root] " VAULT " (close)\"",
        "provider[\\\"broken",
        "}",
    };
    struct tfproviders p = {.any = false};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        tfproviders_line(&p, lines[i]);
    assert_true(p.any);
    assert_false(p.too_many);
    assert_int_equal(p.count, 2);
    assert_string_equal(p.aliases[0], "two");
    assert_string_equal(p.aliases[1], "three");
    assert_string_equal(p.inner, "");
}

static void test_none_at_all(void **state)
{
    struct tfproviders p = {.any = false};

    (void)state;
    tfproviders_line(&p, "\"[root] " AWS "\" [label = \"" AWS "\"]");
    assert_false(p.any);
}

static void test_one_inside_a_module_is_named(void **state)
{
    struct tfproviders p = {.any = false};

    (void)state;
    tfproviders_line(&p, "\t\t\"[root] module.team.module.x." VAULT
                         ".own\" [label = \"x\"]");
    assert_string_equal(p.inner, "module.team.module.x");
}

static void test_more_than_anybody_has(void **state)
{
    struct tfproviders p = {.any = false};
    char line[128];

    (void)state;
    for (int i = 0; i < TFPROVIDERS_MAX; i++) {
        snprintf(line, sizeof line, "\"[root] " VAULT ".a%d\" [", i);
        tfproviders_line(&p, line);
    }
    assert_false(p.too_many);
    tfproviders_line(&p, "\"[root] " VAULT ".one-more\" [");
    assert_true(p.too_many);
    assert_int_equal(p.count, TFPROVIDERS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations_are_found_once),
        cmocka_unit_test(test_none_at_all),
        cmocka_unit_test(test_one_inside_a_module_is_named),
        cmocka_unit_test(test_more_than_anybody_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
