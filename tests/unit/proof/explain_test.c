/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules, as a table: what the copy, the baseline and the primary say of
 * one object, and what that means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof/explain.h"
#include "proof/inventories.h"
#include "proof/unlike.h"

#define NONE ((const char *)0)

struct rule {
    const char *what;
    const char *r, *b, *p; /* NULL: not there */
    enum explain_verdict verdict;
    enum triple_side against; /* where it matters */
};

enum { OLD_MS = INVENTORIES_TAKEN - 5000 }; /* the baseline's start */

static void check(const struct rule *rule, bool baseline, bool primary,
                  unsigned hidden)
{
    struct explain_facts f = {
        .taken_ms = INVENTORIES_TAKEN, .baseline_ms = OLD_MS, .slack_ms = 2000};
    struct triple t = {{NULL, NULL, NULL}};
    struct explanation e;

    f.asked[TRIPLE_RESTORED] = true;
    f.asked[TRIPLE_BASELINE] = baseline;
    f.asked[TRIPLE_PRIMARY] = primary;
    if (rule->r != NULL)
        t.side[TRIPLE_RESTORED] = inventories_record(rule->r);
    if (rule->b != NULL)
        t.side[TRIPLE_BASELINE] = inventories_record(rule->b);
    if (rule->p != NULL)
        t.side[TRIPLE_PRIMARY] = inventories_record(rule->p);
    explain_object(&f, &t, hidden, &e);
    if (e.verdict != rule->verdict)
        fail_msg("%s: %u, expected %u", rule->what, (unsigned)e.verdict,
                 (unsigned)rule->verdict);
    if (e.verdict != EXPLAIN_RIGHT && e.verdict != EXPLAIN_UNSEEN &&
        e.against != rule->against)
        fail_msg("%s: against %u, expected %u", rule->what, e.against,
                 rule->against);
}

#define POLICY(text) "policy shop 0 - - text=h:" text
#define KV(version, created, changed)                                          \
    "kv2 s/a " version " " created " " changed " versions=h:" version

static const struct rule three_ways[] = {
    {"all the same", POLICY("1"), POLICY("1"), POLICY("1"), EXPLAIN_RIGHT, 0},
    {"the primary moved on", POLICY("1"), POLICY("1"), POLICY("2"),
     EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"deleted since", POLICY("1"), POLICY("1"), NONE, EXPLAIN_DRIFT,
     TRIPLE_PRIMARY},
    {"made since", NONE, NONE, POLICY("1"), EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"weakened in the copy", POLICY("2"), POLICY("1"), POLICY("1"),
     EXPLAIN_FAULT, TRIPLE_BASELINE},
    {"lost in the copy", NONE, POLICY("1"), POLICY("1"), EXPLAIN_FAULT,
     TRIPLE_BASELINE},
    {"lost in the copy, and changed since", NONE, POLICY("1"), POLICY("2"),
     EXPLAIN_FAULT, TRIPLE_BASELINE},
    {"three opinions", POLICY("1"), POLICY("2"), POLICY("3"), EXPLAIN_FAULT,
     TRIPLE_BASELINE},
    {"in nobody's mind but the copy's", POLICY("1"), NONE, NONE, EXPLAIN_FAULT,
     TRIPLE_BASELINE},
    {"changed while the baseline was taken", POLICY("2"), POLICY("1"),
     POLICY("2"), EXPLAIN_DRIFT, TRIPLE_BASELINE},
    {"deleted while the baseline was taken", NONE, POLICY("1"), NONE,
     EXPLAIN_DRIFT, TRIPLE_BASELINE},
    {"written while the baseline was taken, and since", KV("3", "-90", "-4"),
     KV("2", "-90", "-80"), KV("4", "-90", "9"), EXPLAIN_DRIFT,
     TRIPLE_BASELINE},
    {"made while the baseline was taken, and written since",
     KV("1", "-3", "-3"), NONE, KV("2", "-3", "9"), EXPLAIN_DRIFT,
     TRIPLE_BASELINE},
    {"made anew while the baseline was taken, and written since",
     KV("1", "-3", "-3"), KV("7", "-90", "-80"), KV("2", "-3", "9"),
     EXPLAIN_DRIFT, TRIPLE_BASELINE},
    {"rolled back", KV("2", "-90", "-80"), KV("3", "-90", "-70"),
     KV("3", "-90", "-70"), EXPLAIN_FAULT, TRIPLE_BASELINE},
    {"rolled back, and written since", KV("2", "-90", "-80"),
     KV("3", "-90", "-70"), KV("4", "-90", "9"), EXPLAIN_FAULT,
     TRIPLE_BASELINE},
    {"rolled back just before", KV("2", "-90", "-80"), KV("3", "-90", "-6"),
     KV("3", "-90", "-6"), EXPLAIN_FAULT, TRIPLE_BASELINE},
    {"newer than the baseline, from before it", KV("3", "-90", "-70"),
     KV("2", "-90", "-80"), KV("2", "-90", "-80"), EXPLAIN_FAULT,
     TRIPLE_BASELINE},
    {"another of the same name", "transit_key t/k 1 -90 -90 keys=h:a",
     "transit_key t/k 1 -40 -40 keys=h:b", "transit_key t/k 1 -40 -40 keys=h:b",
     EXPLAIN_FAULT, TRIPLE_BASELINE},
};

