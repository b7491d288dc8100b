/* SPDX-License-Identifier: Apache-2.0
 *
 * Which server an archive is sent to, and which not. */
#include "flow.h"

#include <string.h>

#define RAFT "sys/storage/raft/configuration"
#define MOUNT "sys/auth/assay-egress-probe"
#define CONFIG "auth/assay-egress-probe/config"
#define SEAL(json)                                                             \
    "body:path=sys/seal-status,json={\"type\":\"shamir\","                     \
    "\"initialized\":true,\"sealed\":false,\"version\":\"2.7.2\","             \
    "\"commit_date\":\"2026\",\"cluster_id\":\"" SCRIPTED_SCRATCH_ID           \
    "\"," json "}"

static void refuses(struct flow *w, enum transient_outcome outcome,
                    const char *says)
{
    flow_open(w);
    flow_fails(w, restore_fit(&w->f, &w->err), outcome, says);
    scripted_only_read(&scripted_scratch);
    assert_string_equal(w->f.cluster_id, "");
}

static void test_one_that_fits(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, FLOW_PEERS);
    flow_open(w);
    flow_ok(w, restore_fit(&w->f, &w->err));
    assert_string_equal(w->f.cluster_id, SCRIPTED_SCRATCH_ID);
    assert_string_equal(w->report.server_version, "2.7.2");
    assert_non_null(strstr(w->report.containment, "is asserted; it was not"));
    scripted_only_read(&scripted_scratch);
}

static void test_another_product(void **state)
{
    struct flow *w = *state;

    w->options.product = "vault";
    refuses(w, TRANSIENT_UNUSABLE, "is openbao, the snapshot is of vault");
}

static void test_an_older_server(void **state)
{
    struct flow *w = *state;

    w->options.version = "2.10.0";
    refuses(w, TRANSIENT_OLD_SERVER, "2.7.2, older than");
}

static void test_an_unknown_version_will_do(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, FLOW_PEERS);
    w->options.version = "";
    flow_open(w);
    flow_ok(w, restore_fit(&w->f, &w->err));
}

static void test_the_snapshots_own_cluster(void **state)
{
    struct flow *w = *state;

    w->options.cluster_id = SCRIPTED_SCRATCH_ID;
    refuses(w, TRANSIENT_UNUSABLE, "it is not touched");
}

static void test_another_storage(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch,
                    SEAL("\"t\":2,\"n\":3,\"storage_type\":\"file\""));
    refuses(w, TRANSIENT_UNUSABLE, "storage is file");
}

/* It would take one share for the whole key. */
static void test_other_share_counts(void **state)
{
    static const struct transient_shares wrong[] = {{5, 2}, {3, 3}, {1, 1}};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct flow *w;

        flow_tear_down(state);
        flow_set_up(state);
        w = *state;
        w->options.seal = wrong[i];
        refuses(w, TRANSIENT_UNUSABLE,
                "with 3 key shares and a threshold of 2");
    }
}

static void test_share_counts_that_say_nothing(void **state)
{
    struct flow *w = *state;

    /* Not known of the snapshot. */
    scripted_faults(&scripted_scratch, FLOW_PEERS);
    w->options.seal = (struct transient_shares){0, 0};
    flow_open(w);
    flow_ok(w, restore_fit(&w->f, &w->err));
}

static void test_several_voters(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch,
                    "body:path=" RAFT
                    ",json={\"data\":{\"config\":{\"servers\":["
                    "{\"address\":\"10.0.0.1:8201\",\"voter\":true},"
                    "{\"address\":\"10.0.0.2:8201\",\"voter\":true}]}}}");
    refuses(w, TRANSIENT_UNUSABLE, "has 2 voting nodes");
}

static void test_peers_that_may_not_be_read(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, "status:path=" RAFT ",code=403");
    refuses(w, TRANSIENT_UNUSABLE, "may not read " RAFT);
}

static void test_a_probe_that_says_open(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, FLOW_PEERS);
    w->f.facts.egress_probe = "open";
    flow_open(w);
    flow_fails(w, restore_fit(&w->f, &w->err), TRANSIENT_NOT_CONTAINED,
               "says \"open\"");
}

/* Whatever somebody has said. */
static void test_one_that_reaches_production(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, FLOW_PEERS,
                    "body:path=" MOUNT ",json={}",
                    "body:path=" CONFIG ",json={}");
    w->o.primary = w->primary;
    w->f.facts.egress_probe = "blocked";
    flow_open(w);
    flow_fails(w, restore_fit(&w->f, &w->err), TRANSIENT_NOT_CONTAINED,
               "is not contained");
}

static void test_one_that_does_not_reach_it(void **state)
{
    struct flow *w = *state;

    scripted_faults(
        &scripted_scratch, FLOW_PEERS, "body:path=" MOUNT ",json={}",
        "status:path=" CONFIG ",code=400,text=error checking jwks URL");
    w->o.primary = w->primary;
    w->f.facts.egress_probe = "blocked";
    flow_open(w);
    flow_ok(w, restore_fit(&w->f, &w->err));
    assert_non_null(strstr(w->report.containment, "probe agrees; asked to, it "
                                                  "could not reach"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(test_one_that_fits),
        FLOW_TEST(test_another_product),
        FLOW_TEST(test_an_older_server),
        FLOW_TEST(test_an_unknown_version_will_do),
        FLOW_TEST(test_the_snapshots_own_cluster),
        FLOW_TEST(test_another_storage),
        FLOW_TEST(test_other_share_counts),
        FLOW_TEST(test_share_counts_that_say_nothing),
        FLOW_TEST(test_several_voters),
        FLOW_TEST(test_peers_that_may_not_be_read),
        FLOW_TEST(test_a_probe_that_says_open),
        FLOW_TEST(test_one_that_reaches_production),
        FLOW_TEST(test_one_that_does_not_reach_it),
    };

    return cmocka_run_group_tests(tests, flow_start, flow_stop);
}
