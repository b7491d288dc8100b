/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots, inspect, diff, status, health and the probes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/canaries.h"
#include "tests/unit/handlers/world.h"

enum { HOUR = 3600 * 1000 };

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

static struct answer get(const char *uri)
{
    return world_call(w, "GET", uri, NULL);
}

static const char *text(const struct json *o, const char *key)
{
    return json_get_text(o, key, "(none)");
}

static void an_empty_list_is_404_without_a_word(void **state)
{
    struct answer a = world_call(w, "LIST", "snapshots", NULL);

    (void)state;
    assert_int_equal(a.raw.status, 404);
    assert_string_equal(a.raw.body, "{\"errors\":[]}\n");
    answer_done(&a);
}

static void a_list_has_keys_and_flat_rows(void **state)
{
    const char *old = world_snapshot(w, 2 * HOUR, STORE_UNVALIDATED);
    const char *young = world_snapshot(w, HOUR, STORE_VALID);
    struct answer a = get("snapshots?list=true");
    const struct json *row = json_get(json_get(a.data, "key_info"), young);

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(json_text(json_first(json_get(a.data, "keys")), ""),
                        young);
    assert_int_equal(json_count(json_get(a.data, "keys")), 2);
    assert_string_equal(text(row, "verdict"), "valid");
    assert_string_equal(text(row, "cluster"), "main");
    assert_int_equal(json_get_u64(row, "size_bytes", 0), 1234);
    for (const struct json *f = json_first(row); f != NULL; f = json_next(f)) {
        assert_int_not_equal(json_type(f), JSON_ARRAY);
        assert_int_not_equal(json_type(f), JSON_OBJECT);
    }
    row = json_get(json_get(a.data, "key_info"), old);
    assert_string_equal(text(row, "verdict"), "unvalidated");
    assert_int_equal(json_type(json_get(row, "validated_at")), JSON_NULL);
    assert_int_equal(json_type(json_get(a.data, "next_after")), JSON_NULL);
    answer_done(&a);
}

static void pages_and_filters(void **state)
{
    const char *first = world_snapshot(w, 3 * HOUR, STORE_VALID);
    const char *second = world_snapshot(w, 2 * HOUR, STORE_INVALID);
    const char *third = world_snapshot(w, HOUR, STORE_UNVALIDATED);
    struct answer a = get("snapshots?list=true&limit=2");
    char uri[128];

    (void)state;
    assert_int_equal(json_count(json_get(a.data, "keys")), 2);
    assert_string_equal(text(a.data, "next_after"), second);
    answer_done(&a);

    (void)snprintf(uri, sizeof(uri), "snapshots?list=true&limit=2&after=%s",
                   second);
    a = get(uri);
    assert_int_equal(json_count(json_get(a.data, "keys")), 1);
    assert_string_equal(json_text(json_first(json_get(a.data, "keys")), ""),
                        first);
    answer_done(&a);

    a = get("snapshots?list=true&verdict=invalid");
    assert_int_equal(json_count(json_get(a.data, "keys")), 1);
    answer_done(&a);
    a = get("snapshots?list=true&since=90m");
    assert_string_equal(json_text(json_first(json_get(a.data, "keys")), ""),
                        third);
    assert_int_equal(json_count(json_get(a.data, "keys")), 1);
    answer_done(&a);
    a = get("snapshots?list=true&cluster=other");
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
}

static void bad_filters_name_the_field(void **state)
{
    static const char *const bad[][2] = {
        {"snapshots?list=true&verdict=good", "verdict: expected one of"},
        {"snapshots?list=true&limit=0", "limit: expected 1 to 1000"},
        {"snapshots?list=true&limit=1001", "limit: expected 1 to 1000"},
        {"snapshots?list=true&since=yesterday", "since: expected a time"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct answer a = get(bad[i][0]);

        assert_int_equal(a.raw.status, 400);
        assert_non_null(strstr(a.error, bad[i][1]));
        answer_done(&a);
    }
}

static void one_snapshot_by_id_or_name(void **state)
{
    const char *valid = world_snapshot(w, 2 * HOUR, STORE_VALID);
    const char *latest = world_snapshot(w, HOUR, STORE_INVALID);
    char uri[128];
    struct answer a = get("snapshots/latest");

    (void)state;
    assert_string_equal(text(a.data, "id"), latest);
    answer_done(&a);
    a = get("snapshots/latest-valid");
    assert_string_equal(text(a.data, "id"), valid);
    answer_done(&a);
    (void)snprintf(uri, sizeof(uri), "snapshots/%s", valid);
    a = get(uri);
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "cluster_id"), "cid");
    assert_string_equal(text(a.data, "product"), "openbao");
    assert_string_equal(text(a.data, "server_version"), "2.7.2");
    assert_int_equal(strlen(text(a.data, "sha256")), 64);
    assert_int_equal(json_get_u64(a.data, "raft_term", 0), 3);
    assert_int_equal(json_get_u64(a.data, "state_bytes", 0), 1700);
    assert_string_equal(text(json_first(json_get(a.data, "copies")), "storage"),
                        "disk");
    answer_done(&a);

    a = get("snapshots/018f0000-0000-7000-8000-000000000000");
    assert_int_equal(a.raw.status, 404);
    assert_true(strlen(a.error) > 10);
    assert_null(a.data);
    answer_done(&a);
}

