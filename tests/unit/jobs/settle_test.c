/* SPDX-License-Identifier: Apache-2.0
 *
 * After the POST: what a restore says about a cluster that seals itself, is
 * led by another, does not settle, or does not know Assay any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/unit/jobs/fixture.h"
#include "tests/unit/jobs/sealed.h"

#define STRANGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"

static struct fixture f;
static struct sealed s;
static struct standin other;
static char snapshot[ID_TEXT_MAX];

static const struct jobs_caller somebody = {.display_name = "tester"};

static void settings(int64_t settle_ms, int64_t await_unseal_ms)
{
    struct error err = {0};

    f.options.settle_ms = settle_ms;
    f.options.await_unseal_ms = await_unseal_ms;
    if (jobs_reload(f.jobs, &f.options, &err) != 0)
        fail_msg("%s", err.text);
}

/* With an archive that is sealed by three of five shares, and a second server
 * for those who need one. */
static int up(void **state)
{
    (void)state;
    sealed_load(&s, SEALED_OPENBAO);
    fixture_up(&f);
    fixture_start(&f);
    fixture_serve(&f, s.path);
    fixture_snapshot(&f, snapshot);
    fixture_judge(&f, snapshot, STORE_VALID, f.signer);
    standin_start(&other, NULL);
    standin_set(&other, "{\"capabilities\":{\"*\":[\"update\"]}}");
    return 0;
}

static int down(void **state)
{
    (void)state;
    standin_stop(&other);
    fixture_down(&f);
    sealed_done(&s);
    return 0;
}

static void begin(char id[ID_TEXT_MAX])
{
    const struct jobs_restore_request r = {.snapshot = snapshot};
    struct jobs_submitted made;
    struct error err = {0};

    if (jobs_submit_restore(f.jobs, &r, &somebody, &made, &err) != 0)
        fail_msg("%s", err.text);
    memcpy(id, made.run.id, ID_TEXT_MAX);
    run_done(&made.run);
}

static void restore(struct run *out)
{
    char id[ID_TEXT_MAX];

    begin(id);
    fixture_wait(&f, id, out);
}

static void await_unseal(const char *id)
{
    int64_t until = clock_mono_ms() + 60000;
    enum run_status status = RUN_QUEUED;

    while (status != RUN_AWAITING_UNSEAL) {
        struct error err = {0};
        struct run run;

        assert_int_equal(runs_get(f.store, id, &run, &err), 0);
        status = run.status;
        if (run_status_final(status) || clock_mono_ms() > until)
            fail_msg("%s: %s", run_status_name(status), run.error);
        run_done(&run);
        clock_sleep_ms(20);
    }
}

static int hand_in(const char *id, const char *key,
                   struct jobs_unseal_view *view, struct error *err)
{
    const struct jobs_unseal_share share = {
        .run_id = id, .kind = RUN_RESTORE, .key = key};

    return jobs_unseal(f.jobs, &share, view, err);
}

static void hand_in_all(const char *id)
{
    struct jobs_unseal_view view;
    struct error err = {0};

    for (size_t i = 0; i < SEALED_THRESHOLD; i++)
        if (hand_in(id, s.shares[i], &view, &err) != 0)
            fail_msg("%s", err.text);
    assert_int_equal(view.progress, SEALED_THRESHOLD);
    assert_true(view.sealed);
}

static size_t shares_sent(void)
{
    return standin_count(&f.standin, "POST", "sys/unseal", false) +
           standin_count(&f.standin, "PUT", "sys/unseal", false);
}

static struct json *outcome_of(const struct run *run)
{
    struct json *root = NULL;
    struct error err = {0};

    if (run->basis == NULL)
        fail_msg("there is no outcome: %s", run->error);
    assert_int_equal(json_parse(run->basis, strlen(run->basis), &root, &err),
                     0);
    return root;
}

/* The state, and whether it was applied: "true", "false" or "null". */
static void assert_outcome(const struct run *run, const char *state,
                           const char *applied)
{
    struct json *o = outcome_of(run);
    struct buf text;

    buf_init(&text, 64);
    json_print(json_get(o, "applied"), &text);
    if (strcmp(json_get_text(o, "state", ""), state) != 0 ||
        strcmp(buf_text(&text), applied) != 0)
        fail_msg("not %s, %s: %s", state, applied, run->basis);
    buf_done(&text);
    json_free(o);
}

/* The error and the outcome name the one request that leads back. */
static void assert_way_back(const struct run *run)
{
    struct json *o = outcome_of(run);
    const struct json *body = json_get(json_get(o, "way_back"), "body");
    char request[256];

    assert_string_equal(json_get_text(body, "snapshot", ""),
                        run->safety_snapshot_id);
    assert_string_equal(json_get_text(body, "target", ""), "main");
    (void)snprintf(request, sizeof(request),
                   "POST restores {\"snapshot\":\"%s\",\"target\":\"main\"}",
                   run->safety_snapshot_id);
    if (strstr(run->error, request) == NULL)
        fail_msg("no way back in \"%s\"", run->error);
    json_free(o);
}

