/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "vault/status.h"

static void a_node_tells_about_itself(void **state)
{
    struct fixture *f = *state;
    struct vault_status st;

    assert_ok(f, vault_status_get(f->v, &st, &f->err));
    assert_true(st.reachable);
    assert_true(st.initialized);
    assert_false(st.sealed);
    assert_false(st.standby);
    assert_true(st.is_self);
    assert_int_equal(st.health, 200);
    assert_int_equal(st.product, VAULT_PRODUCT_OPENBAO);
    assert_string_equal(st.version, "2.7.2");
    assert_string_equal(st.cluster_name, "standin");
    assert_int_equal(st.threshold, 2);
    assert_int_equal(st.shares, 3);
    assert_int_equal(st.raft_applied_index, 100);
    assert_string_equal(st.leader_address, fixture_here.address);
    standin_set(&fixture_here, "{\"product\":\"vault\"}");
    assert_ok(f, vault_status_get(f->v, &st, &f->err));
    assert_int_equal(st.product, VAULT_PRODUCT_VAULT);
}

static void sealed_is_an_answer_and_not_an_error(void **state)
{
    struct fixture *f = *state;
    struct vault_status st;

    standin_set(&fixture_here, "{\"sealed\":true}");
    assert_ok(f, vault_status_get(f->v, &st, &f->err));
    assert_true(st.sealed);
    assert_int_equal(st.health, 503);
    assert_string_equal(st.cluster_id, "");
}

static void unreachable_is_an_error_and_said(void **state)
{
    struct fixture *f = *state;
    struct vault_status st;

    fixture_use(f, &(struct vault_options){.address = "http://127.0.0.1:1"});
    assert_fails(f, vault_status_get(f->v, &st, &f->err), ERR_UNAVAILABLE);
    assert_false(st.reachable);
}

static void something_else_is_not_a_vault(void **state)
{
    struct fixture *f = *state;
    struct vault_status st;

    standin_set(&fixture_here, "{\"faults\":[\"body:path=sys/seal,text={}\"]}");
    assert_fails(f, vault_status_get(f->v, &st, &f->err), ERR_UPSTREAM);
}

static void leads(struct standin *s, bool self, const char *leader)
{
    char text[400];

    (void)snprintf(text, sizeof text,
                   "{\"is_self\":%s,\"leader_address\":\"%s\"}",
                   self ? "true" : "false", leader);
    standin_set(s, text);
}

static void the_leader_is_gone_to(void **state)
{
    struct fixture *f = *state;
    struct vault *leader = NULL;
    struct vault_status st;

    leads(&fixture_here, false, fixture_there.address);
    assert_ok(f, vault_leader(f->v, &leader, &st, &f->err));
    assert_string_equal(vault_address(leader), fixture_there.address);
    assert_true(st.is_self);
    vault_free(leader);
}

static void an_unreachable_leader_is_said(void **state)
{
    struct fixture *f = *state;
    struct vault *leader = NULL;

    leads(&fixture_here, false, "http://127.0.0.1:1");
    assert_fails(f, vault_leader(f->v, &leader, NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_null(leader);
    assert_non_null(strstr(f->err.text, "http://127.0.0.1:1"));
    assert_non_null(strstr(f->err.text, "cannot be reached"));
}

static void a_peer_may_turn_out_to_be_the_leader(void **state)
{
    struct fixture *f = *state;
    const char *const peers[] = {fixture_there.address, NULL};
    struct vault *leader = NULL;
    struct vault_options o;

    fixture_options(&o);
    o.peers = peers;
    fixture_use(f, &o);
    leads(&fixture_here, false, "http://127.0.0.1:1");
    assert_ok(f, vault_leader(f->v, &leader, NULL, &f->err));
    assert_string_equal(vault_address(leader), fixture_there.address);
    vault_free(leader);
}

static void a_named_leader_that_denies_it_is_none(void **state)
{
    struct fixture *f = *state;
    struct vault *leader = NULL;

    leads(&fixture_here, false, fixture_there.address);
    leads(&fixture_there, false, fixture_here.address);
    assert_fails(f, vault_leader(f->v, &leader, NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "election"));
}

static void a_sealed_server_has_no_leader(void **state)
{
    struct fixture *f = *state;
    struct vault *leader = NULL;

    standin_set(&fixture_here, "{\"sealed\":true}");
    assert_fails(f, vault_leader(f->v, &leader, NULL, &f->err),
                 ERR_UNAVAILABLE);
    assert_non_null(strstr(f->err.text, "is sealed"));
}

static void waiting_ends_when_it_is_so_and_when_it_is_not(void **state)
{
    struct fixture *f = *state;
    struct vault_status st;
    const struct cancel cancel = {.requested = true};
    struct vault_wait wait = {.timeout_ms = 5000};
    int64_t start = clock_mono_ms();

    assert_ok(f,
              vault_wait_ready(f->v, VAULT_UNTIL_ACTIVE, &wait, &st, &f->err));
    assert_true(clock_mono_ms() - start < 1000);
    standin_set(&fixture_here, "{\"sealed\":true}");
    assert_ok(f,
              vault_wait_ready(f->v, VAULT_UNTIL_ANSWERS, &wait, &st, &f->err));
    wait.timeout_ms = 500;
    assert_fails(
        f, vault_wait_ready(f->v, VAULT_UNTIL_UNSEALED, &wait, &st, &f->err),
        ERR_UNAVAILABLE);
    assert_true(st.sealed);
    assert_non_null(strstr(f->err.text, "still sealed"));
    wait = (struct vault_wait){.timeout_ms = 5000, .cancel = &cancel};
    assert_fails(
        f, vault_wait_ready(f->v, VAULT_UNTIL_UNSEALED, &wait, &st, &f->err),
        ERR_CANCELLED);
}

static void nodes_that_may_not_be_asked_are_a_fact(void **state)
{
    struct fixture *f = *state;
    struct vault_nodes nodes;

    assert_ok(f, vault_nodes_get(f->v, &nodes, &f->err));
    assert_false(nodes.peers_allowed);
    assert_false(nodes.autopilot_allowed);
    assert_int_equal(nodes.count, 0);
}

static void products_have_names(void **state)
{
    (void)state;
    assert_string_equal(vault_product_name(VAULT_PRODUCT_OPENBAO), "openbao");
    assert_int_equal(vault_product_parse("vault"), VAULT_PRODUCT_VAULT);
    assert_int_equal(vault_product_parse("consul"), VAULT_PRODUCT_UNKNOWN);
    assert_int_equal(vault_product_parse(NULL), VAULT_PRODUCT_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_node_tells_about_itself),
        fixture_test(sealed_is_an_answer_and_not_an_error),
        fixture_test(unreachable_is_an_error_and_said),
        fixture_test(something_else_is_not_a_vault),
        fixture_test(the_leader_is_gone_to),
        fixture_test(an_unreachable_leader_is_said),
        fixture_test(a_peer_may_turn_out_to_be_the_leader),
        fixture_test(a_named_leader_that_denies_it_is_none),
        fixture_test(a_sealed_server_has_no_leader),
        fixture_test(waiting_ends_when_it_is_so_and_when_it_is_not),
        fixture_test(nodes_that_may_not_be_asked_are_a_fact),
        cmocka_unit_test(products_have_names),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
