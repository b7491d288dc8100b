/* SPDX-License-Identifier: Apache-2.0
 *
 * Being let in to a server that is not ours, and sending it an archive.  Our
 * own server is tested for real: restore_test.c. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#define INIT "sys/init"
#define UNBORN                                                                 \
    "body:path=sys/seal-status,times=1,json={\"type\":\"shamir\","             \
    "\"initialized\":false,\"sealed\":true}",                                  \
        "status:path=sys/health,times=1,code=501"
#define UNBORN_AUTO                                                            \
    "body:path=sys/seal-status,times=1,json={\"type\":\"awskms\","             \
    "\"initialized\":false,\"sealed\":true}",                                  \
        "status:path=sys/health,times=1,code=501"
#define BORN(keys)                                                             \
    "body:path=" INIT ",json={\"keys_base64\":[" keys                          \
    "],\"recovery_keys_base64\":[\"r\"],\"root_token\":\"root\"}"
#define PROGRESS                                                               \
    "body:path=sys/unseal,json={\"initialized\":true,\"sealed\":true}"
#define FORCE "sys/storage/raft/snapshot-force"

static void body_is(const char *path, const char *expected)
{
    char *body = scripted_last(&scripted_scratch, "POST", path, "body");

    assert_non_null(body);
    assert_string_equal(body, expected);
    free(body);
}

static size_t posts(const char *path)
{
    return standin_count(&scripted_scratch, "POST", path, false);
}

static void test_nobody_answers_where_it_should_be(void **state)
{
    struct flow *w = *state;

    w->drivers.command.timeout_ms = 1500;
    scripted_faults(&scripted_scratch, "drop:path=sys/");
    flow_open(w);
    flow_fails(w, restore_up(&w->f, &w->err), TRANSIENT_UNUSABLE,
               "what the driver raised is no usable server");
}

static void test_what_is_handed_out_is_kept(void **state)
{
    struct flow *w = *state;

    w->handed = ",\"init_token\":\"s.t\",\"vault_namespace\":\"ns\"";
    flow_open(w);
    flow_ok(w, restore_up(&w->f, &w->err));
    assert_string_equal(w->f.facts.address, scripted_scratch.address);
    assert_string_equal(w->f.facts.init_token, "s.t");
    assert_string_equal(w->f.facts.namespace, "ns");
}

static void test_it_is_born_with_the_snapshots_shares(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, UNBORN, BORN("\"a\",\"b\",\"c\""),
                    PROGRESS, FLOW_PEERS);
    flow_open(w);
    flow_ok(w, restore_init(&w->f, &w->err));
    body_is(INIT, "{\"secret_shares\":3,\"secret_threshold\":2}");
    assert_int_equal(posts("sys/unseal"), 2);
    body_is("sys/unseal", "{\"key\":\"b\"}");
    assert_int_equal(w->f.throwaway.count, 3);
    assert_string_equal(w->f.cluster_id, SCRIPTED_SCRATCH_ID);
}

static void test_an_automatic_seal_is_given_no_shares(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, UNBORN_AUTO, BORN(""), FLOW_PEERS);
    flow_open(w);
    flow_ok(w, restore_init(&w->f, &w->err));
    body_is(INIT, "{\"recovery_shares\":1,\"recovery_threshold\":1}");
    assert_int_equal(posts("sys/unseal"), 0);
}

/* Whatever is at that address. */
static void test_fewer_shares_than_it_wants(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, UNBORN, BORN("\"a\""), PROGRESS);
    flow_open(w);
    flow_fails(w, restore_init(&w->f, &w->err), TRANSIENT_UNUSABLE,
               "gave 1 key shares, and wants 2");
    assert_int_equal(posts("sys/unseal"), 0);
    assert_int_equal(w->f.throwaway.count, 0);
}

static void test_one_that_lives_already_needs_a_token(void **state)
{
    struct flow *w = *state;

    flow_open(w);
    flow_fails(w, restore_init(&w->f, &w->err), TRANSIENT_UNUSABLE,
               "hand out init_token");
    scripted_only_read(&scripted_scratch);
}

