/* SPDX-License-Identifier: Apache-2.0
 *
 * A restore from request to end with others in between: who waits, who is
 * asked again, and what is sent only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "store/approvals.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;
static char snapshot[ID_TEXT_MAX];

static int up(void **state)
{
    (void)state;
    fixture_up(&f);
    f.options.approvals = 1;
    struct error err = {0};
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    fixture_start(&f);
    fixture_snapshot(&f, snapshot);
    fixture_judge(&f, snapshot, STORE_VALID, f.signer);
    return 0;
}

static int down(void **state)
{
    (void)state;
    fixture_down(&f);
    return 0;
}

static void ask(const struct jobs_restore_request *r, char id[ID_TEXT_MAX])
{
    struct error err = {0};
    struct jobs_submitted made;
    if (jobs_submit_restore(f.jobs, r, &fixture_alice, &made, &err) != 0)
        fail_msg("%s", err.text);
    text_copy(id, ID_TEXT_MAX, made.run.id);
    run_done(&made.run);
}

static int approve(const char *id, uint64_t revision,
                   const struct jobs_caller *who, bool *approved,
                   struct error *err)
{
    const struct jobs_approval a = {
        .kind = RUN_RESTORE, .run_id = id, .plan_revision = revision};
    return jobs_approve(f.jobs, &a, who, approved, err);
}

static void test_waits_and_goes_on(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct error err = {0};
    struct run run;
    bool approved = false;
    char id[ID_TEXT_MAX];
    ask(&r, id);
    fixture_wait_pending(&f, id, 1);
    assert_int_equal(fixture_posts(&f), 0);
    assert_int_equal(approve(id, 1, &fixture_alice, &approved, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_int_equal(approve(id, 1, &fixture_bob, &approved, &err), 0);
    assert_true(approved);
    fixture_wait(&f, id, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_int_equal(run.plan_revision, 1);
    assert_int_equal(fixture_posts(&f), 1);
    run_done(&run);
}

static void test_survives_a_restart(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct error err = {0};
    struct run run;
    bool approved = false;
    char id[ID_TEXT_MAX];
    ask(&r, id);
    fixture_wait_pending(&f, id, 1);
    fixture_restart(&f);
    fixture_start(&f);
    assert_int_equal(runs_get(f.store, id, &run, &err), 0);
    assert_int_equal(run.status, RUN_PENDING_APPROVAL);
    run_done(&run);
    assert_int_equal(approve(id, 1, &fixture_bob, &approved, &err), 0);
    fixture_wait(&f, id, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    run_done(&run);
}

/* A dry run asks nobody, and a plan that forbids it is asked about by
 * nobody. */
static void test_only_what_can_be_done_waits(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot, .dry_run = true};
    struct run run;
    char id[ID_TEXT_MAX];
    ask(&r, id);
    fixture_wait(&f, id, &run);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    assert_int_equal(run.approvals_needed, 0);
    run_done(&run);
    standin_set(&f.standin, "{\"cluster_id\":\"99999999-2222-3333-4444-"
                            "555555555555\"}");
    r.dry_run = false;
    ask(&r, id);
    fixture_wait(&f, id, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_non_null(strstr(run.error, "identity"));
    run_done(&run);
    assert_int_equal(fixture_posts(&f), 0);
}

/* The listener's limit turns out lower between the two looks. */
static void test_another_plan_is_another_question(void **state)
{
    (void)state;
    static const char *const upload[] = {"upload_time"};
    struct jobs_restore_request r = {.snapshot = snapshot,
                                     .overrides = upload,
                                     .overrides_count = 1,
                                     .reason = "it is faster"};
    struct error err = {0};
    struct run run;
    bool approved = false;
    unsigned count = 9;
    char id[ID_TEXT_MAX];
    ask(&r, id);
    fixture_wait_pending(&f, id, 1);
    f.options.http_read_timeout_ms = 1000;
    f.options.upload_bytes_per_second = 1024;
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    assert_int_equal(approve(id, 1, &fixture_bob, &approved, &err), 0);
    fixture_wait_pending(&f, id, 2);
    assert_int_equal(fixture_posts(&f), 0);
    assert_int_equal(approvals_count(f.store, id, &count, &err), 0);
    assert_int_equal(count, 0);
    assert_int_equal(runs_get(f.store, id, &run, &err), 0);
    assert_non_null(strstr(run.plan, "upload_time was ok, is warning"));
    run_done(&run);
    assert_int_equal(approve(id, 1, &fixture_bob, &approved, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(approve(id, 2, &fixture_bob, &approved, &err), 0);
    fixture_wait(&f, id, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    run_done(&run);
    assert_int_equal(fixture_posts(&f), 1);
}

/* Another cluster answers there by now: no approval helps. */
static void test_another_cluster_is_refused(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct error err = {0};
    struct run run;
    bool approved = false;
    char id[ID_TEXT_MAX];
    ask(&r, id);
    fixture_wait_pending(&f, id, 1);
    standin_set(&f.standin, "{\"cluster_id\":\"99999999-2222-3333-4444-"
                            "555555555555\"}");
    assert_int_equal(approve(id, 1, &fixture_bob, &approved, &err), 0);
    fixture_wait(&f, id, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_int_equal(run.plan_revision, 2);
    assert_non_null(strstr(run.plan, "cluster id was"));
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

static void test_rejected_cancelled_expired(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct error err = {0};
    struct run run;
    char id[ID_TEXT_MAX];
    ask(&r, id);
    const struct approval_run it = {RUN_RESTORE, id};
    fixture_wait_pending(&f, id, 1);
    char essay[JOBS_REASON_MAX + 2];
    memset(essay, 'x', sizeof(essay) - 1);
    essay[sizeof(essay) - 1] = '\0';
    assert_int_equal(jobs_reject(f.jobs, &it, essay, &fixture_bob, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(jobs_reject(f.jobs, &it, "not today", &fixture_bob, &err),
                     0);
    fixture_wait(&f, id, &run);
    assert_int_equal(run.status, RUN_REJECTED);
    assert_string_equal(run.error, "rejected by bob: not today");
    run_done(&run);
    ask(&r, id);
    fixture_wait_pending(&f, id, 1);
    assert_int_equal(jobs_cancel(f.jobs, id, &err), 0);
    fixture_wait(&f, id, &run);
    assert_int_equal(run.status, RUN_CANCELLED);
    run_done(&run);
    f.options.approval_ttl_ms = 1;
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    ask(&r, id);
    fixture_wait(&f, id, &run); /* the housekeeper looks every ten seconds */
    assert_int_equal(run.status, RUN_EXPIRED);
    run_done(&run);
    assert_int_equal(fixture_posts(&f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits_and_goes_on, up, down),
        cmocka_unit_test_setup_teardown(test_survives_a_restart, up, down),
        cmocka_unit_test_setup_teardown(test_only_what_can_be_done_waits, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_another_plan_is_another_question,
                                        up, down),
        cmocka_unit_test_setup_teardown(test_another_cluster_is_refused, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_rejected_cancelled_expired, up,
                                        down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
