/* SPDX-License-Identifier: Apache-2.0
 *
 * A cluster that is restored into is overwritten.  Each way in which it could
 * be production is refused, and nothing but questions was sent before. */
#include "scripted.h"

#include <stdio.h>
#include <string.h>

#include "transient/existing_guard.h"
#include "transient/keys.h"

#define RAFT "sys/storage/raft/configuration"
#define PEERS(address)                                                         \
    "body:path=" RAFT ",json={\"data\":{\"config\":{\"servers\":["             \
    "{\"node_id\":\"a\",\"address\":\"" address                                \
    "\",\"leader\":true,\"voter\":true}]}}}"
#define HA(address)                                                            \
    "body:path=sys/ha-status,json={\"data\":{\"nodes\":["                      \
    "{\"api_address\":\"" address                                              \
    "\",\"cluster_address\":\"https://127.0.0.1:8201\"}]}}"
#define OFFERED "body:path=sys/generate-root/attempt,json={\"started\":false}"
#define REFUSED "status:path=sys/generate-root/attempt,code=405"

/* What the guard is asked, with what is usual. */
struct question {
    const char *scratch;       /* NULL: the scripted one */
    const char *production;    /* the address of its client; NULL: as above */
    const char *production_id; /* as known from its snapshots */
    const char *snapshot_id;
};

static int ask(const struct question *q, struct vault_status *status,
               struct error *err)
{
    struct vault *scratch = scripted_client(
        q->scratch != NULL ? q->scratch : scripted_scratch.address, "root");
    struct vault *production = scripted_client(
        q->production != NULL ? q->production : scripted_production.address,
        "root");
    const struct transient_protected one = {.name = "production",
                                            .vault = production,
                                            .cluster_id = q->production_id};
    const struct transient_options o = {
        .cluster_id = q->snapshot_id, .clusters = &one, .clusters_count = 1};
    int rc = existing_guard(scratch, &o, status, err);

    vault_free(scratch);
    vault_free(production);
    scripted_only_read(&scripted_scratch);
    scripted_only_read(&scripted_production);
    return rc;
}

