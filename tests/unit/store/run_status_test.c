/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/runs.h"
#include "tests/unit/store/fixture.h"

static void names_are_those_of_the_api(void **state)
{
    static const char *const names[] = {
        "queued",   "running",    "provisioning",  "pending_approval",
        "approved", "restoring",  "safety_backup", "awaiting_unseal",
        "checking", "destroying", "verifying",     "succeeded",
        "failed",   "cancelled",  "interrupted",   "rejected",
        "expired",
    };
    enum run_status status;
    enum run_kind kind;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(run_status_parse(names[i], &status));
        assert_string_equal(run_status_name(status), names[i]);
    }
    assert_int_equal(sizeof(names) / sizeof(names[0]), RUN_STATUSES);
    status = RUN_EXPIRED;
    assert_false(run_status_parse("Queued", &status));
    assert_false(run_status_parse("", &status));
    assert_false(run_status_parse(NULL, &status));
    assert_int_equal(status, RUN_EXPIRED);
    assert_true(run_kind_parse("validation", &kind));
    assert_int_equal(kind, RUN_VALIDATION);
    assert_false(run_kind_parse("backups", &kind));
    assert_string_equal(run_kind_name(RUN_RESTORE), "restore");
    assert_string_equal(run_kind_name(RUN_RECOVERY), "recovery");
}

static void finished_runs_never_move(void **state)
{
    (void)state;
    for (int kind = 0; kind < RUN_KINDS; kind++) {
        for (int from = 0; from < RUN_STATUSES; from++) {
            for (int to = 0; to < RUN_STATUSES; to++) {
                if (run_status_final((enum run_status)from))
                    assert_false(run_may_move((enum run_kind)kind,
                                              (enum run_status)from,
                                              (enum run_status)to));
            }
        }
    }
}

/* The statuses of each kind, and no other, can be reached from its start. */
static void each_kind_has_its_own_statuses(void **state)
{
    const unsigned ends = 1u << RUN_SUCCEEDED | 1u << RUN_FAILED |
                          1u << RUN_CANCELLED | 1u << RUN_INTERRUPTED;
    const unsigned expected[RUN_KINDS] = {
        [RUN_BACKUP] = ends | 1u << RUN_QUEUED | 1u << RUN_RUNNING,
        [RUN_VALIDATION] = ends | 1u << RUN_QUEUED | 1u << RUN_PROVISIONING |
                           1u << RUN_RESTORING | 1u << RUN_AWAITING_UNSEAL |
                           1u << RUN_CHECKING | 1u << RUN_DESTROYING,
        [RUN_RESTORE] = ends | 1u << RUN_QUEUED | 1u << RUN_PENDING_APPROVAL |
                        1u << RUN_APPROVED | 1u << RUN_CHECKING |
                        1u << RUN_SAFETY_BACKUP | 1u << RUN_RESTORING |
                        1u << RUN_AWAITING_UNSEAL | 1u << RUN_VERIFYING |
                        1u << RUN_REJECTED | 1u << RUN_EXPIRED,
        [RUN_RECOVERY] = ends | 1u << RUN_QUEUED | 1u << RUN_PENDING_APPROVAL |
                         1u << RUN_APPROVED | 1u << RUN_CHECKING |
                         1u << RUN_PROVISIONING | 1u << RUN_AWAITING_UNSEAL |
                         1u << RUN_RESTORING | 1u << RUN_DESTROYING |
                         1u << RUN_REJECTED | 1u << RUN_EXPIRED,
    };

    (void)state;
    for (unsigned kind = 0; kind < RUN_KINDS; kind++) {
        unsigned seen = 1u << RUN_QUEUED;

        for (unsigned round = 0; round < RUN_STATUSES; round++) {
            for (unsigned from = 0; from < RUN_STATUSES; from++) {
                for (unsigned to = 0; to < RUN_STATUSES; to++) {
                    if ((seen & 1u << from) != 0 &&
                        run_may_move(kind, from, to))
                        seen |= 1u << to;
                }
            }
        }
        assert_int_equal(seen, expected[kind]);
    }
}

static void dangerous_shortcuts_are_closed(void **state)
{
    (void)state;
    assert_false(run_may_move(RUN_RESTORE, RUN_PENDING_APPROVAL, RUN_CHECKING));
    assert_false(run_may_move(RUN_RESTORE, RUN_APPROVED, RUN_RESTORING));
    assert_false(run_may_move(RUN_RESTORE, RUN_RESTORING, RUN_SUCCEEDED));
    assert_false(run_may_move(RUN_RESTORE, RUN_AWAITING_UNSEAL, RUN_SUCCEEDED));
    /* What was read is over only when the copy is gone. */
    assert_false(run_may_move(RUN_RECOVERY, RUN_CHECKING, RUN_SUCCEEDED));
    assert_false(
        run_may_move(RUN_RECOVERY, RUN_PENDING_APPROVAL, RUN_CHECKING));
    assert_false(run_may_move(RUN_BACKUP, RUN_QUEUED, RUN_SUCCEEDED));
    assert_false(run_may_move(RUN_VALIDATION, RUN_RESTORING, RUN_SUCCEEDED));
    /* Nobody waits for people with production secrets in a server. */
    assert_false(
        run_may_move(RUN_VALIDATION, RUN_RESTORING, RUN_AWAITING_UNSEAL));
    assert_true(
        run_may_move(RUN_VALIDATION, RUN_PROVISIONING, RUN_AWAITING_UNSEAL));
    assert_true(
        run_may_move(RUN_VALIDATION, RUN_AWAITING_UNSEAL, RUN_PROVISIONING));
}

static void verdicts_have_names(void **state)
{
    enum store_verdict v = STORE_UNVALIDATED;

    (void)state;
    assert_true(store_verdict_parse("inconclusive", &v));
    assert_int_equal(v, STORE_INCONCLUSIVE);
    assert_string_equal(store_verdict_name(STORE_UNVALIDATED), "unvalidated");
    assert_false(store_verdict_parse("good", &v));
    assert_false(store_verdict_parse(NULL, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_api),
        cmocka_unit_test(finished_runs_never_move),
        cmocka_unit_test(each_kind_has_its_own_statuses),
        cmocka_unit_test(dangerous_shortcuts_are_closed),
        cmocka_unit_test(verdicts_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
