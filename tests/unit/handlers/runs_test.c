/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups, validations and restores as a caller sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/text.h"
#include "store/checks.h"
#include "store/runs.h"
#include "store/validations.h"
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

static const char *text(const struct json *o, const char *key)
{
    return json_get_text(o, key, "(none)");
}

static struct store *store(void)
{
    return world_app(w)->store;
}

/* POST; the new run's id. */
static const char *create(const char *kind, const char *body)
{
    static char ids[8][ID_TEXT_MAX];
    static unsigned next;
    char *id = ids[next++ % 8];
    struct answer a = world_call(w, "POST", kind, body);

    if (a.raw.status != 200)
        fail_msg("POST %s: %d %s", kind, a.raw.status, a.raw.body);
    (void)text_copy(id, ID_TEXT_MAX, text(a.data, "id"));
    answer_done(&a);
    return id;
}

static struct answer get(const char *kind, const char *id, const char *query)
{
    char uri[256];

    (void)snprintf(uri, sizeof(uri), "%s/%s%s", kind, id, query);
    return world_call(w, "GET", uri, NULL);
}

static void creating_answers_at_once(void **state)
{
    struct answer a = world_call(w, "PUT", "backups", "null");
    char location[128];

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_true(id_valid(text(a.data, "id")));
    assert_string_equal(text(a.data, "kind"), "backup");
    assert_string_equal(text(a.data, "status"), "queued");
    assert_string_equal(text(a.data, "cluster"), "main");
    assert_string_equal(text(json_get(a.data, "requested_by"), "display_name"),
                        "alice");
    assert_string_equal(text(json_get(a.data, "requested_by"), "entity_id"),
                        "entity-a");
    assert_false(json_get_bool(a.data, "existing", true));
    (void)snprintf(location, sizeof(location), "/v1/assay/backups/%s",
                   text(a.data, "id"));
    assert_string_equal(answer_header(&a, "Location"), location);
    assert_string_equal(answer_header(&a, "Retry-After"), "1");
    assert_true(strlen(answer_header(&a, "X-Assay-Index")) > 0);
    assert_null(strstr(a.raw.body, "\"aa\"")); /* the token's hash */
    answer_done(&a);
}

static void the_same_again_is_the_same_run(void **state)
{
    const char *id = create("backups", NULL);
    struct answer a = world_call(w, "POST", "backups", "{}");
    struct testing_call call = {
        .method = "POST", .uri = "/v1/assay/backups", .caller = world_bob()};

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "id"), id);
    assert_true(json_get_bool(a.data, "existing", false));
    answer_done(&a);
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 409);
    assert_non_null(strstr(a.error, id));
    answer_done(&a);
}

static void keys_make_repeats_safe(void **state)
{
    static const char *const headers[] = {"Idempotency-Key", "k1", NULL};
    struct testing_call call = {.method = "POST",
                                .uri = "/v1/assay/backups",
                                .headers = headers,
                                .caller = world_alice()};
    struct answer a = world_call_as(w, &call);
    char id[ID_TEXT_MAX];
    struct error err = {0};

    (void)state;
    (void)text_copy(id, sizeof(id), text(a.data, "id"));
    answer_done(&a);
    assert_int_equal(runs_request_cancel(store(), id, &err), 0);
    a = world_call_as(w, &call); /* over, and still the same */
    assert_string_equal(text(a.data, "id"), id);
    answer_done(&a);
    (void)world_snapshot(w, 1000, STORE_VALID);
    call.body = "{\"cluster\":\"main\"}";
    a = world_call_as(w, &call);
    assert_true(a.raw.status == 422 || a.raw.status == 200);
    answer_done(&a);
}

static void async_is_202_only_when_asked_for(void **state)
{
    static const char *const headers[] = {"Prefer", "respond-async", NULL};
    const struct testing_call call = {.method = "POST",
                                      .uri = "/v1/assay/backups",
                                      .headers = headers,
                                      .caller = world_alice()};
    struct answer a = world_call_as(w, &call);

    (void)state;
    assert_int_equal(a.raw.status, 202);
    answer_done(&a);
}

static void reading_and_listing(void **state)
{
    const char *id = create("backups", NULL);
    struct answer a = get("backups", id, "");
    const struct json *row = NULL;

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "id"), id);
    assert_int_equal(json_type(json_get(a.data, "progress")), JSON_OBJECT);
    assert_int_equal(json_type(json_get(a.data, "phases")), JSON_ARRAY);
    assert_int_equal(json_type(json_get(a.data, "error")), JSON_NULL);
    answer_done(&a);
    a = world_call(w, "LIST", "backups", NULL);
    row = json_get(json_get(a.data, "key_info"), id);
    assert_string_equal(text(row, "status"), "queued");
    assert_string_equal(text(row, "requested_by"), "alice");
    answer_done(&a);
    a = world_call(w, "LIST", "backups?status=succeeded", NULL);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
    a = world_call(w, "LIST", "backups?status=finished", NULL);
    assert_int_equal(a.raw.status, 400);
    answer_done(&a);
    a = world_call(w, "LIST", "validations", NULL);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
    a = get("validations", id, ""); /* another kind's id */
    assert_int_equal(a.raw.status, 404);
    assert_non_null(strstr(a.error, "there is no validation"));
    answer_done(&a);
}