static void refuses(const struct question *q, const char *because)
{
    struct vault_status status = {.version = "untouched"};
    struct error err = {.kind = ERR_NONE};

    assert_int_equal(ask(q, &status, &err), -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
    assert_says(&err, because);
    assert_string_equal(status.version, "untouched");
}

static void lets(const struct question *q)
{
    struct vault_status status = {.version = ""};
    struct error err;

    if (ask(q, &status, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(status.cluster_id, SCRIPTED_SCRATCH_ID);
}

static void test_another_cluster_may_be_used(void **state)
{
    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    scripted_faults(&scripted_production, PEERS("10.0.0.2:8201"));
    lets(&(struct question){.snapshot_id = SCRIPTED_PRODUCTION_ID,
                            .production_id = SCRIPTED_PRODUCTION_ID});
    lets(&(struct question){.snapshot_id = ""});
}

static void test_the_snapshots_own_cluster_is_not_touched(void **state)
{
    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    refuses(&(struct question){.snapshot_id = SCRIPTED_SCRATCH_ID},
            "the snapshot's own cluster id");
}

static void test_a_known_id_counts_while_production_is_down(void **state)
{
    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    refuses(&(struct question){.production = SCRIPTED_NOWHERE,
                               .production_id = SCRIPTED_SCRATCH_ID},
            "the cluster id of the cluster \"production\"");
    lets(&(struct question){.production = SCRIPTED_NOWHERE,
                            .production_id = SCRIPTED_PRODUCTION_ID});
}

static void test_one_that_nothing_is_known_of_may_be_it(void **state)
{
    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    refuses(&(struct question){.production = SCRIPTED_NOWHERE},
            "cannot be told");
    refuses(
        &(struct question){.production = SCRIPTED_NOWHERE, .production_id = ""},
        "cannot be told");
    /* It answers, and says nothing: sealed. */
    standin_set(&scripted_production, "{\"sealed\":true}");
    refuses(&(struct question){.production_id = NULL}, "cannot be told");
}

static void test_an_id_that_was_only_now_learnt_counts(void **state)
{
    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    standin_set(&scripted_production,
                "{\"cluster_id\":\"" SCRIPTED_SCRATCH_ID "\"}");
    refuses(&(struct question){.production_id = SCRIPTED_PRODUCTION_ID},
            "the cluster id of the cluster \"production\"");
}

static void test_an_address_of_production_is_refused(void **state)
{
    char other[300];

    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    refuses(&(struct question){.production = scripted_scratch.address,
                               .production_id = SCRIPTED_PRODUCTION_ID},
            "the address of the cluster");
    /* The same, written otherwise. */
    (void)snprintf(other, sizeof other, "%s/v1/", scripted_scratch.address);
    refuses(&(struct question){.production = other,
                               .production_id = SCRIPTED_PRODUCTION_ID},
            "the address of the cluster");
    /* Scratch's leader is there. */
    standin_set(&scripted_scratch,
                "{\"leader_address\":\"https://192.0.2.1:8200\"}");
    refuses(&(struct question){.production = "https://192.0.2.1:8200/",
                               .production_id = SCRIPTED_PRODUCTION_ID},
            "the address of the cluster");
}

static void test_a_node_of_both_is_refused(void **state)
{
    static const struct question q = {.production_id = SCRIPTED_PRODUCTION_ID};

    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    scripted_faults(&scripted_production, PEERS("10.0.0.1:8201"));
    refuses(&q, "the node of the cluster \"production\" (10.0.0.1:8201)");
    /* Every node of this machine is there. */
    scripted_faults(&scripted_scratch, PEERS("127.0.0.1:8201"));
    scripted_faults(&scripted_production, PEERS("127.0.0.1:8201"));
    lets(&q);
    scripted_faults(&scripted_scratch, PEERS("localhost:8201"));
    scripted_faults(&scripted_production, PEERS("localhost:8201"));
    lets(&q);
    /* These only look like it. */
    scripted_faults(&scripted_scratch, PEERS("localhost.example:8201"));
    scripted_faults(&scripted_production, PEERS("localhost.example:8201"));
    refuses(&q, "localhost.example:8201");
    scripted_faults(&scripted_scratch, PEERS("127.example:8201"));
    scripted_faults(&scripted_production, PEERS("127.example:8201"));
    refuses(&q, "127.example:8201");
    /* By the address that it gives its clients. */
    scripted_faults(&scripted_scratch, PEERS("127.0.0.1:8201"),
                    HA("http://10.0.0.3:8200"));
    scripted_faults(&scripted_production, PEERS("127.0.0.1:8201"),
                    HA("http://10.0.0.3:8200"));
    refuses(&q, "the node of");
}

static void test_a_common_leader_is_refused(void **state)
{
    static const char leads[] =
        "{\"leader_address\":\"https://vault.example:8200\"}";

    (void)state;
    scripted_faults(&scripted_scratch, PEERS("10.0.0.1:8201"));
    standin_set(&scripted_scratch, leads);
    standin_set(&scripted_production, leads);
    refuses(&(struct question){.production_id = SCRIPTED_PRODUCTION_ID},
            "(https://vault.example:8200)");
}

static void test_it_must_be_an_active_node_that_tells_its_peers(void **state)
{
    static const struct {
        const char *state;
        const char *says;
    } wrong[] = {
        {"{\"initialized\":false,\"sealed\":true}", "is not initialized"},
        {"{\"sealed\":true}", "is sealed"},
        {"{\"is_self\":false}", "is not the active node"},
        {"{\"cluster_id\":\"\"}", "is without a cluster id"},
    };
    static const struct question q = {.production_id = SCRIPTED_PRODUCTION_ID};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scripted_reset(state);
        standin_set(&scripted_scratch, wrong[i].state);
        refuses(&q, wrong[i].says);
    }
    scripted_reset(state);
    scripted_faults(&scripted_scratch, "status:path=" RAFT ",code=403");
    refuses(&q, "may not read sys/storage/raft/configuration");
}

static void test_one_that_does_not_answer_is_no_scratch_cluster(void **state)
{
    struct vault_status status;
    struct error err;

    (void)state;
    assert_int_equal(
        ask(&(struct question){.scratch = SCRIPTED_NOWHERE}, &status, &err),
        -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

/* Who could put it back. */
struct helpers {
    bool allow_root;
    bool keys;
    bool auth;
    const char *capability; /* of ours, on production; NULL: no client */
};

static int may_return(const struct helpers *h, struct error *err)
{
    const struct vault_auth_options auth = {.method = VAULT_AUTH_TOKEN,
                                            .token = "t"};
    const struct transient_drivers d = {.allow_generate_root = h->allow_root,
                                        .auth = h->auth ? &auth : NULL};
    struct vault *scratch = scripted_client(scripted_scratch.address, "root");
    struct vault *primary = NULL;
    struct keys *keys = h->keys ? keys_new() : NULL;
    char set[200];
    int rc;

    if (h->keys)
        assert_int_equal(keys_add(keys, SCRIPTED_SHARE_1, err), 0);
    if (h->capability != NULL) {
        primary = scripted_client(scripted_production.address, "b.ours");
        (void)snprintf(set, sizeof set,
                       "{\"capabilities\":{"
                       "\"sys/storage/raft/snapshot-force\":[\"%s\"]}}",
                       h->capability);
        standin_set(&scripted_production, set);
    }
    rc = existing_may_return(scratch,
                             &(struct transient_options){.drivers = &d,
                                                         .keys = keys,
                                                         .primary = primary},
                             err);
    keys_free(keys);
    vault_free(scratch);
    vault_free(primary);
    scripted_only_read(&scripted_scratch);
    scripted_only_read(&scripted_production);
    return rc;
}

static void test_somebody_must_be_able_to_put_it_back(void **state)
{
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, OFFERED);
    assert_int_equal(
        may_return(&(struct helpers){.allow_root = true, .keys = true}, &err),
        0);
    assert_int_equal(may_return(&(struct helpers){.auth = true}, &err), 0);
    assert_int_equal(
        may_return(&(struct helpers){.capability = "update"}, &err), 0);
    assert_int_equal(may_return(&(struct helpers){.capability = "root"}, &err),
                     0);
    assert_int_equal(may_return(&(struct helpers){.capability = "deny"}, &err),
                     -1);
    assert_int_equal(err.kind, ERR_PRECONDITION);
    assert_says(&err, "assay policy restore-force");
    assert_int_equal(may_return(&(struct helpers){.capability = "read"}, &err),
                     -1);
    /* No keys, nothing that root could be made from; not allowed, nothing
     * that keys are good for. */
    assert_int_equal(may_return(&(struct helpers){.allow_root = true}, &err),
                     -1);
    assert_int_equal(may_return(&(struct helpers){.keys = true}, &err), -1);
    scripted_faults(&scripted_scratch, REFUSED);
    assert_int_equal(
        may_return(&(struct helpers){.allow_root = true, .keys = true}, &err),
        -1);
    assert_says(&err, "where the scratch cluster's listener offers it");
}

/* What is at `address`, led from there, may be overwritten. */
static void returns(const char *address, const char *led_from,
                    const char *production, bool may)
{
    struct vault *v = scripted_client(production, NULL);
    const struct transient_protected one = {.name = "main", .vault = v};
    const struct transient_options o = {.clusters = &one, .clusters_count = 1};
    struct vault_status status = {.is_self = led_from[0] != '\0'};
    struct error err = {.kind = ERR_NONE};

    (void)snprintf(status.leader_address, sizeof status.leader_address, "%s",
                   led_from);
    assert_int_equal(existing_guard_return(&status, address, &o, &err),
                     may ? 0 : -1);
    if (!may)
        assert_says(&err, "is the cluster \"main\" now");
    /* Before it leads itself it knows what the snapshot says. */
    status.is_self = false;
    if (strcmp(address, "https://vault-1:8200") == 0)
        assert_int_equal(existing_guard_return(&status, address, &o, &err), 0);
    vault_free(v);
    scripted_only_read(&scripted_production);
}

static void test_a_copy_that_became_production_is_not_touched(void **state)
{
    const char *own = scripted_production.address;

    (void)state;
    returns("https://scratch:8200", "", own, true);
    returns(own, "", own, false);
    returns("https://VAULT:8200", "", "https://vault:8200/", false);
    returns("https://vault-1:8200", "https://vault:8200", "https://vault:8200",
            false);
    /* Everybody's on loopback. */
    returns("http://127.0.0.1:3", "http://127.0.0.1:4", SCRIPTED_NOWHERE, true);
    /* It says itself who leads it. */
    standin_set(&scripted_production,
                "{\"leader_address\":\"https://vault-1:8200\"}");
    returns("https://scratch:8200", "https://vault-1:8200", own, false);
    returns("https://scratch:8200", "https://vault-2:8200", own, true);
}

#define TEST(name) cmocka_unit_test_setup(name, scripted_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_another_cluster_may_be_used),
        TEST(test_the_snapshots_own_cluster_is_not_touched),
        TEST(test_a_known_id_counts_while_production_is_down),
        TEST(test_one_that_nothing_is_known_of_may_be_it),
        TEST(test_an_id_that_was_only_now_learnt_counts),
        TEST(test_an_address_of_production_is_refused),
        TEST(test_a_node_of_both_is_refused),
        TEST(test_a_common_leader_is_refused),
        TEST(test_it_must_be_an_active_node_that_tells_its_peers),
        TEST(test_one_that_does_not_answer_is_no_scratch_cluster),
        TEST(test_somebody_must_be_able_to_put_it_back),
        TEST(test_a_copy_that_became_production_is_not_touched),
    };

    return cmocka_run_group_tests(tests, scripted_start, scripted_stop);
}
