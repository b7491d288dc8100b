/* SPDX-License-Identifier: Apache-2.0
 *
 * What must never be said wrongly: whether something is blocked, whether
 * something was sent, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/restore_print.h"

static bool plan(const char *json, char first[64], struct buf *out)
{
    struct run run = {.plan = NULL};
    char text[1024];

    if (json != NULL) {
        (void)snprintf(text, sizeof(text), "%s", json);
        run.plan = text;
    }
    buf_init(out, 4096);
    return restore_print_plan(out, &run, first, 64);
}

static void the_first_blocker_is_named(void **state)
{
    struct buf out;
    char first[64];

    (void)state;
    assert_false(plan(
        "{\"blocked\":true,\"findings\":[{\"name\":\"archive\",\"level\":"
        "\"ok\","
        "\"message\":\"intact\"},{\"name\":\"identity\",\"level\":\"blocker\","
        "\"message\":\"another\"},{\"name\":\"nodes\",\"level\":\"blocker\","
        "\"message\":\"three\"}]}",
        first, &out));
    assert_string_equal(first, "identity");
    assert_non_null(strstr(buf_text(&out), "  BLOCKER  identity"));
    assert_non_null(strstr(buf_text(&out), "  ok       archive"));
    buf_done(&out);
}

static void nothing_but_a_clear_plan_is_clear(void **state)
{
    struct buf out;
    char first[64];

    (void)state;
    assert_true(plan("{\"blocked\":false,\"findings\":[{\"name\":\"nodes\","
                     "\"level\":\"warning\",\"message\":\"\\u001b[2J\"}]}",
                     first, &out));
    assert_string_equal(first, "");
    /* What a server says does not move the cursor. */
    assert_non_null(strstr(buf_text(&out), "\\x1b[2J"));
    buf_done(&out);
    assert_false(plan("{\"blocked\":true,\"findings\":[]}", first, &out));
    buf_done(&out);
    assert_false(plan("not a plan", first, &out));
    buf_done(&out);
    assert_false(plan(NULL, first, &out));
    buf_done(&out);
}

static void report(const struct restore_report *r, struct buf *out)
{
    const struct vault_options o = {.address = "https://there:8200"};
    struct restore_target target = {.has_token = true};
    struct restore_report what = *r;
    struct error err = {0};

    if (vault_new(&o, &target.vault, &err) != 0)
        fail_msg("%s", err.text);
    what.target = &target;
    buf_init(out, 16 * 1024);
    restore_print_report(out, &what);
    restore_target_done(&target);
}

static void what_was_sent_is_said_to_be(void **state)
{
    const struct run_phases phases = {
        .items = {{.name = "upload", .duration_ms = 5}}, .count = 1};
    struct run run = {.status = RUN_FAILED, .error = "nobody unsealed it"};
    struct restore_report r = {.run = &run,
                               .phases = &phases,
                               .safety = "/kept/here.snap",
                               .sent = true,
                               .force = true};
    struct buf out;

    (void)state;
    report(&r, &out);
    assert_non_null(strstr(buf_text(&out), "NOT DONE, and the archive was "
                                           "sent: nobody unsealed it"));
    assert_non_null(strstr(buf_text(&out),
                           "assay restore -from /kept/here.snap -to "
                           "https://there:8200 -key-file ... -force"));
    buf_done(&out);

    r.sent = false;
    r.safety = NULL;
    report(&r, &out);
    assert_non_null(strstr(buf_text(&out), "Not done, nothing has changed"));
    assert_null(strstr(buf_text(&out), "way back"));
    buf_done(&out);
}

static void success_says_what_comes_next(void **state)
{
    struct run run = {.status = RUN_SUCCEEDED, .finished_ms = 1000};
    const struct snapshot_row row = {.cluster_id = "its-id"};
    const struct restore_report r = {
        .run = &run, .phases = NULL, .row = &row, .sent = true};
    struct buf out;

    (void)state;
    report(&r, &out);
    assert_non_null(strstr(buf_text(&out), "has the data of cluster its-id"));
    assert_non_null(
        strstr(buf_text(&out), "vault operator raft join https://there:8200"));
    buf_done(&out);
}

static void an_unproved_archive_does_not_move_the_cursor(void **state)
{
    const struct restore_source source = {.path = "/a.snap"};
    struct snapshot_proof *proof = calloc(1, sizeof(*proof));
    struct buf out;

    (void)state;
    assert_non_null(proof);
    proof->keys = UNSEAL_BROKEN_KEYRING;
    (void)snprintf(proof->keys_text, sizeof(proof->keys_text),
                   "its seal is \x1b[2J");
    buf_init(&out, 4096);
    restore_print_source(&out, &source, proof);
    assert_non_null(strstr(buf_text(&out), "NO: its seal is \\x1b[2J\n"));
    buf_done(&out);
    free(proof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_blocker_is_named),
        cmocka_unit_test(nothing_but_a_clear_plan_is_clear),
        cmocka_unit_test(what_was_sent_is_said_to_be),
        cmocka_unit_test(success_says_what_comes_next),
        cmocka_unit_test(an_unproved_archive_does_not_move_the_cursor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
