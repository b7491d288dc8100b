/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "proof/check.h"
#include "proof/history.h"

static const char *const noisy[] = {"core/leader", "sys/expire"};

static const struct proof_prefix was[] = {
    {"core/mounts", 12, 6000},     {"logical/kv", 400, 80000},
    {"logical/small", 10, 2000},   {"logical/wide", 4, 900000},
    {"sys/expire", 5000, 1000000}, {"sys/policy", 30, 9000},
};
enum { WAS = sizeof was / sizeof was[0] };

/* A snapshot like the one before, whose prefixes the test may change. */
struct sample {
    struct proof_prefix prefixes[WAS];
    struct proof_counts before;
    struct proof_history history;
    struct proof_context context;
    struct proof_result result;
};

static void sample(struct sample *s)
{
    memset(s, 0, sizeof *s);
    memcpy(s->prefixes, was, sizeof was);
    s->before = (struct proof_counts){
        .id = "before",
        .cluster_id = "c-1",
        .product = "openbao",
        .server_version = "2.7.2",
        .raft_index = 100,
        .prefixes = was,
        .prefixes_count = WAS,
    };
    s->history = (struct proof_history){
        .now = s->before,
        .before = &s->before,
        .limits = {.max_drop_percent = 50,
                   .min_entries = 20,
                   .min_bytes = 65536,
                   .ignore = noisy,
                   .ignore_count = 2},
    };
    s->history.now.id = "now";
    s->history.now.raft_index = 120;
    s->history.now.prefixes = s->prefixes;
    s->context.history = &s->history;
}

static const struct proof_result *ask(struct sample *s)
{
    struct error err = {0};

    assert_int_equal(
        proof_run(proof_check_find("plausible"), &s->context, &s->result, &err),
        0);
    return &s->result;
}

static void the_same_is_plausible(void **state)
{
    struct sample s;
    const struct proof_result *r = NULL;

    (void)state;
    sample(&s);
    r = ask(&s);
    assert_int_equal(r->outcome, PROOF_PASS);
    assert_int_equal(r->findings_total, 0);
    assert_int_equal(r->total, WAS);
    assert_int_equal(r->covered, WAS - 1); /* sys/expire is not looked at */
    assert_non_null(strstr(r->message, "before"));
}

static void honest_changes_are_plausible(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.prefixes[1].entries = 200; /* half: not more than half */
    s.prefixes[1].bytes = 41000;
    s.prefixes[2].entries = 0; /* there was little */
    s.prefixes[4].entries = 1; /* leases come and go */
    s.prefixes[4].bytes = 300;
    s.prefixes[5].entries = 900; /* more is never too much */
    assert_int_equal(ask(&s)->outcome, PROOF_PASS);
    assert_int_equal(s.result.findings_total, 0);
}

static void an_emptied_prefix_is_named(void **state)
{
    struct sample s;
    const struct proof_result *r = NULL;

    (void)state;
    sample(&s);
    s.prefixes[1].entries = 3;
    s.prefixes[1].bytes = 900;
    r = ask(&s);
    assert_int_equal(r->outcome, PROOF_FAIL);
    assert_int_equal(r->findings_total, 1);
    assert_string_equal(r->findings[0].kind, "entries_dropped");
    assert_string_equal(r->findings[0].path, "logical/kv");
    assert_string_equal(r->findings[0].expected, "400 entries");
    assert_string_equal(r->findings[0].found, "3 entries");
    assert_non_null(strstr(r->message, "logical/kv"));
    proof_result_done(&s.result);
}

static void a_vanished_prefix_is_named(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    memmove(&s.prefixes[1], &s.prefixes[2], 4 * sizeof s.prefixes[0]);
    s.history.now.prefixes_count = WAS - 1;
    assert_int_equal(ask(&s)->outcome, PROOF_FAIL);
    assert_string_equal(s.result.findings[0].path, "logical/kv");
    assert_string_equal(s.result.findings[0].found, "0 entries");
    proof_result_done(&s.result);
}

static void lost_bytes_are_a_drop_too(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.prefixes[3].bytes = 1000;
    assert_int_equal(ask(&s)->outcome, PROOF_FAIL);
    assert_string_equal(s.result.findings[0].kind, "bytes_dropped");
    assert_string_equal(s.result.findings[0].path, "logical/wide");
    assert_string_equal(s.result.findings[0].found, "1000 bytes");
    proof_result_done(&s.result);
}