static const struct rule baseline_only[] = {
    {"the same", POLICY("1"), POLICY("1"), NONE, EXPLAIN_RIGHT, 0},
    {"another", POLICY("2"), POLICY("1"), NONE, EXPLAIN_FAULT, TRIPLE_BASELINE},
    {"lost", NONE, POLICY("1"), NONE, EXPLAIN_FAULT, TRIPLE_BASELINE},
    {"more than there was", POLICY("1"), NONE, NONE, EXPLAIN_FAULT,
     TRIPLE_BASELINE},
    {"written meanwhile", KV("3", "-90", "-4"), KV("2", "-90", "-80"), NONE,
     EXPLAIN_DRIFT, TRIPLE_BASELINE},
    {"rolled back", KV("2", "-90", "-80"), KV("3", "-90", "-70"), NONE,
     EXPLAIN_FAULT, TRIPLE_BASELINE},
};

static const struct rule primary_only[] = {
    {"the same", KV("3", "-90", "-70"), NONE, KV("3", "-90", "-70"),
     EXPLAIN_RIGHT, 0},
    {"written since", KV("3", "-90", "-70"), NONE, KV("4", "-90", "5"),
     EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"made since", NONE, NONE, KV("1", "5", "5"), EXPLAIN_DRIFT,
     TRIPLE_PRIMARY},
    {"deleted since", KV("3", "-90", "-70"), NONE, NONE, EXPLAIN_DRIFT,
     TRIPLE_PRIMARY},
    {"made anew since", KV("3", "-90", "-70"), NONE, KV("1", "5", "5"),
     EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"made anew before", KV("3", "-90", "-70"), NONE, KV("1", "-50", "-50"),
     EXPLAIN_FAULT, TRIPLE_PRIMARY},
    {"the copy's is the newer", KV("3", "-90", "-70"), NONE,
     KV("2", "-90", "-80"), EXPLAIN_FAULT, TRIPLE_PRIMARY},
    {"the copy's was made after it", KV("1", "-50", "-50"), NONE,
     KV("2", "-90", "-80"), EXPLAIN_FAULT, TRIPLE_PRIMARY},
    {"lost", NONE, NONE, KV("2", "-90", "-80"), EXPLAIN_FAULT, TRIPLE_PRIMARY},
    {"lost, and written since", NONE, NONE, KV("2", "-90", "8"), EXPLAIN_FAULT,
     TRIPLE_PRIMARY},
    {"lacks what was written before", KV("2", "-90", "-80"), NONE,
     KV("3", "-90", "-70"), EXPLAIN_FAULT, TRIPLE_PRIMARY},
    {"rotated since", "transit_key t/k 1 -90 -90 keys=h:a", NONE,
     "transit_key t/k 2 -90 3 keys=h:b", EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"the same times, other settings",
     "transit_key t/k 1 -90 -90 exportable=false", NONE,
     "transit_key t/k 1 -90 -90 exportable=true", EXPLAIN_UNEXPLAINED,
     TRIPLE_PRIMARY},
    {"no times: another", POLICY("1"), NONE, POLICY("2"), EXPLAIN_UNEXPLAINED,
     TRIPLE_PRIMARY},
    {"no times: missing", NONE, NONE, POLICY("2"), EXPLAIN_UNEXPLAINED,
     TRIPLE_PRIMARY},
    {"no times: deleted since", POLICY("1"), NONE, NONE, EXPLAIN_DRIFT,
     TRIPLE_PRIMARY},
    {"the first version says when", NONE, NONE, "policy x 1 - 5 text=h:1",
     EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"a later version does not", NONE, NONE, "policy x 2 - 5 text=h:1",
     EXPLAIN_UNEXPLAINED, TRIPLE_PRIMARY},
    {"changed long before, so it was there", NONE, NONE,
     "policy x 2 - -50 text=h:1", EXPLAIN_FAULT, TRIPLE_PRIMARY},
    {"younger than the snapshot", KV("1", "60", "60"), NONE, NONE,
     EXPLAIN_UNEXPLAINED, TRIPLE_PRIMARY},
    {"its version rises by itself: changed since",
     "group g 9 -90 -70 members=a", NONE, "group g 2 -90 5 members=b",
     EXPLAIN_DRIFT, TRIPLE_PRIMARY},
    {"the clocks are a second apart", KV("3", "-90", "-70"), NONE,
     KV("4", "-90", "-1"), EXPLAIN_DRIFT, TRIPLE_PRIMARY},
};