/* With JSON of the shares that unseal it. */
static void set_keys(const struct standin *at, const char *more)
{
    char body[1024];

    (void)snprintf(body, sizeof(body),
                   "{\"keys\":[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"],%s}",
                   s.shares[0], s.shares[1], s.shares[2], s.shares[3],
                   s.shares[4], more);
    standin_set(at, body);
}

static void test_key_holders_unseal_the_target(void **state)
{
    struct jobs_unseal_nodes nodes;
    struct jobs_unseal_view view;
    struct error err = {0};
    struct run run;
    char id[ID_TEXT_MAX];

    (void)state;
    settings(20000, 60000);
    set_keys(&f.standin, "\"t\":1,\"n\":1,\"after_restore\":{\"sealed\":true}");
    begin(id);
    await_unseal(id);
    assert_true(jobs_unseal_nodes(f.jobs, id, &nodes));
    assert_int_equal(nodes.count, 1);
    assert_true(nodes.node[0].sealed);
    assert_true(text_starts(nodes.node[0].advice, "restart its process"));
    for (size_t i = 0; i + 1 < SEALED_THRESHOLD; i++)
        assert_int_equal(hand_in(id, s.shares[i], &view, &err), 0);
    assert_int_equal(hand_in(id, STRANGE, &view, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    /* As a validation it does not wait. */
    const struct jobs_unseal_share other_kind = {
        .run_id = id, .kind = RUN_VALIDATION, .key = s.shares[0]};
    assert_int_equal(jobs_unseal(f.jobs, &other_kind, &view, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    hand_in_all(id);
    /* One share would be the whole key to it. */
    assert_int_equal(shares_sent(), 0);
    standin_set(&f.standin, "{\"t\":3,\"n\":5}");
    fixture_wait(&f, id, &run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_int_equal(shares_sent(), SEALED_THRESHOLD);
    assert_outcome(&run, "restored", "true");
    assert_false(jobs_unseal_nodes(f.jobs, id, &nodes));
    assert_int_equal(hand_in(id, s.shares[0], &view, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    run_done(&run);
}

static void test_nobody_unseals_it(void **state)
{
    struct run run;

    (void)state;
    settings(3000, 500);
    standin_set(&f.standin, "{\"after_restore\":{\"sealed\":true}}");
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_non_null(strstr(run.error, "1 of 1 nodes are sealed"));
    assert_outcome(&run, "sealed", "null");
    assert_way_back(&run);
    assert_int_equal(shares_sent(), 0);
    run_done(&run);
}

/* What is known by then is not lost with the daemon. */
static void test_stopped_while_it_waits(void **state)
{
    struct jobs_unseal_view view;
    struct error err = {0};
    struct run run;
    char id[ID_TEXT_MAX];

    (void)state;
    settings(8000, 60000);
    standin_set(&f.standin, "{\"after_restore\":{\"sealed\":true}}");
    begin(id);
    await_unseal(id);
    assert_int_equal(runs_get(f.store, id, &run, &err), 0);
    assert_outcome(&run, "unknown", "null");
    run_done(&run);
    jobs_stop(f.jobs);
    assert_int_equal(runs_get(f.store, id, &run, &err), 0);
    assert_int_equal(run.status, RUN_INTERRUPTED);
    assert_outcome(&run, "unknown", "null");
    assert_way_back(&run);
    assert_int_equal(hand_in(id, s.shares[0], &view, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    run_done(&run);
}

/* The other node leads from then on; it is told by sys/ha-status before. */
static void another_leads(const char *more)
{
    char body[1024];

    (void)snprintf(body, sizeof(body),
                   "{\"nodes\":[\"%s\",\"%s\"],\"after_restore\":{"
                   "\"is_self\":false,\"leader_address\":\"%s\"%s}}",
                   f.standin.address, other.address, other.address, more);
    standin_set(&f.standin, body);
}

static void test_the_leader_changes(void **state)
{
    struct json *o;
    struct run run;

    (void)state;
    settings(8000, 3000);
    another_leads("");
    restore(&run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    assert_outcome(&run, "restored", "true");
    o = outcome_of(&run);
    assert_string_equal(json_get_text(o, "leader", ""), other.address);
    assert_true(json_get_bool(o, "leader_changed", false));
    json_free(o);
    run_done(&run);
}

/* It went on with the data from before. */
static void test_the_new_leader_has_the_old_data(void **state)
{
    static const char *const there[] = {
        "body:path=sys/wrapping/lookup,json={\"data\":{\"creation_ttl\":1}}",
        NULL};
    struct run run;

    (void)state;
    settings(8000, 3000);
    another_leads("");
    standin_faults(&other, there);
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_outcome(&run, "unchanged", "false");
    assert_non_null(strstr(run.error, "Nothing needs to be undone"));
    run_done(&run);
}

/* A follower that was left behind looks like the others, but for that. */
static void test_a_node_with_the_old_data(void **state)
{
    static const char *const there[] = {
        "body:path=sys/wrapping/lookup,json={\"data\":{\"creation_ttl\":1}}",
        NULL};
    char body[1024];
    struct run run;

    (void)state;
    settings(4000, 3000);
    (void)snprintf(body, sizeof(body), "{\"nodes\":[\"%s\",\"%s\"]}",
                   f.standin.address, other.address);
    standin_set(&f.standin, body);
    (void)snprintf(body, sizeof(body),
                   "{\"is_self\":false,\"leader_address\":\"%s\"}",
                   f.standin.address);
    standin_set(&other, body);
    standin_faults(&other, there);
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_outcome(&run, "unsettled", "true");
    assert_non_null(strstr(run.error, "what was made before the restore"));
    assert_way_back(&run);
    run_done(&run);
}

static void test_a_cluster_that_does_not_settle(void **state)
{
    struct run run;

    (void)state;
    settings(4000, 3000);
    standin_set(&f.standin, "{\"after_restore\":{\"cluster_id\":"
                            "\"99999999-2222-3333-4444-555555555555\"}}");
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_outcome(&run, "unsettled", "true");
    assert_way_back(&run);
    run_done(&run);
}

static void test_a_credential_that_is_too_young(void **state)
{
    struct json *o;
    struct run run;

    (void)state;
    settings(3000, 3000);
    standin_set(&f.standin, "{\"after_restore\":{\"secret_id\":\"older\"}}");
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_outcome(&run, "locked_out", "true");
    assert_non_null(strstr(run.error, "cannot log in any more"));
    assert_way_back(&run);
    o = outcome_of(&run);
    assert_false(json_get_bool(json_get(o, "login"), "ok", true));
    json_free(o);
    run_done(&run);
}

/* Nothing that a POST without an answer could mean is taken for granted. */
static void test_a_204_that_restores_nothing(void **state)
{
    struct run run;

    (void)state;
    settings(4000, 3000);
    fixture_fault(&f, "swallow:method=POST");
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_outcome(&run, "unchanged", "false");
    run_done(&run);
}

/* A policy that was there when the snapshot was taken. */
static void snapshot_with_a_policy(bool kept)
{
    static const char *const policy[] = {
        "body:path=sys/policies/acl,json={\"data\":{\"keys\":[\"shop\"],"
        "\"name\":\"shop\",\"policy\":\"path \\\"a\\\" {}\"}}",
        NULL};
    static const char *const none[] = {NULL};

    f.options.oracle = (struct jobs_oracle){.name = "auto", .baseline = true};
    settings(8000, 3000);
    standin_faults(&f.standin, policy);
    fixture_snapshot(&f, snapshot);
    fixture_judge(&f, snapshot, STORE_VALID, f.signer);
    if (!kept)
        standin_faults(&f.standin, none);
}

static void test_compared_with_the_baseline(void **state)
{
    struct json *o;
    struct run run;

    (void)state;
    snapshot_with_a_policy(true);
    restore(&run);
    if (run.status != RUN_SUCCEEDED)
        fail_msg("%s", run.error);
    o = outcome_of(&run);
    const struct json *b = json_get(o, "baseline");
    assert_string_equal(json_get_text(b, "outcome", ""), "pass");
    assert_true(json_get_u64(b, "covered", 0) > 0);
    assert_int_equal(json_get_u64(b, "findings_total", 9),
                     json_count(json_get(b, "findings")));
    json_free(o);
    run_done(&run);
}

static void test_not_what_the_baseline_has(void **state)
{
    struct json *o;
    struct run run;

    (void)state;
    snapshot_with_a_policy(false);
    restore(&run);
    assert_int_equal(run.status, RUN_FAILED);
    assert_outcome(&run, "differs", "true");
    assert_way_back(&run);
    o = outcome_of(&run);
    const struct json *b = json_get(o, "baseline");
    assert_string_equal(json_get_text(b, "outcome", ""), "fail");
    const struct json *first = json_first(json_get(b, "findings"));
    assert_string_equal(json_get_text(first, "kind", ""), "fault_missing");
    assert_string_equal(json_get_text(first, "path", ""), "policy:shop");
    json_free(o);
    run_done(&run);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_key_holders_unseal_the_target),
        TEST(test_nobody_unseals_it),
        TEST(test_stopped_while_it_waits),
        TEST(test_the_leader_changes),
        TEST(test_the_new_leader_has_the_old_data),
        TEST(test_a_node_with_the_old_data),
        TEST(test_a_cluster_that_does_not_settle),
        TEST(test_a_credential_that_is_too_young),
        TEST(test_a_204_that_restores_nothing),
        TEST(test_compared_with_the_baseline),
        TEST(test_not_what_the_baseline_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
