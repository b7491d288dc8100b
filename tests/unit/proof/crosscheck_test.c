/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole inventories: outcome, coverage, order and bounds of the findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "proof/crosscheck.h"
#include "proof/inventories.h"

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

struct fixture {
    char dir[64];
    char *paths[TRIPLE_SIDES];
    struct proof_result result;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-crosscheck-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    proof_result_done(&f->result);
    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        free(f->paths[i]);
    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f);
    return 0;
}

static void give(struct fixture *f, enum triple_side side,
                 const struct inventories_spec *spec)
{
    static const char *const names[] = {"r", "b", "p"};

    free(f->paths[side]);
    f->paths[side] = inventories_write(f->dir, names[side], spec);
}

static void lines(struct fixture *f, enum triple_side side,
                  const char *const *of)
{
    give(f, side, &(struct inventories_spec){.lines = of});
}

static const struct proof_result *run(struct fixture *f)
{
    struct crosscheck_options o = {.taken_ms = INVENTORIES_TAKEN,
                                   .with = "the oracle"};

    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        o.paths[i] = f->paths[i];
    proof_result_done(&f->result);
    f->result = (struct proof_result){.name = "consistent"};
    assert_int_equal(crosscheck_run(&o, &f->result, &f->err), 0);
    return &f->result;
}

static void the_same_passes(void **state)
{
    struct fixture *f = *state;
    const char *const *all =
        LINES("kv2 s/a 1 -9 -9", "policy p 0 - - t=h:1", "mount s/ 0 - -");
    const struct proof_result *r;

    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        lines(f, (enum triple_side)i, all);
    r = run(f);
    assert_int_equal(r->outcome, PROOF_PASS);
    assert_int_equal(r->covered, 3);
    assert_int_equal(r->total, 3);
    assert_int_equal(r->findings_total, 0);
    assert_string_equal(r->message, "compared 3 of 3 objects with the oracle: "
                                    "all are as they were");
}

static void drift_and_fault_are_told_apart(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - - t=h:1", "policy b 0 - -"));
    lines(f, TRIPLE_BASELINE, LINES("policy a 0 - - t=h:1", "policy b 0 - -"));
    lines(f, TRIPLE_PRIMARY, LINES("policy a 0 - - t=h:2", "policy c 0 - -"));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_DRIFT);
    assert_int_equal(r->findings_total, 3);
    assert_string_equal(r->findings[0].kind, "drift_changed");
    assert_string_equal(r->findings[0].path, "policy:a");
    assert_string_equal(r->findings[0].expected, "t h:2");
    assert_string_equal(r->findings[0].found, "t h:1");
    assert_string_equal(r->findings[1].kind, "drift_added");
    assert_string_equal(r->findings[2].kind, "drift_missing");
    assert_string_equal(r->findings[2].path, "policy:c");

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - - t=h:1"));
    lines(f, TRIPLE_PRIMARY, LINES("policy a 0 - - t=h:2", "policy b 0 - -"));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_FAIL);
    assert_string_equal(r->findings[0].kind, "fault_missing");
    assert_string_equal(r->findings[0].path, "policy:b");
    assert_string_equal(r->findings[0].expected, "there");
    assert_string_equal(r->findings[0].found, "not there");
    assert_string_equal(r->findings[1].kind, "drift_changed");
}

