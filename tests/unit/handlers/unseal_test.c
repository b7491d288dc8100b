/* SPDX-License-Identifier: Apache-2.0
 *
 * What a stranger learns: nothing.  Runs that do wait are in
 * tests/unit/jobs/validation_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/runs.h"
#include "tests/unit/handlers/world.h"

#define SHARE "{\"key\":\"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\"}"

static struct world *w;
static char id[ID_TEXT_MAX];

static int setup(void **state)
{
    struct answer a;

    (void)state;
    w = world_new();
    (void)world_snapshot(w, 1000, STORE_UNVALIDATED);
    a = world_call(w, "POST", "validations", NULL);
    assert_int_equal(a.raw.status, 200);
    (void)text_copy(id, sizeof(id), json_get_text(a.data, "id", ""));
    answer_done(&a);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

/* Nobody in particular: no token was looked at. */
static struct answer post(const char *run, const char *query, const char *body)
{
    char uri[256];

    (void)snprintf(uri, sizeof(uri), "/v1/assay/validations/%s/unseal%s", run,
                   query);
    const struct testing_call call = {
        .method = "PUT", .uri = uri, .body = body};
    return world_call_as(w, &call);
}

static void expect_error(struct answer a, int status, const char *says)
{
    if (a.raw.status != status || strstr(a.error, says) == NULL)
        fail_msg("%d %s", a.raw.status, a.raw.body);
    answer_done(&a);
}

static void set_status(enum run_status status)
{
    struct error err = {0};

    assert_int_equal(runs_set_status(world_app(w)->store, id, status, &err), 0);
}

static void a_run_that_does_not_wait_is_like_no_run(void **state)
{
    static const char unknown[] = "0198c0de-0000-7000-8000-000000000001";
    static const char sentence[] = "no run with this id waits for key shares";

    (void)state;
    expect_error(post(unknown, "", SHARE), 404, sentence);
    expect_error(post("nonsense", "", SHARE), 404, sentence);
    expect_error(post(id, "", SHARE), 404, sentence);
    expect_error(post(id, "", "{\"reset\":true}"), 404, sentence);
    /* By the catalog it waits, but the one who would know the shares is
     * gone. */
    set_status(RUN_PROVISIONING);
    set_status(RUN_AWAITING_UNSEAL);
    expect_error(post(id, "", SHARE), 404, sentence);
}

/* Nor does one that waits answer under another kind's path. */
static void a_restore_asks_nobody_before_it_waits(void **state)
{
    static const char sentence[] = "no run with this id waits for key shares";
    const struct testing_call call = {
        .method = "PUT",
        .uri = "/v1/assay/restores/0198c0de-0000-7000-8000-000000000001/unseal",
        .body = SHARE};
    const struct testing_call exposed = {
        .method = "PUT",
        .uri = "/v1/assay/restores/0198c0de-0000-7000-8000-000000000001/unseal"
               "?key=abc"};

    (void)state;
    expect_error(world_call_as(w, &call), 404, sentence);
    expect_error(world_call_as(w, &exposed), 400, "not in the URL");
}

static void a_share_comes_in_the_body(void **state)
{
    (void)state;
    expect_error(post(id, "", NULL), 400, "must be in the body");
    expect_error(post(id, "", "{\"key\":\"\"}"), 400, "must be in the body");
    expect_error(post(id, "", "{\"reset\":false}"), 400, "must be in the body");
    expect_error(post(id, "?key=abc", NULL), 400, "not in the URL");
    expect_error(post(id, "", "{\"key\":[]}"), 400, "must be a string");
}

static void a_validation_says_that_it_does_not_wait(void **state)
{
    char uri[128];
    struct answer a;

    (void)state;
    (void)snprintf(uri, sizeof(uri), "validations/%s", id);
    a = world_call(w, "GET", uri, NULL);
    assert_int_equal(a.raw.status, 200);
    assert_non_null(strstr(a.raw.body, "\"unseal\":null"));
    answer_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_that_does_not_wait_is_like_no_run,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_restore_asks_nobody_before_it_waits,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_share_comes_in_the_body, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_validation_says_that_it_does_not_wait,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
