/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "proof/check.h"

static void test_the_table_has_what_is_required_today(void **state)
{
    (void)state;
    assert_non_null(proof_check_find("intact"));
    assert_non_null(proof_check_find("plausible"));
    assert_non_null(proof_check_find("authentic"));
    assert_non_null(proof_check_find("decryptable"));
    assert_non_null(proof_check_find("restorable"));
    assert_non_null(proof_check_find("lossless"));
    assert_non_null(proof_check_find("usable"));
    assert_null(proof_check_find("perfect"));
    assert_null(proof_check_find(""));
    for (size_t i = 0; proof_check_at(i) != NULL; i++)
        assert_ptr_equal(proof_check_find(proof_check_at(i)->name),
                         proof_check_at(i));
}

static void test_outcomes_read_back(void **state)
{
    enum proof_outcome o;

    (void)state;
    for (unsigned i = PROOF_NOT_RUN; i <= PROOF_DRIFT; i++) {
        assert_int_equal(
            proof_outcome_parse(proof_outcome_text((enum proof_outcome)i), &o),
            0);
        assert_int_equal(o, i);
    }
    assert_int_equal(proof_outcome_parse("passed", &o), -1);
}

static void test_findings_are_bounded_but_counted(void **state)
{
    struct proof_result r = {.name = "x"};

    (void)state;
    for (int i = 0; i < LIMIT_FINDINGS + 5; i++)
        proof_find(&r, "kind", "path", NULL, "found");
    assert_int_equal(r.findings_count, LIMIT_FINDINGS);
    assert_int_equal(r.findings_total, LIMIT_FINDINGS + 5);
    proof_result_done(&r);
    proof_result_done(&r);
}

static void test_a_result_is_written_as_json(void **state)
{
    struct proof_result r = {.name = "lossless", .covered = 5, .total = 6};
    struct jsonw w;
    struct buf out;

    (void)state;
    proof_find(&r, "entry_missing", "sys/policy/x", "12 bytes", NULL);
    proof_say(&r, PROOF_FAIL, "%d of %d", 1, 6);
    buf_init(&out, 4096);
    jsonw_init(&w, &out);
    proof_result_write(&r, &w, NULL);
    assert_string_equal(
        buf_text(&out),
        "{\"name\":\"lossless\",\"outcome\":\"fail\",\"covered\":5,"
        "\"total\":6,\"message\":\"1 of 6\",\"findings\":[{\"kind\":"
        "\"entry_missing\",\"path\":\"sys/policy/x\",\"expected\":"
        "\"12 bytes\",\"found\":null}],\"findings_total\":1}");
    buf_done(&out);
    proof_result_done(&r);
}

/* What a restore that could not ask its question says. */
static void test_restorable_follows_the_outcome(void **state)
{
    static const struct {
        enum transient_outcome transient;
        enum proof_outcome expected;
    } rows[] = {
        {TRANSIENT_OK, PROOF_PASS},
        {TRANSIENT_REFUSED, PROOF_FAIL},
        {TRANSIENT_NOT_ACTIVE, PROOF_FAIL},
        {TRANSIENT_NO_SERVER, PROOF_NOT_RUN},
        {TRANSIENT_OLD_SERVER, PROOF_NOT_RUN},
        {TRANSIENT_NO_ISOLATION, PROOF_NOT_RUN},
        {TRANSIENT_KEYS, PROOF_NOT_RUN},
        {TRANSIENT_LOGIN, PROOF_NOT_RUN},
        {TRANSIENT_NOT_CONTAINED, PROOF_NOT_RUN},
        {TRANSIENT_UNUSABLE, PROOF_NOT_RUN},
        {TRANSIENT_BROKEN, PROOF_NOT_RUN},
        {TRANSIENT_CANCELLED, PROOF_NOT_RUN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct proof_context c = {
            .product = "vault",
            .transient_version = "1.21.0",
            .transient_outcome = rows[i].transient,
            .transient_text = "because",
            .transient_note = "and somebody said so",
        };
        struct proof_result restorable, lossless;
        struct error err;

        assert_int_equal(
            proof_run(proof_check_find("restorable"), &c, &restorable, &err),
            0);
        assert_int_equal(restorable.outcome, rows[i].expected);
        assert_int_equal(
            proof_run(proof_check_find("lossless"), &c, &lossless, &err), 0);
        assert_int_equal(lossless.outcome, PROOF_NOT_RUN);
        if (rows[i].expected != PROOF_PASS)
            assert_string_equal(restorable.message, "because");
        else
            assert_non_null(
                strstr(restorable.message, "; and somebody said so"));
        proof_result_done(&restorable);
        proof_result_done(&lossless);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_has_what_is_required_today),
        cmocka_unit_test(test_outcomes_read_back),
        cmocka_unit_test(test_findings_are_bounded_but_counted),
        cmocka_unit_test(test_a_result_is_written_as_json),
        cmocka_unit_test(test_restorable_follows_the_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