#define ALL(rules, baseline, primary)                                          \
    for (size_t i = 0; i < sizeof(rules) / sizeof((rules)[0]); i++)            \
    check(&(rules)[i], baseline, primary, 0)

static void the_rules_hold(void **state)
{
    (void)state;
    ALL(three_ways, true, true);
    ALL(baseline_only, true, false);
    ALL(primary_only, false, true);
}

static void what_a_side_hides_is_not_missing_there(void **state)
{
    const struct rule copy = {"hidden in the copy", NONE,           POLICY("1"),
                              POLICY("1"),          EXPLAIN_UNSEEN, 0};
    const struct rule base = {"hidden in the baseline",
                              POLICY("1"),
                              NONE,
                              POLICY("1"),
                              EXPLAIN_RIGHT,
                              0};
    const struct rule two = {
        "then the primary decides", KV("2", "-90", "-80"), NONE,
        KV("3", "-90", "8"),        EXPLAIN_DRIFT,         TRIPLE_PRIMARY};
    const struct rule now = {"hidden on the primary",
                             POLICY("1"),
                             POLICY("1"),
                             NONE,
                             EXPLAIN_RIGHT,
                             0};
    const struct rule both = {
        "hidden on both", POLICY("1"), NONE, NONE, EXPLAIN_UNSEEN, 0};

    (void)state;
    check(&copy, true, true, 1u << TRIPLE_RESTORED);
    check(&base, true, true, 1u << TRIPLE_BASELINE);
    check(&two, true, true, 1u << TRIPLE_BASELINE);
    check(&now, true, true, 1u << TRIPLE_PRIMARY);
    check(&both, true, true, 1u << TRIPLE_BASELINE | 1u << TRIPLE_PRIMARY);
}

