/* SPDX-License-Identifier: Apache-2.0
 *
 * Who looks at a cluster and who restores it are two credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "jobs/jobs.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;
static char snapshot[ID_TEXT_MAX];
static const struct jobs_caller somebody = {.display_name = "test"};

static void restore_as(const struct vault_auth_options *auth, bool dry_run,
                       struct run *out)
{
    struct vault_options o = {.address = f.standin.address,
                              .stall_timeout_ms = 2000,
                              .call_timeout_ms = 3000,
                              .auth = *auth};
    struct jobs_restore_request r = {.snapshot = snapshot, .dry_run = dry_run};
    struct jobs_submitted made;
    struct error err = {0};

    jobs_free(f.jobs);
    vault_free(f.cluster.restore_vault);
    assert_int_equal(vault_new(&o, &f.cluster.restore_vault, &err), 0);
    assert_int_equal(jobs_new(&f.options, &f.jobs, &err), 0);
    fixture_start(&f);
    if (jobs_submit_restore(f.jobs, &r, &somebody, &made, &err) != 0)
        fail_msg("%s", err.text);
    fixture_wait(&f, made.run.id, out);
    run_done(&made.run);
}

/* Requests of that path by the token "root", and by others. */
static void count(const char *method, const char *path, size_t *root,
                  size_t *others)
{
    struct json *facts = standin_facts(&f.standin);

    *root = *others = 0;
    for (const struct json *r = json_first(json_get(facts, "requests"));
         r != NULL; r = json_next(r)) {
        if (strcmp(json_get_text(r, "method", ""), method) != 0 ||
            strcmp(json_get_text(r, "path", ""), path) != 0)
            continue;
        if (strcmp(json_get_text(r, "who", ""), "root") == 0)
            ++*root;
        else
            ++*others;
    }
    json_free(facts);
}

#define SNAPSHOT "sys/storage/raft/snapshot"

/* "root" is a token that the stand-in takes without a login. */
static void only_the_restorer_sends(void **state)
{
    const struct vault_auth_options auth = {.method = VAULT_AUTH_TOKEN,
                                            .token = "root"};
    size_t root = 0, others = 0;
    struct run run;

    (void)state;
    restore_as(&auth, false, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    run_done(&run);
    count("POST", SNAPSHOT, &root, &others);
    assert_int_equal(root, 1);
    assert_int_equal(others, 0);
    count("POST", "sys/wrapping/wrap", &root, &others);
    assert_int_equal(root, 1);
    assert_int_equal(others, 0);
    /* The safety snapshot is not its business. */
    count("GET", SNAPSHOT, &root, &others);
    assert_int_equal(root, 0);
    assert_true(others > 0);
}

static void without_a_credential_nothing_is_sent(void **state)
{
    const struct vault_auth_options auth = {.method = VAULT_AUTH_APPROVER};
    size_t root = 0, others = 0;
    struct run run;

    (void)state;
    restore_as(&auth, true, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_non_null(strstr(run.plan, "comes with an approval"));
    run_done(&run);
    restore_as(&auth, false, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_non_null(strstr(run.error, "nothing was sent"));
    run_done(&run);
    count("POST", SNAPSHOT, &root, &others);
    assert_int_equal(root + others, 0);
}

static int set_up(void **state)
{
    (void)state;
    fixture_up(&f);
    fixture_start(&f);
    fixture_snapshot(&f, snapshot);
    fixture_judge(&f, snapshot, STORE_VALID, f.signer);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_restorer_sends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_credential_nothing_is_sent,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
