/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proof/verdict.h"

static const char *const required[] = {"a", "b"};

static enum proof_verdict sum(enum proof_outcome a, enum proof_outcome b)
{
    const struct proof_result results[] = {
        {.name = "other", .outcome = PROOF_FAIL},
        {.name = "a", .outcome = a},
        {.name = "b", .outcome = b},
    };

    return proof_verdict(required, 2, results, 3);
}

static void test_any_fail_is_invalid(void **state)
{
    (void)state;
    assert_int_equal(sum(PROOF_FAIL, PROOF_PASS), PROOF_INVALID);
    assert_int_equal(sum(PROOF_NOT_RUN, PROOF_FAIL), PROOF_INVALID);
    assert_int_equal(sum(PROOF_FAIL, PROOF_DRIFT), PROOF_INVALID);
}

static void test_not_run_is_never_valid(void **state)
{
    const struct proof_result only_a = {.name = "a", .outcome = PROOF_PASS};

    (void)state;
    assert_int_equal(sum(PROOF_NOT_RUN, PROOF_PASS), PROOF_INCONCLUSIVE);
    assert_int_equal(sum(PROOF_DRIFT, PROOF_NOT_RUN), PROOF_INCONCLUSIVE);
    assert_int_equal(proof_verdict(required, 2, &only_a, 1),
                     PROOF_INCONCLUSIVE);
    assert_int_equal(proof_verdict(required, 2, NULL, 0), PROOF_INCONCLUSIVE);
    assert_int_equal(proof_verdict(required, 0, &only_a, 1),
                     PROOF_INCONCLUSIVE);
}

static void test_drift_counts_as_passed(void **state)
{
    (void)state;
    assert_int_equal(sum(PROOF_PASS, PROOF_PASS), PROOF_VALID);
    assert_int_equal(sum(PROOF_DRIFT, PROOF_PASS), PROOF_VALID);
}

static void test_texts(void **state)
{
    (void)state;
    assert_string_equal(proof_verdict_text(PROOF_VALID), "valid");
    assert_string_equal(proof_verdict_text(PROOF_INVALID), "invalid");
    assert_string_equal(proof_verdict_text(PROOF_INCONCLUSIVE), "inconclusive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_fail_is_invalid),
        cmocka_unit_test(test_not_run_is_never_valid),
        cmocka_unit_test(test_drift_counts_as_passed),
        cmocka_unit_test(test_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
