/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a dry run against a scripted server.  What real ones say is in
 * the system tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "jobs/raise.h"
#include "store/checks.h"
#include "tests/unit/jobs/fixture.h"

static struct fixture f;
static char snapshot[ID_TEXT_MAX];
static struct json *plan;

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
    json_free(plan);
    plan = NULL;
    fixture_down(&f);
    return 0;
}

static void examine(const struct jobs_restore_request *r)
{
    const struct jobs_caller who = {.display_name = "tester"};
    struct error err = {0};
    struct jobs_submitted made;
    struct run run;

    if (jobs_submit_restore(f.jobs, r, &who, &made, &err) != 0)
        fail_msg("%s", err.text);
    fixture_wait(&f, made.run.id, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    json_free(plan);
    assert_int_equal(json_parse(run.plan, strlen(run.plan), &plan, &err), 0);
    run_done(&made.run);
    run_done(&run);
}

static void examine_it(void)
{
    struct jobs_restore_request r = {.snapshot = snapshot, .dry_run = true};

    examine(&r);
}

static const struct json *finding(const char *name)
{
    for (const struct json *p = json_first(json_get(plan, "findings"));
         p != NULL; p = json_next(p))
        if (strcmp(json_get_text(p, "name", ""), name) == 0)
            return p;
    fail_msg("the plan says nothing about %s", name);
    return NULL;
}

/* At this level, and with this in its words. */
static void says(const char *name, const char *level, const char *words)
{
    const struct json *p = finding(name);
    const char *message = json_get_text(p, "message", "");

    if (strcmp(json_get_text(p, "level", ""), level) != 0 ||
        strstr(message, words) == NULL)
        fail_msg("%s: %s, \"%s\"", name, json_get_text(p, "level", ""),
                 message);
}

/* Files of ours in data_dir that a plan could have left. */
static unsigned files_left(void)
{
    struct dirent *e;
    unsigned count = 0;
    DIR *dir = opendir(f.dir);

    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL)
        count += text_starts(e->d_name, "plan-");
    closedir(dir);
    return count;
}

static void test_nothing_changed(void **state)
{
    (void)state;
    examine_it();
    says("loss", "ok", "nothing but");
    says("tokens", "warning", "no token");
    says("leases", "ok", "no lease");
    says("keys", "ok", "those of the snapshot");
    says("age", "ok", "validated");
    /* The stand-in's archive has noise where a seal's settings are. */
    says("seal", "warning", "does not say");
    says("audit_devices", "ok", "that of the snapshot");
    says("nodes", "warning", "grant read on sys/storage/raft/configuration");
    says("voters", "ok", "their own cluster");
    says("autopilot", "warning", "sys/storage/raft/autopilot/state");
    assert_int_equal(files_left(), 0);
}

static void test_the_target_gives_no_snapshot(void **state)
{
    (void)state;
    fixture_fault(&f, "status:code=403,method=GET");
    examine_it();
    says("loss", "warning", "403");
    says("tokens", "warning", "cannot be told");
    says("audit_devices", "warning", "cannot be told");
    assert_int_equal(files_left(), 0);
}

static void test_the_targets_snapshot_breaks_off(void **state)
{
    (void)state;
    fixture_fault(&f, "truncate:after=1000,method=GET");
    examine_it();
    says("loss", "warning", "the snapshot of the target");
    assert_int_equal(files_left(), 0);
}

static void test_everything_is_another(void **state)
{
    char other[128];

    (void)state;
    snprintf(other, sizeof(other), "%s/other.snap", f.dir);
    fixture_archive_of(&f, other, "--seed=2");
    fixture_serve(&f, other);
    examine_it();
    says("loss", "warning", "logical/");
    says("tokens", "warning", "tokens");
}

/* "logical/<uuid>" in what is said about the loss: the uuid. */
static void find_mount(char uuid[37])
{
    const char *said = json_get_text(finding("loss"), "message", "");
    const char *at = strstr(said, "logical/");

    assert_non_null(at);
    snprintf(uuid, 37, "%.36s", at + strlen("logical/"));
}