static void faults_come_first_and_are_never_crowded_out(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 3 * LIMIT_FINDINGS };
    char *made[MANY + 2] = {NULL};
    const char *list[MANY + 2] = {NULL};
    const struct proof_result *r;

    for (unsigned i = 0; i < MANY; i++)
        list[i] = made[i] = text_format("kv2 s/%04u 1 9 9", i);
    list[MANY] = "policy zebra 0 - - t=h:1";
    lines(f, TRIPLE_PRIMARY, list);
    lines(f, TRIPLE_BASELINE, LINES("policy zebra 0 - - t=h:1"));
    lines(f, TRIPLE_RESTORED, LINES("policy zebra 0 - - t=h:9"));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_FAIL);
    assert_int_equal(r->findings_count, LIMIT_FINDINGS);
    assert_int_equal(r->findings_total, MANY + 1);
    assert_string_equal(r->findings[0].kind, "fault_changed");
    assert_string_equal(r->findings[0].path, "policy:zebra");
    assert_string_equal(r->findings[1].kind, "drift_missing");
    assert_int_equal(r->total, MANY + 1);
    assert_int_equal(r->covered, MANY + 1);
    assert_non_null(strstr(r->message, "1 of 301 objects are not as they "
                                       "were"));
    assert_non_null(strstr(r->message, "policy:zebra"));
    for (unsigned i = 0; i < MANY; i++)
        free(made[i]);
}

static void what_only_a_baseline_tells_is_no_verdict(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - - t=h:1", "policy b 0 - -"));
    lines(f, TRIPLE_PRIMARY, LINES("policy a 0 - - t=h:2", "policy b 0 - -"));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_NOT_RUN);
    assert_int_equal(r->covered, 1);
    assert_int_equal(r->total, 2);
    assert_string_equal(r->findings[0].kind, "unexplained_changed");
    assert_non_null(strstr(r->message, "validation.baseline"));
    assert_non_null(strstr(r->message, "compared 1 of 2"));
}

#define DENIED                                                                 \
    "not_covered s/metadata/x/ 0 - - kind=kv2 policy=path~x reason=denied "    \
    "status=403"
#define UNKNOWN "not_covered odd/ 0 - - kind=odd reason=unknown~engine"

static void a_refusal_names_the_policy_line(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - -", DENIED));
    lines(f, TRIPLE_BASELINE,
          LINES("policy a 0 - -", "kv2 s/x/1 1 -9 -9", "kv2 s/x/2 1 -9 -9"));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_NOT_RUN);
    assert_int_equal(r->total, 4);
    assert_int_equal(r->covered, 1);
    assert_int_equal(r->findings_total, 1);
    assert_string_equal(r->findings[0].kind, "not_covered");
    assert_string_equal(r->findings[0].path, "s/metadata/x/");
    assert_string_equal(r->findings[0].expected, "path x");
    assert_string_equal(r->findings[0].found, "the restored copy: denied");
    assert_non_null(strstr(r->message, "lacks path x"));
    /* Both hide it: still nothing that anybody could call compared. */
    lines(f, TRIPLE_BASELINE, LINES("policy a 0 - -", DENIED));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_NOT_RUN);
    assert_int_equal(r->total, 2);
    assert_int_equal(r->covered, 1);
}

static void a_fault_weighs_more_than_a_refusal(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - - t=h:2", DENIED));
    lines(f, TRIPLE_BASELINE, LINES("policy a 0 - - t=h:1", DENIED));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_FAIL);
    assert_string_equal(r->findings[0].kind, "fault_changed");
    assert_string_equal(r->findings[1].kind, "not_covered");
}

static void an_unknown_engine_lowers_coverage_only(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - -", UNKNOWN));
    lines(f, TRIPLE_BASELINE, LINES("policy a 0 - -", UNKNOWN));
    lines(f, TRIPLE_PRIMARY, LINES("policy a 0 - -", UNKNOWN));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_PASS);
    assert_int_equal(r->covered, 1);
    assert_int_equal(r->total, 2);
    assert_string_equal(r->findings[0].kind, "not_covered");
}

static void what_only_the_primary_hides_the_baseline_tells(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("kv2 s/x/1 1 -9 -9"));
    lines(f, TRIPLE_BASELINE, LINES("kv2 s/x/1 1 -9 -9"));
    lines(f, TRIPLE_PRIMARY, LINES(DENIED));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_PASS);
    assert_int_equal(r->covered, 1);
    assert_int_equal(r->total, 1);
}