static void canaries_are_told(void **state)
{
    const char *id = world_snapshot(w, HOUR, STORE_VALID);
    struct canary_row row = {.configured = true};
    struct error err = {0};
    struct answer a = get("snapshots/latest");

    (void)state;
    assert_int_equal(json_type(json_get(a.data, "canary")), JSON_NULL);
    assert_int_equal(json_type(json_get(a.data, "canary_problem")), JSON_NULL);
    answer_done(&a);
    assert_int_equal(canaries_set(world_app(w)->store, id, &row, &err), 0);
    a = get("snapshots/latest");
    assert_string_equal(text(a.data, "canary"), "written");
    answer_done(&a);
    (void)snprintf(row.problem, sizeof(row.problem), "the key is gone");
    assert_int_equal(canaries_set(world_app(w)->store, id, &row, &err), 0);
    a = get("snapshots/latest");
    assert_string_equal(text(a.data, "canary"), "incomplete");
    assert_string_equal(text(a.data, "canary_problem"), "the key is gone");
    answer_done(&a);
}

static void inspect_shows_the_counts(void **state)
{
    const struct json *prefix = NULL;
    struct answer a;

    (void)state;
    (void)world_snapshot(w, HOUR, STORE_VALID);
    a = get("snapshots/latest/inspect");
    prefix = json_first(json_get(a.data, "prefixes"));
    assert_int_equal(json_count(json_get(a.data, "prefixes")), 3);
    assert_string_equal(text(prefix, "prefix"), "core/mounts");
    assert_int_equal(json_get_u64(prefix, "entries", 0), 4);
    assert_int_equal(json_get_u64(prefix, "bytes", 0), 400);
    answer_done(&a);
}

static void diff_shows_what_differs(void **state)
{
    const char *old = world_snapshot(w, 2 * HOUR, STORE_VALID);
    const struct json *prefix = NULL;
    char uri[128];
    struct answer a;

    (void)state;
    (void)world_snapshot(w, HOUR, STORE_VALID);
    (void)snprintf(uri, sizeof(uri), "snapshots/%s/diff/latest", old);
    a = get(uri);
    assert_int_equal(a.raw.status, 200);
    prefix = json_first(json_get(a.data, "prefixes"));
    assert_int_equal(json_count(json_get(a.data, "prefixes")), 1);
    assert_string_equal(text(prefix, "prefix"), "logical/kv");
    assert_string_equal(text(prefix, "change"), "changed");
    assert_int_equal(json_get_u64(a.data, "entries_added", 9), 1);
    assert_int_equal(json_get_u64(a.data, "entries_removed", 9), 0);
    assert_false(json_get_bool(a.data, "same_archive", true));
    answer_done(&a);
    (void)snprintf(uri, sizeof(uri), "snapshots/%s/diff/%s", old, old);
    a = get(uri);
    assert_true(json_get_bool(a.data, "same_archive", false));
    assert_int_equal(json_count(json_get(a.data, "prefixes")), 0);
    answer_done(&a);
}

static void deleting_takes_an_id(void **state)
{
    const char *id = world_snapshot(w, HOUR, STORE_VALID);
    char uri[128];
    struct answer a = world_call(w, "DELETE", "snapshots/latest", NULL);

    (void)state;
    assert_int_equal(a.raw.status, 400);
    answer_done(&a);
    (void)snprintf(uri, sizeof(uri), "snapshots/%s", id);
    a = world_call(w, "DELETE", uri, NULL);
    assert_int_equal(a.raw.status, 204);
    assert_string_equal(a.raw.body, "");
    answer_done(&a);
    a = get(uri);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
    a = world_call(w, "DELETE", uri, NULL);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
}