static void test_names_and_newest_writes(void **state)
{
    const char *faults[] = {
        NULL,
        "body:path=secret/metadata/x,json={\"data\":{\"updated_time\":"
        "\"2099-01-02T03:04:05Z\"}}",
        "body:path=secret/metadata/old,json={\"data\":{\"updated_time\":"
        "\"2001-01-02T03:04:05Z\"}}",
        "body:path=secret/metadata,json={\"data\":{\"keys\":[\"x\","
        "\"old\"]}}",
        NULL,
    };
    char mounts[256];
    char other[128];
    char uuid[37];

    (void)state;
    snprintf(other, sizeof(other), "%s/other.snap", f.dir);
    fixture_archive_of(&f, other, "--seed=2");
    fixture_serve(&f, other);
    examine_it();
    says("newest_writes", "warning", "not looked at");
    find_mount(uuid);
    snprintf(mounts, sizeof(mounts),
             "body:path=sys/mounts,json={\"data\":{\"secret/\":{\"type\":"
             "\"kv\",\"uuid\":\"%s\",\"options\":{\"version\":\"2\"}}}}",
             uuid);
    faults[0] = mounts;
    standin_faults(&f.standin, faults);
    examine_it();
    says("loss", "warning", "secret/ ");
    says("newest_writes", "warning", "1 of the 2 secrets");
    says("newest_writes", "warning", "secret/x at 2099-01-02T03:04:05Z");
    /* What the server keeps from us is not taken for all there is. */
    faults[1] = "status:code=403,path=secret/metadata/x";
    standin_faults(&f.standin, faults);
    examine_it();
    says("newest_writes", "warning", "not looked at");
}

static void test_another_cluster_loses_all(void **state)
{
    static const char *const overrides[] = {"voters"};
    struct jobs_restore_request r = {.snapshot = snapshot,
                                     .dry_run = true,
                                     .force = true,
                                     .overrides = overrides,
                                     .overrides_count = 1,
                                     .reason = "a drill"};

    (void)state;
    standin_set(&f.standin, "{\"cluster_id\":\"99999999-2222-3333-4444-"
                            "555555555555\"}");
    examine(&r);
    says("loss", "warning", "all that cluster 99999999");
    says("tokens", "warning", "every token");
    says("login_after", "warning", "another cluster");
    /* Overridden: nobody can see how many nodes there are. */
    says("voters", "warning", "as far as Assay may see");
}

static void own_token(int64_t made_ms, const char *path)
{
    const char *faults[] = {NULL, NULL};
    char fault[256];

    snprintf(fault, sizeof(fault),
             "body:path=auth/token/lookup-self,json={\"data\":{\"path\":"
             "\"%s\",\"creation_time\":%lld}}",
             path, (long long)(made_ms / 1000));
    faults[0] = fault;
    standin_faults(&f.standin, faults);
}

static void test_a_login_older_than_the_snapshot(void **state)
{
    (void)state;
    own_token(clock_now_ms() - 3600 * 1000, "auth/approle/login");
    examine_it();
    says("login_after", "ok", "older than the snapshot");
}

static void test_a_login_that_is_younger(void **state)
{
    (void)state;
    own_token(clock_now_ms() + 3600 * 1000, "auth/approle/login");
    examine_it();
    says("login_after", "warning", "no validation logged in");
}

/* As if a run of that id had validated the snapshot. */
static void validated(const char *outcome, const char *message)
{
    const struct check_row check = {
        .name = "restorable", .outcome = outcome, .message = message};
    struct snapshot_judgement j = {.id = snapshot, .verdict = STORE_VALID};
    struct snapshot_row row;
    struct error err = {0};

    if (snapshots_get(f.store, snapshot, NULL, &row, &err) != 0 ||
        checks_save(f.store, row.run_id, &check, 1, &err) != 0)
        fail_msg("%s", err.text);
    j.validation_id = row.run_id;
    j.at_ms = clock_now_ms() + 1000;
    if (snapshots_set_verdict(f.store, &j, &err) != 0)
        fail_msg("%s", err.text);
}