static void another_key_compares_all_but_hashes(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - - t=h:1", "mount m/ 0 - -"));
    give(f, TRIPLE_BASELINE,
         &(struct inventories_spec){
             .key = "ffff",
             .lines = LINES("policy a 0 - - t=h:2", "mount m/ 0 - -")});
    r = run(f);
    assert_int_equal(r->outcome, PROOF_NOT_RUN);
    assert_int_equal(r->covered, 1);
    assert_int_equal(r->total, 2);
    assert_non_null(strstr(r->message, "key"));
    lines(f, TRIPLE_RESTORED, LINES("policy a 0 - - t=h:1"));
    r = run(f);
    assert_int_equal(r->outcome, PROOF_FAIL);
    assert_string_equal(r->findings[0].kind, "fault_missing");
}

static void another_clusters_copy_is_a_fault(void **state)
{
    struct fixture *f = *state;
    const struct proof_result *r;

    lines(f, TRIPLE_RESTORED, LINES("mount m/ 0 - -"));
    give(f, TRIPLE_BASELINE,
         &(struct inventories_spec){.cluster_id = "other",
                                    .lines = LINES("mount m/ 0 - -")});
    r = run(f);
    assert_int_equal(r->outcome, PROOF_FAIL);
    assert_string_equal(r->findings[0].path, "cluster:id");
}

static void a_damaged_inventory_says_nothing(void **state)
{
    struct fixture *f = *state;
    struct crosscheck_options o = {.taken_ms = INVENTORIES_TAKEN, .with = "it"};
    struct buf text;

    lines(f, TRIPLE_RESTORED, LINES("mount a/ 0 - -", "mount b/ 0 - -"));
    lines(f, TRIPLE_BASELINE, LINES("mount a/ 0 - -", "mount b/ 0 - -"));
    buf_init(&text, 4096);
    assert_int_equal(file_read(f->paths[TRIPLE_BASELINE], &text, &f->err), 0);
    assert_int_equal(file_replace(f->paths[TRIPLE_BASELINE], text.data,
                                  text.len - 20, 0600, &f->err),
                     0);
    buf_done(&text);
    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        o.paths[i] = f->paths[i];
    assert_int_equal(crosscheck_run(&o, &f->result, &f->err), -1);
    assert_int_equal(f->err.kind, ERR_CORRUPT);
    assert_non_null(strstr(f->err.text, "the baseline"));
}

/* Random inventories: each object is counted once, whoever has it. */
static void all_objects_are_counted_once(void **state)
{
    struct fixture *f = *state;
    enum { POOL = 60 };

    srandom(9);
    for (unsigned n = 0; n < 50; n++) {
        const char *lists[TRIPLE_SIDES][POOL + 1] = {{NULL}};
        size_t used[TRIPLE_SIDES] = {0};
        char *made[POOL];
        uint64_t expected = 0;
        const struct proof_result *r;

        for (unsigned i = 0; i < POOL; i++) {
            unsigned who = (unsigned)random() % 8;

            made[i] = text_format("k%u %c/%u 0 - -", i % 3, 'a' + i % 7, i);
            expected += who != 0;
            for (unsigned s = 0; s < TRIPLE_SIDES; s++)
                if (who & 1u << s)
                    lists[s][used[s]++] = made[i];
        }
        for (unsigned s = 0; s < TRIPLE_SIDES; s++)
            lines(f, (enum triple_side)s, lists[s]);
        r = run(f);
        assert_int_equal(r->total, expected);
        assert_int_equal(r->covered, expected);
        for (unsigned i = 0; i < POOL; i++)
            free(made[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_passes),
        TEST(drift_and_fault_are_told_apart),
        TEST(faults_come_first_and_are_never_crowded_out),
        TEST(what_only_a_baseline_tells_is_no_verdict),
        TEST(a_refusal_names_the_policy_line),
        TEST(a_fault_weighs_more_than_a_refusal),
        TEST(an_unknown_engine_lowers_coverage_only),
        TEST(what_only_the_primary_hides_the_baseline_tells),
        TEST(another_key_compares_all_but_hashes),
        TEST(another_clusters_copy_is_a_fault),
        TEST(a_damaged_inventory_says_nothing),
        TEST(all_objects_are_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