static void status_is_flat_and_waits_for_nobody(void **state)
{
    struct answer a = get("status");

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_int_equal(json_type(json_get(a.data, "last_snapshot_id")),
                     JSON_NULL);
    assert_int_equal(json_type(json_get(a.data, "rpo_seconds")), JSON_NULL);
    answer_done(&a);

    const char *valid = world_snapshot(w, 2 * HOUR, STORE_VALID);
    const char *latest = world_snapshot(w, HOUR, STORE_INVALID);
    a = get("status");
    for (const struct json *f = json_first(a.data); f != NULL;
         f = json_next(f)) {
        assert_int_not_equal(json_type(f), JSON_ARRAY);
        assert_int_not_equal(json_type(f), JSON_OBJECT);
    }
    assert_string_equal(text(a.data, "cluster"), "main");
    assert_false(json_get_bool(a.data, "vault_reachable", true));
    assert_string_equal(text(a.data, "last_snapshot_id"), latest);
    assert_string_equal(text(a.data, "last_snapshot_verdict"), "invalid");
    assert_string_equal(text(a.data, "last_valid_snapshot_id"), valid);
    assert_true(json_get_double(a.data, "rpo_seconds", 0) >= 7200);
    assert_int_equal(json_get_u64(a.data, "snapshots", 0), 2);
    assert_int_equal(json_get_u64(a.data, "snapshots_valid", 0), 1);
    answer_done(&a);
    a = get("status?cluster=nowhere");
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
}

static void assert_null_field(const struct answer *a, const char *key)
{
    assert_non_null(json_get(a->data, key));
    assert_int_equal(json_type(json_get(a->data, key)), JSON_NULL);
}

static void targets_are_met_or_not(void **state)
{
    struct answer a = get("status");

    (void)state;
    assert_null_field(&a, "rto_target_seconds");
    assert_null_field(&a, "rto_met");
    assert_null_field(&a, "rpo_met");
    assert_int_equal(json_get_u64(a.data, "transient_not_destroyed", 9), 0);
    answer_done(&a);
    world_targets(w, 60 * 1000, 3 * HOUR);
    a = get("status");
    assert_int_equal(json_get_u64(a.data, "rto_target_seconds", 0), 60);
    assert_int_equal(json_get_u64(a.data, "rpo_target_seconds", 0), 3 * 3600);
    assert_null_field(&a, "rto_met"); /* nothing was measured */
    assert_false(json_get_bool(a.data, "rpo_met", true));
    answer_done(&a);
    (void)world_snapshot(w, 2 * HOUR, STORE_VALID);
    a = get("status");
    assert_true(json_get_bool(a.data, "rpo_met", false));
    answer_done(&a);
    world_targets(w, 0, HOUR);
    a = get("status");
    assert_false(json_get_bool(a.data, "rpo_met", true));
    answer_done(&a);
}

static void health_is_a_question_of_age(void **state)
{
    struct answer a = get("health");

    (void)state;
    assert_int_equal(a.raw.status, 503);
    assert_non_null(strstr(a.error, "there is no valid snapshot"));
    answer_done(&a);
    (void)world_snapshot(w, 2 * HOUR, STORE_VALID);
    (void)world_snapshot(w, HOUR, STORE_INVALID);
    a = get("health");
    assert_int_equal(a.raw.status, 200);
    assert_true(json_get_bool(a.data, "healthy", false));
    assert_true(json_get_double(a.data, "age_seconds", 0) >= 7200);
    answer_done(&a);
    a = get("health?max_age=1h");
    assert_int_equal(a.raw.status, 503);
    assert_non_null(strstr(a.error, "more than 1h"));
    answer_done(&a);
    a = get("health?max_age=3h");
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
}

static void probes_need_no_token(void **state)
{
    struct testing_call call = {.method = "GET", .uri = "/livez"};
    struct answer a = world_call_as(w, &call);

    (void)state;
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
    call.uri = "/readyz";
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
    atomic_store(&world_app(w)->stopping, true);
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 503);
    answer_done(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_list_is_404_without_a_word),
        TEST(a_list_has_keys_and_flat_rows),
        TEST(pages_and_filters),
        TEST(bad_filters_name_the_field),
        TEST(one_snapshot_by_id_or_name),
        TEST(canaries_are_told),
        TEST(inspect_shows_the_counts),
        TEST(diff_shows_what_differs),
        TEST(deleting_takes_an_id),
        TEST(status_is_flat_and_waits_for_nobody),
        TEST(targets_are_met_or_not),
        TEST(health_is_a_question_of_age),
        TEST(probes_need_no_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