static void test_a_login_that_the_validation_tried(void **state)
{
    (void)state;
    own_token(clock_now_ms() + 3600 * 1000, "auth/approle/login");
    validated("pass", "restored, unsealed and active on openbao in 2.4s");
    examine_it();
    says("login_after", "ok", "logged in to the restored copy");
    validated("pass", "restored in 2.4s; " RAISE_AS_ROOT);
    examine_it();
    says("login_after", "warning", "knew no credential");
    validated("not_run", "the restored cluster refused the credential");
    examine_it();
    says("login_after", "warning", "no validation logged in");
}

/* A token that is itself the credential cannot be had again. */
static void test_a_token_that_dies(void **state)
{
    (void)state;
    own_token(clock_now_ms() + 3600 * 1000, "auth/token/create");
    examine_it();
    says("login_after", "blocker", "dies with the restore");
}

static void test_a_newer_snapshot_is_named(void **state)
{
    char newer[ID_TEXT_MAX];

    (void)state;
    clock_sleep_ms(2);
    fixture_snapshot(&f, newer);
    fixture_judge(&f, newer, STORE_VALID, f.signer);
    examine_it();
    says("age", "warning", newer);
}

static void peers(const char *configuration, const char *autopilot)
{
    const char *faults[] = {configuration, autopilot, NULL};

    standin_faults(&f.standin, faults);
}

#define PEER(id, voter)                                                        \
    "{\"node_id\":\"" id "\",\"address\":\"" id ":8201\",\"leader\":false,"    \
    "\"voter\":" voter "}"
#define CONFIGURATION                                                          \
    "body:path=sys/storage/raft/configuration,json={\"data\":{\"config\":{"    \
    "\"servers\":["
#define AUTOPILOT "body:path=sys/storage/raft/autopilot/state,json={\"data\":"

static void test_peers(void **state)
{
    struct jobs_restore_request r = {.snapshot = snapshot, .dry_run = true};

    (void)state;
    peers(CONFIGURATION PEER("n1", "true") "," PEER("n2", "true") "]}}}",
          AUTOPILOT "{\"healthy\":false,\"failure_tolerance\":0,\"servers\":{"
                    "\"n2\":{\"id\":\"n2\",\"address\":\"n2:8201\","
                    "\"healthy\":false,\"status\":\"voter\"}}}}");
    examine(&r);
    says("nodes", "warning", "n1 has no known address, n2 has no known");
    says("autopilot", "warning", "n2 is unhealthy");
    says("voters", "ok", "2");
    standin_set(&f.standin, "{\"cluster_id\":\"99999999-2222-3333-4444-"
                            "555555555555\"}");
    r.force = true;
    examine(&r);
    says("voters", "blocker", "2 nodes, 2 of them voters");
}

static void test_one_peer_may_be_forced(void **state)
{
    struct jobs_restore_request r = {
        .snapshot = snapshot, .dry_run = true, .force = true};

    (void)state;
    peers(CONFIGURATION PEER("n1", "true") "]}}}",
          AUTOPILOT "{\"healthy\":true,\"failure_tolerance\":0}}");
    standin_set(&f.standin, "{\"cluster_id\":\"99999999-2222-3333-4444-"
                            "555555555555\"}");
    examine(&r);
    says("voters", "ok", "one node");
    says("autopilot", "ok", "healthy");
    says("identity", "warning", "only force");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_changed, up, down),
        cmocka_unit_test_setup_teardown(test_the_target_gives_no_snapshot, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_the_targets_snapshot_breaks_off,
                                        up, down),
        cmocka_unit_test_setup_teardown(test_everything_is_another, up, down),
        cmocka_unit_test_setup_teardown(test_names_and_newest_writes, up, down),
        cmocka_unit_test_setup_teardown(test_another_cluster_loses_all, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_a_login_older_than_the_snapshot,
                                        up, down),
        cmocka_unit_test_setup_teardown(test_a_login_that_is_younger, up, down),
        cmocka_unit_test_setup_teardown(test_a_login_that_the_validation_tried,
                                        up, down),
        cmocka_unit_test_setup_teardown(test_a_token_that_dies, up, down),
        cmocka_unit_test_setup_teardown(test_a_newer_snapshot_is_named, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_peers, up, down),
        cmocka_unit_test_setup_teardown(test_one_peer_may_be_forced, up, down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