static void test_one_that_lives_and_is_sealed_is_not_opened(void **state)
{
    struct flow *w = *state;

    standin_set(&scripted_scratch, "{\"sealed\":true}");
    w->f.facts.init_token = "root";
    flow_open(w);
    flow_fails(w, restore_init(&w->f, &w->err), TRANSIENT_UNUSABLE,
               "initialised already, and sealed");
    scripted_only_read(&scripted_scratch);
}

static void test_its_token_is_used(void **state)
{
    struct flow *w = *state;
    char *who;

    scripted_faults(&scripted_scratch, FLOW_PEERS);
    w->f.facts.init_token = "b.handed";
    flow_open(w);
    flow_ok(w, restore_init(&w->f, &w->err));
    assert_int_equal(posts(INIT), 0);
    who = scripted_last(&scripted_scratch, "GET",
                        "sys/storage/raft/configuration", "who");
    assert_string_equal(who, "b.handed");
    free(who);
}

static void test_a_token_for_one_that_is_not_born(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, UNBORN);
    w->f.facts.init_token = "s.t";
    flow_open(w);
    flow_fails(w, restore_init(&w->f, &w->err), TRANSIENT_UNUSABLE,
               "is not initialised");
    scripted_only_read(&scripted_scratch);
}

/* Ten bytes. */
static int read_archive(void *ctx, void *data, size_t size, size_t *len,
                        struct error *err)
{
    bool *read = ctx;

    (void)err;
    *len = *read ? 0 : 10;
    assert_true(size >= 10);
    memset(data, 'x', *len);
    *read = true;
    return 0;
}

static int upload(struct flow *w, const char *fault)
{
    bool read = false;
    const struct source archive = {
        .read = read_archive, .ctx = &read, .size = 10};

    w->o.archive = &archive;
    scripted_faults(&scripted_scratch, fault);
    error_clear(&w->err);
    return restore_upload(&w->f, &w->err);
}

static void test_an_archive_is_forced_onto_it(void **state)
{
    struct flow *w = *state;
    struct json *facts;

    flow_open(w);
    flow_ok(w, upload(w, FLOW_PEERS));
    facts = standin_facts(&scripted_scratch);
    assert_int_equal(json_count(json_get(facts, "restores")), 1);
    assert_int_equal(
        json_get_u64(json_first(json_get(facts, "restores")), "size", 0), 10);
    json_free(facts);
}

/* Only a word about the archive is the archive's fault. */
static void test_whose_fault_a_refusal_is(void **state)
{
    static const struct {
        const char *fault;
        enum transient_outcome whose;
    } rows[] = {
        {"status:path=" FORCE ",code=400,text=could not verify the snapshot",
         TRANSIENT_REFUSED},
        {"status:path=" FORCE ",code=500,text=failed to decompress it",
         TRANSIENT_REFUSED},
        {"status:path=" FORCE ",code=400,text=the gateway does not like you",
         TRANSIENT_UNUSABLE},
        {"status:path=" FORCE ",code=413,text=snapshot too large for the proxy",
         TRANSIENT_UNUSABLE},
        {"status:path=" FORCE ",code=403,text=permission denied",
         TRANSIENT_UNUSABLE},
        {"status:path=" FORCE ",code=500,text=reading snapshot: i/o timeout",
         TRANSIENT_UNUSABLE},
        {"drop_request:path=" FORCE ",after=5", TRANSIENT_UNUSABLE},
    };
    struct flow *w = *state;

    flow_open(w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        flow_fails(w, upload(w, rows[i].fault), rows[i].whose,
                   "did not take the archive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(test_nobody_answers_where_it_should_be),
        FLOW_TEST(test_what_is_handed_out_is_kept),
        FLOW_TEST(test_it_is_born_with_the_snapshots_shares),
        FLOW_TEST(test_an_automatic_seal_is_given_no_shares),
        FLOW_TEST(test_fewer_shares_than_it_wants),
        FLOW_TEST(test_one_that_lives_already_needs_a_token),
        FLOW_TEST(test_one_that_lives_and_is_sealed_is_not_opened),
        FLOW_TEST(test_its_token_is_used),
        FLOW_TEST(test_a_token_for_one_that_is_not_born),
        FLOW_TEST(test_an_archive_is_forced_onto_it),
        FLOW_TEST(test_whose_fault_a_refusal_is),
    };

    return cmocka_run_group_tests(tests, flow_start, flow_stop);
}
