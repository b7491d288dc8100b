/* SPDX-License-Identifier: Apache-2.0
 *
 * What the check says when there is nothing to compare, or nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proof/check.h"
#include "proof/oracle.h"

static void nobody_to_ask_is_no_pass(void **state)
{
    const struct proof_check *check = proof_check_find("consistent");
    struct proof_oracle oracle = {.wanted = "baseline"};
    struct proof_context c = {.transient_outcome = TRANSIENT_KEYS,
                              .transient_text = "no keys"};
    struct proof_result r;
    struct error err = {0};

    (void)state;
    assert_non_null(check);
    assert_true(check->needs_transient);
    assert_int_equal(proof_run(check, &c, &r, &err), 0);
    assert_int_equal(r.outcome, PROOF_NOT_RUN);
    assert_non_null(strstr(r.message, "validation.oracle"));
    proof_result_done(&r);

    c.oracle = &oracle;
    assert_int_equal(proof_run(check, &c, &r, &err), 0);
    assert_int_equal(r.outcome, PROOF_NOT_RUN);
    assert_non_null(strstr(r.message, "no keys"));
    proof_result_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_to_ask_is_no_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
