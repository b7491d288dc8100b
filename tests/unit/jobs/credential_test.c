/* SPDX-License-Identifier: Apache-2.0
 *
 * A restore whose credential comes with the approval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/jobs/fixture.h"
#include "vault/call.h"

static struct fixture f;
static char snapshot[ID_TEXT_MAX];
static char run_id[ID_TEXT_MAX];

static void engine_with(const struct vault_auth_options *auth)
{
    struct vault_options o = {.address = f.standin.address,
                              .stall_timeout_ms = 2000,
                              .call_timeout_ms = 3000,
                              .auth = *auth};
    struct error err = {0};

    assert_int_equal(vault_new(&o, &f.cluster.restore_vault, &err), 0);
    f.options.approvals = 1;
    jobs_free(f.jobs);
    assert_int_equal(jobs_new(&f.options, &f.jobs, &err), 0);
    fixture_start(&f);
}

/* Asked for by alice, and planned. */
static void ask(void)
{
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct error err = {0};
    struct jobs_submitted made;

    assert_int_equal(
        jobs_submit_restore(f.jobs, &r, &fixture_alice, &made, &err), 0);
    text_copy(run_id, sizeof(run_id), made.run.id);
    run_done(&made.run);
    fixture_wait_pending(&f, run_id, 1);
}

static int set_up(void **state)
{
    static const struct vault_auth_options nobody = {.method =
                                                         VAULT_AUTH_APPROVER};
    (void)state;
    fixture_up(&f);
    fixture_start(&f);
    fixture_snapshot(&f, snapshot);
    fixture_judge(&f, snapshot, STORE_VALID, f.signer);
    /* What a wrapping holds from now on: "root", which the stand-in takes. */
    standin_set(&f.standin,
                "{\"wrapped_by\":\"auth/token/create\",\"wrapped\":"
                "{\"auth\":{\"client_token\":\"root\",\"lease_duration\":0,"
                "\"renewable\":false}}}");
    engine_with(&nobody);
    ask();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jobs_free(f.jobs);
    f.jobs = NULL;
    vault_free(f.cluster.restore_vault);
    fixture_down(&f);
    return 0;
}

static void wrap(char *out, size_t size)
{
    const struct vault_request request = {
        .method = "POST", .path = "sys/wrapping/wrap", .body = "{\"a\":\"b\"}"};
    struct json *answer = NULL;
    struct error err = {0};

    if (vault_call(f.vault, &request, &answer, &err) != 0)
        fail_msg("%s", err.text);
    text_copy(out, size,
              json_get_text(json_get(answer, "wrap_info"), "token", ""));
    assert_true(out[0] != '\0');
    json_free(answer);
}

static int approve(const char *token, struct error *err)
{
    const struct jobs_approval a = {.kind = RUN_RESTORE,
                                    .run_id = run_id,
                                    .plan_revision = 1,
                                    .wrapped_token = token};
    bool approved = false;

    return jobs_approve(f.jobs, &a, &fixture_bob, &approved, err);
}

static void the_approver_brings_it(void **state)
{
    char token[128];
    struct error err = {0};
    struct run run;

    (void)state;
    assert_int_equal(approve(NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
    assert_int_equal(approve("not a token", &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    wrap(token, sizeof(token));
    if (approve(token, &err) != 0)
        fail_msg("%s", err.text);
    fixture_wait(&f, run_id, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_non_null(strstr(run.plan, "wrapped at auth/token/create"));
    assert_null(strstr(run.plan, token));
    assert_int_equal(run.plan_revision, 1);
    assert_int_equal(fixture_posts(&f), 1);
    run_done(&run);
}

static void one_that_is_not_good_any_more(void **state)
{
    struct error err = {0};
    struct run run;

    (void)state;
    assert_int_equal(approve("s.never-made", &err), 0);
    fixture_wait(&f, run_id, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_non_null(strstr(run.error, "rights"));
    assert_null(strstr(run.error, "never-made"));
    assert_string_equal(run.safety_snapshot_id, "");
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

/* What holds something else than a credential was put there by a stranger. */
static void something_else_is_refused(void **state)
{
    char token[128];
    struct error err = {0};
    struct run run;

    (void)state;
    standin_set(&f.standin, "{\"wrapped_by\":\"sys/wrapping/wrap\"}");
    wrap(token, sizeof(token));
    assert_int_equal(approve(token, &err), 0);
    fixture_wait(&f, run_id, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

/* The requester cannot put one there. */
static void a_refused_approval_leaves_none(void **state)
{
    const struct jobs_approval a = {.kind = RUN_RESTORE,
                                    .run_id = run_id,
                                    .plan_revision = 1,
                                    .wrapped_token = "s.alices"};
    struct error err = {0};
    bool approved = false;

    (void)state;
    assert_int_equal(jobs_approve(f.jobs, &a, &fixture_alice, &approved, &err),
                     -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_int_equal(approve(NULL, &err), -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
    assert_int_equal(jobs_cancel(f.jobs, run_id, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_approver_brings_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_not_good_any_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(something_else_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_refused_approval_leaves_none, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
