/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/unit/handlers/world.h"

static struct world *w;
static char run_id[ID_TEXT_MAX];

static int setup(void **state)
{
    struct answer a;

    (void)state;
    w = world_new();
    (void)world_snapshot(w, 1000, STORE_VALID);
    a = world_call(w, "POST", "restores", "{\"snapshot\":\"latest-valid\"}");
    assert_int_equal(a.raw.status, 200);
    (void)text_copy(run_id, sizeof(run_id), json_get_text(a.data, "id", ""));
    assert_string_equal(json_get_text(a.data, "status", ""), "queued");
    assert_int_equal(json_get_u64(a.data, "approvals_needed", 0), 1);
    answer_done(&a);
    world_plan(w, RUN_RESTORE, run_id);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static struct answer call(const struct principal *who, const char *what,
                          const char *match, const char *body)
{
    const char *headers[] = {"If-Match", match, NULL};
    char uri[160];

    (void)snprintf(uri, sizeof(uri), "/v1/assay/restores/%s/%s", run_id, what);
    const struct testing_call c = {.method = "POST",
                                   .uri = uri,
                                   .body = body,
                                   .headers = match != NULL ? headers : NULL,
                                   .caller = who};
    return world_call_as(w, &c);
}

static void expect(struct answer a, int status, const char *says)
{
    if (a.raw.status != status || strstr(a.error, says) == NULL)
        fail_msg("%d %s", a.raw.status, a.raw.body);
    answer_done(&a);
}

static void the_revision_must_be_named(void **state)
{
    (void)state;
    expect(call(world_bob(), "approve", NULL, "{}"), 400, "If-Match");
    expect(call(world_bob(), "approve", "\"x\"", "{}"), 400, "If-Match");
    expect(call(world_bob(), "approve", "\"1\"", "{\"plan_revision\":2}"), 400,
           "If-Match");
    expect(call(world_bob(), "approve", NULL, "{\"plan_revision\":-1}"), 400,
           "If-Match");
    expect(call(world_bob(), "approve", "\"2\"", NULL), 409, "revision 1 now");
    expect(call(world_bob(), "approve", NULL, "{\"plan_revision\":3}"), 409,
           "revision 1 now");
}

static void approve_as_bob(const char *match, const char *body)
{
    struct answer a = call(world_bob(), "approve", match, body);
    const struct json *by = json_first(json_get(a.data, "approvals"));

    if (a.raw.status != 200)
        fail_msg("%s", a.raw.body);
    assert_string_equal(answer_header(&a, "ETag"), "\"1\"");
    assert_string_equal(json_get_text(a.data, "status", ""), "approved");
    assert_string_equal(json_get_text(by, "display_name", ""), "bob");
    assert_string_equal(json_get_text(by, "entity_id", ""), "entity-b");
    assert_true(json_get_bool(by, "counts", false));
    assert_int_equal(json_type(json_get(by, "at")), JSON_STRING);
    assert_int_equal(json_type(json_get(a.data, "expires_at")), JSON_STRING);
    answer_done(&a);
}

static void by_header(void **state)
{
    (void)state;
    approve_as_bob("\"1\"", NULL);
    expect(call(world_bob(), "approve", "\"1\"", NULL), 409, "is approved");
}

static void by_weak_header_and_field(void **state)
{
    (void)state;
    approve_as_bob("W/\"1\"", "{\"plan_revision\":\"1\"}");
}

static void by_field(void **state)
{
    (void)state;
    approve_as_bob(NULL, "{\"plan_revision\":1}");
}

static void not_by_the_requester(void **state)
{
    (void)state;
    expect(call(world_alice(), "approve", "\"1\"", NULL), 403,
           "cannot approve it");
}

static void rejecting_takes_a_reason(void **state)
{
    struct answer a;

    (void)state;
    expect(call(world_bob(), "reject", NULL, "{}"), 400, "reason");
    a = call(world_bob(), "reject", NULL, "{\"reason\":\"wrong day\"}");
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(json_get_text(a.data, "status", ""), "rejected");
    assert_string_equal(json_get_text(a.data, "error", ""),
                        "rejected by bob: wrong day");
    answer_done(&a);
    expect(call(world_bob(), "approve", "\"1\"", NULL), 409, "is rejected");
}

static void what_is_not_there_is_404(void **state)
{
    (void)state;
    (void)text_copy(run_id, sizeof(run_id),
                    "0198c0de-0000-7000-8000-000000000001");
    expect(call(world_bob(), "approve", "\"1\"", NULL), 404, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_revision_must_be_named), TEST(by_header),
        TEST(by_weak_header_and_field),   TEST(by_field),
        TEST(not_by_the_requester),       TEST(rejecting_takes_a_reason),
        TEST(what_is_not_there_is_404),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
