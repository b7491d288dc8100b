/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests on their way into the record, and the record as it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/text.h"
#include "server/audited.h"
#include "store/audit.h"
#include "tests/unit/handlers/world.h"

static struct world *w;

static int setup(void **state)
{
    (void)state;
    w = world_new();
    (void)world_snapshot(w, 1000, STORE_VALID);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

/* The line of an entry; "" when there is none. */
static const char *line_of(uint64_t seq)
{
    static char line[16 * 1024];
    struct error err = {0};
    char *got = NULL;

    line[0] = '\0';
    if (audit_get(world_app(w)->store, seq, &got, &err) == 0)
        (void)text_copy(line, sizeof(line), got);
    free(got);
    return line;
}

static void has(uint64_t seq, const char *part)
{
    if (strstr(line_of(seq), part) == NULL)
        fail_msg("entry %d lacks %s: %s", (int)seq, part, line_of(seq));
}

static void lacks(uint64_t seq, const char *part)
{
    if (strstr(line_of(seq), part) != NULL)
        fail_msg("entry %d has %s: %s", (int)seq, part, line_of(seq));
}

static void a_restore_leaves_both_entries(void **state)
{
    char subject[64];
    struct answer a = world_call(w, "POST", "restores",
                                 "{\"snapshot\": \"latest\", \"dry_run\": "
                                 "true, \"reason\": \"why not\"}");

    (void)state;
    assert_int_equal(a.raw.status, 200);
    has(1, "\"type\":\"request\"");
    has(1, "\"operation\":\"write\",\"path\":\"assay/restores\"");
    has(1, "\"display_name\":\"alice\",\"entity_id\":\"entity-a\"");
    has(1, "\"token_key\":\"aa\"");
    has(1, "\"fields\":{\"snapshot\":\"latest\",\"dry_run\":true,"
           "\"reason\":\"why not\"}");
    lacks(1, "\"status\"");
    has(2, "\"type\":\"response\"");
    has(2, "\"status\":200");
    /* Which run it became. */
    (void)snprintf(subject, sizeof(subject), "\"subject\":\"%s\"",
                   json_get_text(a.data, "id", "?"));
    has(2, subject);
    /* The id that the caller has, in both. */
    has(1, json_get_text(a.document, "request_id", "?"));
    has(2, json_get_text(a.document, "request_id", "?"));
    assert_string_equal(line_of(3), "");
    answer_done(&a);
}

static void what_somebody_had_before_his_eyes(void **state)
{
    static const char *const headers[] = {"If-Match", "\"3\"", NULL};
    const struct testing_call call = {.method = "DELETE",
                                      .uri = "/v1/assay/snapshots/latest",
                                      .headers = headers,
                                      .caller = world_alice()};
    struct answer a = world_call_as(w, &call);

    (void)state;
    has(1, "\"fields\":{\"If-Match\":\"\\\"3\\\"\"}");
    answer_done(&a);
}

static void what_was_wrong_is_in_the_response(void **state)
{
    struct answer a = world_call(w, "DELETE", "snapshots/latest", NULL);

    (void)state;
    assert_int_equal(a.raw.status, 400);
    has(2, "\"status\":400");
    has(2, "say the id of the snapshot");
    answer_done(&a);
}

static void a_share_is_not_in_it(void **state)
{
    static const char share[] = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    char body[128];
    const struct testing_call call = {
        .method = "POST",
        .uri = "/v1/assay/validations/"
               "01890000-0000-7000-8000-000000000001/unseal",
        .body = body};
    struct answer a;

    (void)state;
    (void)snprintf(body, sizeof(body), "{\"key\": \"%s\"}", share);
    a = world_call_as(w, &call);
    assert_int_equal(a.raw.status, 404);
    has(1, "\"fields\":{\"key\":\"(secret)\"}");
    lacks(1, share);
    lacks(1, "\"who\"");
    lacks(2, share);
    has(2, "\"status\":404");
    answer_done(&a);
}

static void looking_around_leaves_nothing(void **state)
{
    static const char *const paths[] = {"status", "snapshots/latest",
                                        "snapshots?list=true"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct answer a = world_call(w, "GET", paths[i], NULL);

        assert_int_equal(a.raw.status, 200);
        answer_done(&a);
    }
    assert_string_equal(line_of(1), "");
    /* Names of what is in the cluster are another matter. */
    struct answer a = world_call(w, "GET", "snapshots/latest/inspect", NULL);
    has(1, "\"path\":\"assay/snapshots/latest/inspect\"");
    has(2, json_get_text(a.data, "id", "?"));
    answer_done(&a);
}

/* Only so much is written about callers whom nobody knows, and nothing is done
 * for them beyond that. */
static void strangers_cannot_fill_the_disk(void **state)
{
    static const char path[] = "/v1/assay/validations/"
                               "01890000-0000-7000-8000-000000000001/unseal";
    const struct testing_call call = {
        .method = "POST", .uri = path, .body = "{\"reset\": true}"};
    struct audit_head head;
    struct error err = {0};
    unsigned done = 0;
    unsigned put_off = 0;

    (void)state;
    for (int i = 0; i < 2 * LIMIT_AUDIT_STRANGERS; i++) {
        struct answer a = world_call_as(w, &call);

        put_off += a.raw.status == 429;
        done += a.raw.status != 429;
        answer_done(&a);
    }
    assert_true(put_off > 0);
    assert_int_equal(audit_head(world_app(w)->store, &head, &err), 0);
    assert_true(head.seq <= (uint64_t)2 * done);
    /* Who is known is not held up by them. */
    struct answer a = world_call(w, "POST", "backups", NULL);
    assert_int_equal(a.raw.status, 200);
    answer_done(&a);
}

static void the_record_is_shown(void **state)
{
    struct answer a = world_call(w, "POST", "backups", NULL);
    const struct json *row;
    char uri[128];

    (void)state;
    (void)snprintf(uri, sizeof(uri), "audit?subject=%s&type=response",
                   json_get_text(a.data, "id", "?"));
    answer_done(&a);
    a = world_call(w, "LIST", uri, NULL);
    assert_int_equal(a.raw.status, 200);
    assert_int_equal(json_count(json_get(a.data, "keys")), 1);
    row = json_get(json_get(a.data, "key_info"), "2");
    assert_string_equal(json_get_text(row, "path", ""), "assay/backups");
    assert_string_equal(json_get_text(row, "display_name", ""), "alice");
    assert_int_equal(json_get_u64(row, "status", 0), 200);
    assert_int_equal(json_type(json_get(row, "error")), JSON_NULL);
    answer_done(&a);
    /* Reading it is in it. */
    has(3, "\"path\":\"assay/audit\"");
    a = world_call(w, "GET", "audit/1", NULL);
    assert_int_equal(a.raw.status, 200);
    assert_string_equal(json_get_text(a.data, "line", ""), line_of(1));
    answer_done(&a);
    a = world_call(w, "LIST", "audit?entity_id=nobody", NULL);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
}

static void pages_go_on_where_the_last_one_ended(void **state)
{
    struct answer a;
    unsigned rows = 0;
    char uri[64] = "audit?limit=3&type=response";

    (void)state;
    for (int i = 0; i < 8; i++) {
        a = world_call(w, "DELETE", "snapshots/latest", NULL);
        answer_done(&a);
    }
    for (;;) {
        const char *after;

        a = world_call(w, "LIST", uri, NULL);
        if (a.raw.status != 200)
            break;
        for (const struct json *n = json_first(json_get(a.data, "key_info"));
             n != NULL; n = json_next(n))
            rows += strcmp(json_get_text(n, "operation", ""), "delete") == 0;
        after = json_get_text(a.data, "next_after", "");
        if (*after == '\0')
            break;
        (void)snprintf(uri, sizeof(uri), "audit?limit=3&type=response&after=%s",
                       after);
        answer_done(&a);
    }
    answer_done(&a);
    assert_int_equal(rows, 8);
}

static void wrong_filters_are_said(void **state)
{
    static const char *const wrong[] = {"audit?limit=0", "audit?limit=5000",
                                        "audit?after=x", "audit?after=0",
                                        "audit?since=yesterday"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct answer a = world_call(w, "LIST", wrong[i], NULL);

        assert_int_equal(a.raw.status, 400);
        answer_done(&a);
    }
    struct answer a = world_call(w, "GET", "audit/999", NULL);
    assert_int_equal(a.raw.status, 404);
    answer_done(&a);
    a = world_call(w, "GET", "audit/first", NULL);
    assert_int_equal(a.raw.status, 400);
    answer_done(&a);
}

/* A table to be read by people: whoever adds a route sees what it means. */
static void which_routes_are_audited(void **state)
{
    static const char *const quiet[] = {
        "read status",        "read health",          "list snapshots",
        "read snapshots/:id", "list backups",         "read backups/:id",
        "list validations",   "read validations/:id", "list restores",
        "read restores/:id",  "list recoveries",      "read recoveries/:id"};
    char name[128];

    (void)state;
    for (const struct route *r = handlers_routes; r->pattern != NULL; r++) {
        bool is_quiet = false;

        (void)snprintf(name, sizeof(name), "%s %s", route_verb_name(r->verb),
                       r->pattern);
        for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
            is_quiet = is_quiet || strcmp(quiet[i], name) == 0;
        if (audited_route(r) == is_quiet)
            fail_msg("%s", name);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restore_leaves_both_entries),
        TEST(what_somebody_had_before_his_eyes),
        TEST(what_was_wrong_is_in_the_response),
        TEST(a_share_is_not_in_it),
        TEST(looking_around_leaves_nothing),
        TEST(strangers_cannot_fill_the_disk),
        TEST(the_record_is_shown),
        TEST(pages_go_on_where_the_last_one_ended),
        TEST(wrong_filters_are_said),
        TEST(which_routes_are_audited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
