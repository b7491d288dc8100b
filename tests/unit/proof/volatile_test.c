/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proof/volatile.h"

static void every_volatile_row_has_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; volatile_at(i) != NULL; i++) {
        const struct volatile_row *row = volatile_at(i);

        assert_true(strlen(row->why) > 10);
        assert_non_null(volatile_find(
            row->kind, row->path == NULL ? "any" : row->path, row->field));
    }
    assert_null(volatile_find("policy", "shop", NULL));
    assert_null(volatile_find("policy", "shop", "text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_volatile_row_has_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