static void many_small_losses_are_a_large_one(void **state)
{
    static const struct proof_prefix little[] = {
        {"logical/a", 15, 10}, {"logical/b", 15, 10}, {"logical/c", 15, 10}};
    static const struct proof_prefix none[] = {{"logical/a", 1, 10}};
    struct sample s;

    (void)state;
    sample(&s);
    s.before.prefixes = little;
    s.before.prefixes_count = 3;
    s.history.now.prefixes = none;
    s.history.now.prefixes_count = 1;
    assert_int_equal(ask(&s)->outcome, PROOF_FAIL);
    assert_int_equal(s.result.findings_total, 1);
    assert_string_equal(s.result.findings[0].expected, "45 entries");
    assert_string_equal(s.result.findings[0].found, "1 entries");
    proof_result_done(&s.result);
}

static void the_limits_are_those_configured(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.prefixes[1].entries = 320; /* a fifth gone */
    s.prefixes[2].entries = 0;
    s.history.limits.max_drop_percent = 10;
    s.history.limits.min_entries = 5;
    assert_int_equal(ask(&s)->outcome, PROOF_FAIL);
    assert_int_equal(s.result.findings_total, 2);
    proof_result_done(&s.result);
    s.history.limits.max_drop_percent = 100; /* nothing is more */
    assert_int_equal(ask(&s)->outcome, PROOF_PASS);
    s.history.limits.max_drop_percent = 10;
    s.history.limits.ignore_count = 0;
    s.prefixes[4].entries = 0;
    assert_int_equal(ask(&s)->outcome, PROOF_FAIL);
    assert_int_equal(s.result.findings_total, 3);
    proof_result_done(&s.result);
}

static void another_cluster_fails(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.history.now.cluster_id = "c-2";
    s.history.now.prefixes_count = 1;
    assert_int_equal(ask(&s)->outcome, PROOF_FAIL);
    assert_int_equal(s.result.findings_total, 1); /* not its mounts */
    assert_string_equal(s.result.findings[0].kind, "cluster_id");
    assert_string_equal(s.result.findings[0].expected, "c-1");
    assert_string_equal(s.result.findings[0].found, "c-2");
    proof_result_done(&s.result);
}

static void a_rebuilt_cluster_is_only_noted(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.history.now.raft_index = 9;
    assert_int_equal(ask(&s)->outcome, PROOF_PASS);
    assert_int_equal(s.result.findings_total, 1);
    assert_string_equal(s.result.findings[0].kind, "raft_index");
    assert_string_equal(s.result.findings[0].expected, "100 or more");
    assert_string_equal(s.result.findings[0].found, "9");
    assert_non_null(strstr(s.result.message, "built anew"));
    proof_result_done(&s.result);
}

static void an_older_server_is_only_noted(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.history.now.server_version = "2.6.9";
    assert_int_equal(ask(&s)->outcome, PROOF_PASS);
    assert_string_equal(s.result.findings[0].kind, "version");
    proof_result_done(&s.result);
    s.history.now.server_version = "2.10.0"; /* newer */
    assert_int_equal(ask(&s)->outcome, PROOF_PASS);
    assert_int_equal(s.result.findings_total, 0);
    s.history.now.product = "vault"; /* whose numbers are others */
    s.history.now.server_version = "1.21.0";
    assert_int_equal(ask(&s)->outcome, PROOF_PASS);
    assert_int_equal(s.result.findings_total, 1);
    assert_string_equal(s.result.findings[0].kind, "product");
    proof_result_done(&s.result);
}

static void the_first_snapshot_is_not_judged(void **state)
{
    struct sample s;

    (void)state;
    sample(&s);
    s.history.before = NULL;
    assert_int_equal(ask(&s)->outcome, PROOF_NOT_RUN);
    assert_non_null(strstr(s.result.message, "no older snapshot"));
    s.context.history = NULL;
    assert_int_equal(ask(&s)->outcome, PROOF_NOT_RUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_plausible),
        cmocka_unit_test(honest_changes_are_plausible),
        cmocka_unit_test(an_emptied_prefix_is_named),
        cmocka_unit_test(a_vanished_prefix_is_named),
        cmocka_unit_test(lost_bytes_are_a_drop_too),
        cmocka_unit_test(many_small_losses_are_a_large_one),
        cmocka_unit_test(the_limits_are_those_configured),
        cmocka_unit_test(another_cluster_fails),
        cmocka_unit_test(a_rebuilt_cluster_is_only_noted),
        cmocka_unit_test(an_older_server_is_only_noted),
        cmocka_unit_test(the_first_snapshot_is_not_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