static void waiting_parks_until_something_changes(void **state)
{
    const char *id = create("backups", NULL);
    struct answer a = get("backups", id, "?wait=20s");
    struct error err = {0};
    char query[64];
    char uri[256];

    (void)state;
    assert_true(a.raw.parked);
    answer_done(&a);
    a = get("backups", id, "?until=done");
    assert_true(a.raw.parked);
    answer_done(&a);
    a = get("backups", id, "");
    (void)snprintf(query, sizeof(query), "?index=%s",
                   answer_header(&a, "X-Assay-Index"));
    answer_done(&a);
    a = get("backups", id, query);
    assert_true(a.raw.parked);
    answer_done(&a);
    a = get("backups", id, "?index=999999999"); /* of another life */
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
    (void)snprintf(uri, sizeof(uri), "/v1/assay/backups/%s?until=done", id);
    const struct testing_call late = {.method = "GET",
                                      .uri = uri,
                                      .caller = world_alice(),
                                      .deadline_passed = true};
    a = world_call_as(w, &late);
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "status"), "queued");
    answer_done(&a);

    assert_int_equal(runs_begin_phase(store(), id, "download", &err), 0);
    a = get("backups", id, query);
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
    assert_int_equal(runs_request_cancel(store(), id, &err), 0);
    a = get("backups", id, "?until=done&wait=1h");
    assert_string_equal(text(a.data, "status"), "cancelled");
    assert_string_equal(answer_header(&a, "Retry-After"), "");
    answer_done(&a);
    a = get("backups", id, "?until=tomorrow");
    assert_int_equal(a.raw.status, 400);
    answer_done(&a);
}

static void owners_read_on_with_a_dead_token(void **state)
{
    const char *id = create("backups", NULL);
    char uri[128];
    struct testing_call call = {
        .method = "GET", .uri = uri, .caller = world_alice_refused()};
    struct answer a;

    (void)state;
    (void)snprintf(uri, sizeof(uri), "/v1/assay/backups/%s", id);
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
    /* A run that is not there and one of somebody else look the same. */
    (void)snprintf(uri, sizeof(uri), "/v1/assay/validations/%s", id);
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 403);
    assert_string_equal(a.error, "permission denied");
    answer_done(&a);
    (void)snprintf(uri, sizeof(uri), "/v1/assay/backups/%s/cancel", id);
    call.method = "PUT";
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "status"), "cancelled");
    answer_done(&a);
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 409);
    answer_done(&a);
}

static void validations_show_their_checks(void **state)
{
    const char *snapshot = world_snapshot(w, 1000, STORE_UNVALIDATED);
    const char *id = create("validations", "{\"snapshot\":\"latest\"}");
    const struct check_finding_row finding = {"entry_missing", "sys/policy/x",
                                              NULL, NULL};
    const struct check_row checks[] = {
        {.name = "intact",
         .outcome = "pass",
         .covered = 5,
         .total = 5,
         .message = "m"},
        {.name = "lossless",
         .outcome = "fail",
         .covered = 5,
         .total = 5,
         .message = "n",
         .findings = &finding,
         .findings_count = 1,
         .findings_total = 7},
    };
    const struct validation_conclusion conclusion = {.run_id = id,
                                                     .verdict = STORE_INVALID,
                                                     .restore_ms = 2400,
                                                     .checks = checks,
                                                     .checks_count = 2};
    struct error err = {0};
    struct run run = {0};
    bool claimed = false;
    const struct json *check = NULL;
    struct answer a;

    (void)state;
    assert_int_equal(
        runs_claim(store(), 1u << RUN_VALIDATION, &run, &claimed, &err), 0);
    run_done(&run);
    assert_int_equal(runs_set_status(store(), id, RUN_RESTORING, &err), 0);
    assert_int_equal(runs_set_status(store(), id, RUN_CHECKING, &err), 0);
    assert_int_equal(runs_set_status(store(), id, RUN_DESTROYING, &err), 0);
    assert_int_equal(validations_conclude(store(), &conclusion, &err), 0);
    a = get("validations", id, "");
    assert_string_equal(text(a.data, "status"), "succeeded");
    assert_string_equal(text(a.data, "verdict"), "invalid");
    assert_string_equal(text(a.data, "snapshot_id"), snapshot);
    assert_true(json_get_double(a.data, "restore_seconds", 0) == 2.4);
    check = json_next(json_first(json_get(a.data, "checks")));
    assert_string_equal(text(check, "name"), "lossless");
    assert_string_equal(text(check, "outcome"), "fail");
    assert_int_equal(json_get_u64(check, "findings_total", 0), 7);
    check = json_first(json_get(check, "findings"));
    assert_string_equal(text(check, "path"), "sys/policy/x");
    assert_int_equal(json_type(json_get(check, "found")), JSON_NULL);
    answer_done(&a);
    a = world_call(w, "GET", "snapshots/latest", NULL);
    assert_string_equal(text(a.data, "verdict"), "invalid");
    assert_string_equal(text(a.data, "validation_id"), id);
    answer_done(&a);
}