static void hashes_of_another_key_do_not_accuse(void **state)
{
    struct explain_facts f = {.taken_ms = INVENTORIES_TAKEN,
                              .baseline_ms = OLD_MS};
    struct triple t = {{inventories_record(POLICY("1")),
                        inventories_record(POLICY("2")), NULL}};
    struct explanation e;

    (void)state;
    f.asked[TRIPLE_RESTORED] = f.asked[TRIPLE_BASELINE] = true;
    f.apart[TRIPLE_BASELINE] = UNLIKE_KEYS;
    explain_object(&f, &t, 0, &e);
    assert_int_equal(e.verdict, EXPLAIN_RIGHT);
    assert_true(e.partly);
    /* The primary, under our own key, makes up for it. */
    f.asked[TRIPLE_PRIMARY] = true;
    t.side[TRIPLE_PRIMARY] = inventories_record(POLICY("1"));
    explain_object(&f, &t, 0, &e);
    assert_int_equal(e.verdict, EXPLAIN_RIGHT);
    assert_false(e.partly);
    /* What is no hash is compared all the same. */
    t.side[TRIPLE_BASELINE] = inventories_record("policy shop 0 - - n=1");
    t.side[TRIPLE_RESTORED] = inventories_record("policy shop 0 - - n=2");
    f.asked[TRIPLE_PRIMARY] = false;
    explain_object(&f, &t, 0, &e);
    assert_int_equal(e.verdict, EXPLAIN_FAULT);
}

/* An honest history: whatever is done to an object, and whenever the
 * baseline, the snapshot and the primary look at it, nothing is a fault. */
struct history {
    struct inventory_record now;
    struct inventory_field field;
    char text[16];
    bool there;
};

static void live(struct history *h, int64_t at)
{
    switch (random() % 4) {
    case 0:
        h->there = false;
        return;
    case 1:
        h->there = false; /* made anew */
        break;
    default:
        break;
    }
    h->now.version = h->there ? h->now.version + 1 : 1;
    h->now.created_ms = h->there ? h->now.created_ms : at;
    h->now.changed_ms = at;
    h->now.kind = "kv2";
    h->now.path = "s/a";
    h->there = true;
}

static void honest_histories_have_no_fault(void **state)
{
    const struct explain_facts base = {.taken_ms = INVENTORIES_TAKEN,
                                       .baseline_ms = OLD_MS};
    unsigned drift = 0;

    (void)state;
    srandom(4);
    for (unsigned run = 0; run < 20000; run++) {
        struct history h = {.there = false};
        struct inventory_record at[TRIPLE_SIDES];
        struct triple t = {{NULL, NULL, NULL}};
        struct explain_facts f = base;
        /* Looks: the baseline somewhere in its walk, the snapshot, now. */
        const int64_t looks[] = {OLD_MS + random() % 4000, INVENTORIES_TAKEN,
                                 INVENTORIES_TAKEN + 50000};
        const enum triple_side sides[] = {TRIPLE_BASELINE, TRIPLE_RESTORED,
                                          TRIPLE_PRIMARY};
        int64_t time = OLD_MS - 20000;
        struct explanation e;

        for (unsigned look = 0; look < 3; look++) {
            while ((time += 1 + random() % 12000) < looks[look])
                live(&h, time);
            time = looks[look];
            if (!h.there)
                continue;
            at[sides[look]] = h.now;
            t.side[sides[look]] = &at[sides[look]];
        }
        f.asked[TRIPLE_RESTORED] = true;
        f.asked[TRIPLE_BASELINE] = run % 2 == 0;
        f.asked[TRIPLE_PRIMARY] = true;
        if (!f.asked[TRIPLE_BASELINE])
            t.side[TRIPLE_BASELINE] = NULL;
        /* Deleted in the seconds of the baseline's walk and there again: the
         * one thing that looks like a loss. */
        if (f.asked[TRIPLE_BASELINE] && t.side[TRIPLE_RESTORED] == NULL)
            continue;
        explain_object(&f, &t, 0, &e);
        if (e.verdict != EXPLAIN_RIGHT && e.verdict != EXPLAIN_DRIFT)
            fail_msg("run %u: %u", run, e.verdict);
        drift += e.verdict == EXPLAIN_DRIFT;
    }
    assert_true(drift > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rules_hold),
        cmocka_unit_test(what_a_side_hides_is_not_missing_there),
        cmocka_unit_test(hashes_of_another_key_do_not_accuse),
        cmocka_unit_test(honest_histories_have_no_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
