/* SPDX-License-Identifier: Apache-2.0
 *
 * The gates of a restore, and what it says about servers that lie.  That it
 * restores at all is for the system tests with real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;
static char snapshot[ID_TEXT_MAX];

/* The stand-in gives a snapshot the cluster id that it claims itself. */
static int up(void **state)
{
    (void)state;
    fixture_up(&f);
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

static const struct jobs_caller somebody = {.display_name = "tester"};
static const char *const verdict[] = {"verdict"};
static const char *const everything[] = {"verdict", "server", "voters",
                                         "upload_time", "safety_snapshot"};
#define EVERYTHING .overrides = everything, .overrides_count = 5

static void restore(const struct jobs_restore_request *r, struct run *out)
{
    struct error err = {0};
    struct jobs_submitted made;
    if (jobs_submit_restore(f.jobs, r, &somebody, &made, &err) != 0)
        fail_msg("%s", err.text);
    fixture_wait(&f, made.run.id, out);
    run_done(&made.run);
}

/* The level that the plan has for `name`, "" when it does not mention it. */
static const char *level_of(const struct run *run, const char *name)
{
    static char level[16];
    struct json *root = NULL;
    struct error err = {0};
    level[0] = '\0';
    assert_non_null(run->plan);
    assert_int_equal(json_parse(run->plan, strlen(run->plan), &root, &err), 0);
    for (const struct json *p = json_first(json_get(root, "findings"));
         p != NULL; p = json_next(p))
        if (strcmp(json_get_text(p, "name", ""), name) == 0)
            text_copy(level, sizeof(level), json_get_text(p, "level", ""));
    json_free(root);
    return level;
}

static void assert_says(const struct run *run, const char *word)
{
    if (strstr(run->error, word) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", word, run->error);
}

static void test_submission(void **state)
{
    (void)state;
    struct error err = {0};
    struct jobs_submitted made = {0};
    char unproven[ID_TEXT_MAX];
    struct jobs_restore_request r = {0};
    assert_int_equal(jobs_submit_restore(f.jobs, &r, &somebody, &made, &err),
                     -1);
    assert_int_equal(err.kind, ERR_INVALID);
    r.snapshot = "0198c0de-0000-7000-8000-000000000001";
    assert_int_equal(jobs_submit_restore(f.jobs, &r, &somebody, &made, &err),
                     -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    fixture_snapshot(&f, unproven);
    r.snapshot = unproven;
    assert_int_equal(jobs_submit_restore(f.jobs, &r, &somebody, &made, &err),
                     -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
    r.overrides = verdict;
    r.overrides_count = 1;
    assert_int_equal(jobs_submit_restore(f.jobs, &r, &somebody, &made, &err),
                     -1);
    assert_int_equal(err.kind, ERR_INVALID);
    r.snapshot = "latest-valid";
    r.overrides_count = 0;
    r.target = "elsewhere";
    assert_int_equal(jobs_submit_restore(f.jobs, &r, &somebody, &made, &err),
                     -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(fixture_posts(&f), 0);
}

static void test_dry_run_sends_nothing(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot, .dry_run = true};
    struct run run;
    restore(&r, &run);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    assert_string_equal(level_of(&run, "verdict"), "ok");
    assert_string_equal(level_of(&run, "archive"), "ok");
    assert_string_equal(level_of(&run, "leader"), "ok");
    assert_string_equal(level_of(&run, "identity"), "ok");
    assert_string_equal(level_of(&run, "rights"), "ok");
    assert_string_equal(level_of(&run, "upload_time"), "ok");
    assert_string_equal(level_of(&run, "safety_snapshot"), "ok");
    assert_string_equal(run.safety_snapshot_id, "");
    assert_int_equal(run.plan_revision, 1);
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

static void test_restores(void **state)
{
    (void)state;
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct snapshot_row row;
    struct error err = {0};
    struct run run;
    restore(&r, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_int_equal(fixture_posts(&f), 1);
    assert_int_equal(
        snapshots_get(f.store, run.safety_snapshot_id, NULL, &row, &err), 0);
    assert_true(row.pinned);
    run_done(&run);
}

static void test_skipping_the_safety_snapshot(void **state)
{
    (void)state;
    static const char *const safety[] = {"safety_snapshot"};
    struct jobs_restore_request r = {.snapshot = snapshot,
                                     .overrides = safety,
                                     .overrides_count = 1,
                                     .reason = "no room for it"};
    struct run run;
    restore(&r, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_string_equal(run.safety_snapshot_id, "");
    assert_string_equal(level_of(&run, "safety_snapshot"), "warning");
    run_done(&run);
}

/* What a restore took away, it brings back, proved or not; and nothing else
 * that is not proved. */
static void test_the_way_back(void **state)
{
    (void)state;
    char safety[ID_TEXT_MAX];
    struct jobs_restore_request r = {.snapshot = snapshot};
    struct run run;
    restore(&r, &run);
    assert_int_equal(run.status, RUN_SUCCEEDED);
    text_copy(safety, sizeof(safety), run.safety_snapshot_id);
    run_done(&run);
    r.snapshot = safety;
    restore(&r, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_string_equal(level_of(&run, "way_back"), "ok");
    assert_string_equal(level_of(&run, "verdict"), "");
    assert_int_equal(fixture_posts(&f), 2);
    run_done(&run);
}

static void test_forged_verdict(void **state)
{
    (void)state;
    struct signer *stranger = NULL;
    struct error err = {0};
    struct run run;
    char id[ID_TEXT_MAX];
    char path[128];
    snprintf(path, sizeof(path), "%s/stranger.pem", f.dir);
    assert_int_equal(signer_open(path, &stranger, &err), 0);
    fixture_snapshot(&f, id);
    fixture_judge(&f, id, STORE_VALID, stranger);
    struct jobs_restore_request r = {.snapshot = id};
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "verdict");
    assert_string_equal(level_of(&run, "verdict"), "blocker");
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
    signer_free(stranger);
}

static void test_archive_changed_in_storage(void **state)
{
    (void)state;
    struct snapshot_row row;
    struct error err = {0};
    struct run run;
    char path[768];
    char other[128];
    assert_int_equal(snapshots_get(f.store, snapshot, NULL, &row, &err), 0);
    storage_location(f.storage, row.copies[0].location, path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    /* Intact, but another one. */
    fixture_archive(&f, path, NULL);
    struct jobs_restore_request r = {
        .snapshot = snapshot, EVERYTHING, .reason = "try"};
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, 4, SEEK_SET);
    fputc(7, file); /* the gzip header's time */
    fclose(file);
    snprintf(other, sizeof(other), "%s", row.sha256);
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "archive");
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

static void test_another_cluster(void **state)
{
    (void)state;
    struct run run;
    standin_set(&f.standin, "{\"cluster_id\":\"99999999-2222-3333-4444-"
                            "555555555555\"}");
    struct jobs_restore_request r = {.snapshot = snapshot};
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "identity");
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

static void test_sealed_target(void **state)
{
    (void)state;
    struct run run;
    standin_set(&f.standin, "{\"sealed\":true}");
    struct jobs_restore_request r = {
        .snapshot = snapshot, EVERYTHING, .reason = "try"};
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "sealed");
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
}

static void test_too_slow_for_the_listener(void **state)
{
    (void)state;
    struct error err = {0};
    struct run run;
    f.options.http_read_timeout_ms = 1000;
    f.options.upload_bytes_per_second = 1024;
    assert_int_equal(jobs_reload(f.jobs, &f.options, &err), 0);
    struct jobs_restore_request r = {.snapshot = snapshot};
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "http_read_timeout");
    assert_int_equal(fixture_posts(&f), 0);
    run_done(&run);
    static const char *const upload[] = {"upload_time"};
    r.overrides = upload;
    r.overrides_count = 1;
    r.reason = "the link is faster than that";
    restore(&r, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_string_equal(level_of(&run, "upload_time"), "warning");
    run_done(&run);
}

static void test_refused_by_the_server(void **state)
{
    (void)state;
    struct run run;
    fixture_fault(&f, "status:code=400,method=POST");
    struct jobs_restore_request r = {.snapshot = snapshot};
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "refused the archive and is unchanged");
    assert_non_null(strstr(run.basis, "\"sent\":\"refused\""));
    assert_int_equal(fixture_posts(&f), 1);
    run_done(&run);
}

/* The answer never comes: look, never repeat. */
static void test_connection_breaks(void **state)
{
    (void)state;
    struct run run;
    fixture_fault(&f, "drop_request:after=1000,method=POST");
    struct jobs_restore_request r = {.snapshot = snapshot};
    restore(&r, &run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_says(&run, "not applied");
    assert_says(&run, "Nothing needs to be undone");
    assert_non_null(strstr(run.basis, "\"state\":\"unchanged\""));
    assert_int_equal(fixture_posts(&f), 1);
    run_done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_submission, up, down),
        cmocka_unit_test_setup_teardown(test_dry_run_sends_nothing, up, down),
        cmocka_unit_test_setup_teardown(test_restores, up, down),
        cmocka_unit_test_setup_teardown(test_skipping_the_safety_snapshot, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_the_way_back, up, down),
        cmocka_unit_test_setup_teardown(test_forged_verdict, up, down),
        cmocka_unit_test_setup_teardown(test_archive_changed_in_storage, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_another_cluster, up, down),
        cmocka_unit_test_setup_teardown(test_sealed_target, up, down),
        cmocka_unit_test_setup_teardown(test_too_slow_for_the_listener, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_refused_by_the_server, up, down),
        cmocka_unit_test_setup_teardown(test_connection_breaks, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