static void restores_are_gated(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *says;
    } bad[] = {
        {"{}", 400, "snapshot: say which one"},
        {"{\"snapshot\":\"latest\"}", 422, "valid"},
        {"{\"snapshot\":\"latest-valid\"}", 404, ""},
        {"{\"snapshot\":\"latest\",\"overrides\":[\"verdict\"]}", 400,
         "reason"},
        {"{\"snapshot\":\"latest\",\"overrides\":[\"verdit\"],"
         "\"reason\":\"x\"}",
         400, "there are verdict, "},
        {"{\"snapshot\":\"latest\",\"overrides\":[\"upload_time\"],"
         "\"reason\":\"x\"}",
         422, "valid"},
        {"{\"snapshot\":\"latest\",\"dry_run\":\"perhaps\"}", 400, "dry_run"},
        {"{\"snapshot\":\"latest\",\"target\":\"x\",\"dry_run\":true}", 400,
         "target"},
    };
    struct answer a;

    (void)state;
    (void)world_snapshot(w, 1000, STORE_UNVALIDATED);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        a = world_call(w, "POST", "restores", bad[i].body);
        if (a.raw.status != bad[i].status ||
            strstr(a.error, bad[i].says) == NULL)
            fail_msg("%s: %d %s", bad[i].body, a.raw.status, a.raw.body);
        answer_done(&a);
    }
    a = world_call(w, "POST", "restores",
                   "{\"snapshot\":\"latest\",\"overrides\":"
                   "\"verdict,upload_time\","
                   "\"reason\":\"the only one\"}");
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(a.data, "kind"), "restore");
    assert_string_equal(text(a.data, "target"), "main");
    assert_string_equal(text(a.data, "reason"), "the only one");
    const struct json *overrides = json_first(json_get(a.data, "overrides"));
    assert_string_equal(json_text(overrides, ""), "verdict");
    assert_string_equal(json_text(json_next(overrides), ""), "upload_time");
    assert_int_equal(json_get_u64(a.data, "approvals_needed", 0), 1);
    assert_false(json_get_bool(a.data, "dry_run", true));
    assert_int_equal(json_type(json_get(a.data, "approvals")), JSON_ARRAY);
    assert_int_equal(json_type(json_get(a.data, "plan")), JSON_NULL);
    assert_int_equal(json_type(json_get(a.data, "outcome")), JSON_NULL);
    assert_int_equal(json_type(json_get(a.data, "unseal")), JSON_NULL);
    answer_done(&a);
}

static void a_restore_says_what_came_of_it(void **state)
{
    struct error err = {0};
    struct answer a;
    const char *id;

    (void)state;
    (void)world_snapshot(w, 1000, STORE_VALID);
    id = create("restores", "{\"snapshot\":\"latest-valid\"}");
    assert_int_equal(runs_set_outcome(store(), id,
                                      "{\"state\":\"restored\",\"way_back\":"
                                      "{\"path\":\"restores\"}}",
                                      &err),
                     0);
    a = get("restores", id, "");
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(text(json_get(a.data, "outcome"), "state"), "restored");
    assert_string_equal(
        text(json_get(json_get(a.data, "outcome"), "way_back"), "path"),
        "restores");
    answer_done(&a);
}

static void unknown_fields_are_a_warning(void **state)
{
    struct answer a = world_call(w, "POST", "backups", "{\"clustr\":\"x\"}");

    (void)state;
    assert_int_equal(a.raw.status, 200);
    assert_int_equal(json_count(json_get(a.document, "warnings")), 1);
    answer_done(&a);
    a = world_call(w, "POST", "backups", "{\"cluster\":\"nowhere\"}");
    assert_int_equal(a.raw.status, 400);
    assert_non_null(strstr(a.error, "cluster"));
    answer_done(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(creating_answers_at_once),
        TEST(the_same_again_is_the_same_run),
        TEST(keys_make_repeats_safe),
        TEST(async_is_202_only_when_asked_for),
        TEST(reading_and_listing),
        TEST(waiting_parks_until_something_changes),
        TEST(owners_read_on_with_a_dead_token),
        TEST(validations_show_their_checks),
        TEST(restores_are_gated),
        TEST(a_restore_says_what_came_of_it),
        TEST(unknown_fields_are_a_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
