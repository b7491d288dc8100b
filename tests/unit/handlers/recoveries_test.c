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

static int setup(void **state)
{
    (void)state;
    w = world_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static struct answer post(const struct principal *who, const char *path,
                          const char *body)
{
    char uri[200];

    (void)snprintf(uri, sizeof(uri), "/v1/assay/%s", path);
    const struct testing_call c = {
        .method = "POST", .uri = uri, .body = body, .caller = who};
    return world_call_as(w, &c);
}

static void expect(struct answer a, int status, const char *says)
{
    if (a.raw.status != status || strstr(a.error, says) == NULL)
        fail_msg("%d %s", a.raw.status, a.raw.body);
    answer_done(&a);
}

#define ASK(snapshot)                                                          \
    "{\"snapshot\":\"" snapshot "\",\"path\":\"secret/data/x\","               \
    "\"version\":3,\"to\":\"wrap\",\"wrap_ttl\":\"5m\",\"reason\":\"gone\"}"

static void only_what_is_proved(void **state)
{
    (void)state;
    (void)world_snapshot(w, 1000, STORE_UNVALIDATED);
    expect(post(world_alice(), "recoveries", ASK("latest")), 422,
           "only a valid one");
    expect(post(world_alice(), "recoveries", ASK("latest-valid")), 404, "");
    expect(post(world_alice(), "recoveries", "{\"snapshot\":\"latest\"}"), 400,
           "path: ");
}

/* A root token, where one may ask at all. */
static void nothing_is_wrapped_for_nobody(void **state)
{
    static const struct principal root = {
        .display_name = "root", .token_key = "rr", .authenticated = true};

    (void)state;
    (void)world_snapshot(w, 1000, STORE_VALID);
    expect(post(&root, "recoveries", ASK("latest-valid")), 403,
           "this token has none");
    expect(post(&root, "recoveries",
                "{\"snapshot\":\"latest-valid\",\"path\":\"secret/data/x\","
                "\"to\":\"primary\",\"reason\":\"gone\"}"),
           200, "");
}

/* As it was asked for, and nothing that it brings. */
static void ask(char id[ID_TEXT_MAX])
{
    struct answer a;

    (void)world_snapshot(w, 1000, STORE_VALID);
    a = post(world_alice(), "recoveries", ASK("latest-valid"));
    if (a.raw.status != 200)
        fail_msg("%s", a.raw.body);
    assert_string_equal(json_get_text(a.data, "kind", ""), "recovery");
    assert_string_equal(json_get_text(a.data, "path", ""), "secret/data/x");
    assert_int_equal(json_get_u64(a.data, "version", 0), 3);
    assert_string_equal(json_get_text(a.data, "to", ""), "wrap");
    assert_int_equal(json_get_u64(a.data, "wrap_ttl_seconds", 0), 300);
    assert_int_equal(json_get_u64(a.data, "approvals_needed", 0), 1);
    assert_false(json_get_bool(a.data, "claimable", true));
    assert_int_equal(json_type(json_get(a.data, "outcome")), JSON_NULL);
    (void)text_copy(id, ID_TEXT_MAX, json_get_text(a.data, "id", ""));
    answer_done(&a);
}

static void its_approval_is_another_right(void **state)
{
    char id[ID_TEXT_MAX];
    char path[160];

    (void)state;
    ask(id);
    world_plan(w, RUN_RECOVERY, id);
    (void)snprintf(path, sizeof(path), "restores/%s/approve", id);
    expect(post(world_bob(), path, "{\"plan_revision\":1}"), 404, "no restore");
    (void)snprintf(path, sizeof(path), "restores/%s/reject", id);
    expect(post(world_bob(), path, "{\"reason\":\"no\"}"), 404, "no restore");
    (void)snprintf(path, sizeof(path), "restores/%s/cancel", id);
    expect(post(world_bob(), path, NULL), 404, "");
    (void)snprintf(path, sizeof(path), "recoveries/%s/approve", id);
    expect(post(world_alice(), path, "{\"plan_revision\":1}"), 403,
           "asked for a recovery");
    struct answer a = post(world_bob(), path, "{\"plan_revision\":1}");
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(json_get_text(a.data, "status", ""), "approved");
    answer_done(&a);
}

static void claimed_by_who_asked(void **state)
{
    char id[ID_TEXT_MAX];
    char path[160];

    (void)state;
    ask(id);
    (void)snprintf(path, sizeof(path), "recoveries/%s/claim", id);
    expect(post(world_bob(), path, NULL), 403, "only whoever asked");
    expect(post(world_alice(), path, NULL), 404, "nothing waits");
    (void)world_snapshot(w, 1000, STORE_VALID);
    struct answer a =
        post(world_alice(), "restores", "{\"snapshot\":\"latest-valid\"}");
    (void)snprintf(path, sizeof(path), "recoveries/%s/claim",
                   json_get_text(a.data, "id", ""));
    answer_done(&a);
    expect(post(world_alice(), path, NULL), 404, "no recovery");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_proved),
        TEST(nothing_is_wrapped_for_nobody),
        TEST(its_approval_is_another_right),
        TEST(claimed_by_who_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
