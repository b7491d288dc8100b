/* SPDX-License-Identifier: Apache-2.0
 *
 * Which routes a break-glass token may open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/rights.h"
#include "handlers/handlers.h"

static unsigned right_of(const char *pattern, enum verb verb)
{
    for (const struct route *r = handlers_routes; r->pattern != NULL; r++)
        if (strcmp(r->pattern, pattern) == 0 && r->verb == verb)
            return rights_of_route(r);
    fail_msg("no route %s", pattern);
    return 0;
}

static void each_kind_of_route_has_its_right(void **state)
{
    (void)state;
    assert_int_equal(right_of("status", VERB_READ), ACCESS_RIGHT_READ);
    assert_int_equal(right_of("restores", VERB_LIST), ACCESS_RIGHT_READ);
    assert_int_equal(right_of("backups", VERB_WRITE), ACCESS_RIGHT_OPERATE);
    assert_int_equal(right_of("restores/:id/cancel", VERB_WRITE),
                     ACCESS_RIGHT_OPERATE);
    assert_int_equal(right_of("restores", VERB_WRITE), ACCESS_RIGHT_RESTORE);
    assert_int_equal(right_of("restores/:id/approve", VERB_WRITE),
                     ACCESS_RIGHT_APPROVE);
    assert_int_equal(right_of("restores/:id/reject", VERB_WRITE),
                     ACCESS_RIGHT_APPROVE);
    assert_int_equal(right_of("recoveries", VERB_WRITE), ACCESS_RIGHT_RECOVER);
    assert_int_equal(right_of("recoveries/:id/claim", VERB_WRITE),
                     ACCESS_RIGHT_RECOVER);
    assert_int_equal(right_of("recoveries/:id/approve", VERB_WRITE),
                     ACCESS_RIGHT_APPROVE);
    /* Of no use while Vault is down: there is no such break-glass token. */
    assert_int_equal(break_glass_right("recover"), 0);
    assert_int_equal(right_of("snapshots/:id", VERB_DELETE), 0);
}

static void what_is_to_come_is_not_open_by_accident(void **state)
{
    static const struct {
        struct route route;
        unsigned right;
    } cases[] = {
        {{.pattern = "snapshots/:id/download",
          .verb = VERB_READ,
          .flags = ROUTE_SUDO},
         0},
        {{.pattern = "imports", .verb = VERB_WRITE, .flags = ROUTE_SUDO}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(rights_of_route(&cases[i].route), cases[i].right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_route_has_its_right),
        cmocka_unit_test(what_is_to_come_is_not_open_by_accident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
