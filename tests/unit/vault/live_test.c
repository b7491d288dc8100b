/* SPDX-License-Identifier: Apache-2.0
 *
 * Against a real cluster, whose data this test changes and restores:
 *
 *   ASSAY_TEST_VAULT_ADDRS  its nodes' addresses, with commas; the leader
 *                           anywhere among them
 *   ASSAY_TEST_ROOT_TOKEN   a root token older than the test
 *   ASSAY_TEST_UNSEAL_KEYS  optional: shares, with commas, enough to unseal
 *
 * and VAULT_CACERT and its like.  Skipped without the first two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "vault/auth.h"
#include "vault/call.h"
#include "vault/env.h"
#include "vault/marker.h"
#include "vault/raft.h"
#include "vault/send.h"
#include "vault/sys.h"
#include "vault/wrapped.h"

enum { NODES_MAX = 8, SETTLE_MS = 30 * 1000, ARCHIVE_MAX = 64 << 20 };

static char *node[NODES_MAX];
static size_t nodes;
static const char *root_token;
static const struct vault_wait settle = {.timeout_ms = SETTLE_MS};

static struct error err;

#define must(call)                                                             \
    do {                                                                       \
        error_clear(&err);                                                     \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, err.text);                               \
    } while (0)

static struct vault *open_as(const char *address,
                             const struct vault_auth_options *auth)
{
    struct vault *v = NULL;
    struct vault_options o = {.auth = *auth};

    must(vault_options_from_env(&o, &err));
    o.address = address;
    must(vault_new(&o, &v, &err));
    return v;
}

static struct vault *as_root(const char *address)
{
    return open_as(address,
                   &(struct vault_auth_options){.method = VAULT_AUTH_TOKEN,
                                                .token = root_token});
}

static struct vault *the_leader(void)
{
    struct vault *v = as_root(node[0]), *leader = NULL;

    must(vault_leader(v, &leader, NULL, &err));
    vault_free(v);
    return leader;
}

/* A node that does not lead, or the only one. */
static const char *a_standby(void)
{
    struct vault *leader = the_leader();
    const char *found = node[0];

    for (size_t i = 0; i < nodes; i++) {
        if (strcmp(node[i], vault_address(leader)) != 0)
            found = node[i];
    }
    vault_free(leader);
    return found;
}

static char *field(struct vault *v, const char *method, const char *path,
                   const char *key)
{
    struct json *answer = NULL;
    char *text;

    must(vault_call(v, &(struct vault_request){.method = method, .path = path},
                    &answer, &err));
    text = secret_dup(json_get_text(json_get(answer, "data"), key, ""));
    json_free(answer);
    assert_non_null(text);
    return text;
}

#define POLICY                                                                 \
    "{\"policy\":\"path \\\"sys/storage/raft/snapshot\\\" { capabilities = "   \
    "[\\\"read\\\", \\\"update\\\"] }\\n"                                      \
    "path \\\"live/*\\\" { capabilities = [\\\"create\\\", \\\"read\\\", "     \
    "\\\"update\\\", \\\"list\\\"] }\\n"                                       \
    "path \\\"assay/restores/+/approve\\\" { capabilities = [\\\"update\\\","  \
    " \\\"sudo\\\"] }\\n\"}"

/* An AppRole with two roles, and a mount to write to. */
static int make_world(void **state)
{
    struct vault *v = the_leader();

    (void)state;
    must(vault_delete(v, "sys/auth/live", &err)); /* of an earlier run */
    must(vault_delete(v, "sys/mounts/live", &err));
    must(vault_write(v, "sys/auth/live", "{\"type\":\"approle\"}", NULL, &err));
    must(vault_write(v, "sys/mounts/live", "{\"type\":\"kv\"}", NULL, &err));
    must(vault_write(v, "sys/policies/acl/live", POLICY, NULL, &err));
    must(vault_write(v, "auth/live/role/service",
                     "{\"token_policies\":\"live\",\"token_ttl\":\"1h\"}", NULL,
                     &err));
    must(vault_write(v, "auth/live/role/batch",
                     "{\"token_policies\":\"live\",\"token_ttl\":\"1h\","
                     "\"token_type\":\"batch\"}",
                     NULL, &err));
    must(vault_write(v, "auth/live/role/short",
                     "{\"token_policies\":\"live\",\"token_ttl\":\"3s\","
                     "\"token_max_ttl\":\"60s\"}",
                     NULL, &err));
    vault_free(v);
    return 0;
}

static struct vault *as_role(const char *address, const char *role)
{
    struct vault *admin = the_leader(), *v;
    char path[128];
    char *role_id, *secret_id;

    (void)snprintf(path, sizeof path, "auth/live/role/%s/role-id", role);
    role_id = field(admin, "GET", path, "role_id");
    (void)snprintf(path, sizeof path, "auth/live/role/%s/secret-id", role);
    secret_id = field(admin, "POST", path, "secret_id");
    v = open_as(address,
                &(struct vault_auth_options){.method = VAULT_AUTH_APPROLE,
                                             .mount = "live",
                                             .role_id = role_id,
                                             .secret_id = secret_id});
    /* A secret-id as young as this is unknown to a standby of OpenBao, which
     * looks it up in its own copy: the leader must be asked. */
    must(vault_keep_login(v, &err));
    secret_free(secret_id);
    secret_free(role_id);
    vault_free(admin);
    return v;
}

static void a_standby_leads_to_the_leader(void **state)
{
    struct vault *v = as_root(a_standby()), *leader = NULL;
    struct vault_status st;

    (void)state;
    must(vault_status_get(v, &st, &err));
    assert_int_not_equal(st.product, VAULT_PRODUCT_UNKNOWN);
    assert_true(st.initialized && !st.sealed);
    assert_int_equal(st.is_self, nodes == 1);
    assert_int_equal(st.standby, nodes > 1);
    must(vault_leader(v, &leader, &st, &err));
    assert_true(st.is_self);
    assert_int_equal(st.health, 200);
    assert_true(st.raft_applied_index > 0);
    assert_true(strlen(st.cluster_id) == 36);
    vault_free(leader);
    vault_free(v);
}

static void the_nodes_are_known_with_their_addresses(void **state)
{
    struct vault *v = the_leader(), *modest = as_role(node[0], "service");
    struct vault_nodes n;
    size_t leaders = 0;

    (void)state;
    must(vault_nodes_get(v, &n, &err));
    assert_true(n.peers_allowed && n.autopilot_allowed && n.ha_allowed);
    assert_int_equal(n.count, nodes);
    for (size_t i = 0; i < n.count; i++) {
        assert_true(n.node[i].api_address[0] != '\0');
        leaders += n.node[i].leader;
    }
    assert_int_equal(leaders, 1);
    must(vault_nodes_get(modest, &n, &err));
    assert_false(n.peers_allowed || n.autopilot_allowed || n.ha_allowed);
    assert_int_equal(n.count, 0);
    vault_free(modest);
    vault_free(v);
}

static void a_short_lease_is_renewed(void **state)
{
    struct vault *v = as_role(node[0], "short");
    struct vault_token first, later;

    (void)state;
    must(vault_own_token(v, &first, &err));
    clock_sleep_ms(2200);
    must(vault_keep_login(v, &err));
    clock_sleep_ms(1500);
    must(vault_own_token(v, &later, &err));
    assert_string_equal(first.accessor, later.accessor);
    vault_free(v);
}

static void a_revoked_token_is_replaced(void **state)
{
    struct vault *v = as_role(node[0], "service");
    struct vault_token first, later;

    (void)state;
    must(vault_own_token(v, &first, &err));
    assert_string_equal(first.type, "service");
    assert_true(first.entity_id[0] != '\0');
    must(vault_token_revoke(v, NULL, &err));
    must(vault_write(v, "live/revoked", "{\"a\":\"b\"}", NULL, &err));
    must(vault_own_token(v, &later, &err));
    assert_string_not_equal(first.accessor, later.accessor);
    vault_free(v);
}

static void a_refusal_is_meant(void **state)
{
    struct vault *v = as_role(node[0], "service");

    (void)state;
    assert_int_equal(vault_read(v, "sys/policies/acl/live", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_int_equal(vault_read(v, "live/nothing", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    vault_free(v);
}

static void odd_names_survive_the_journey(void **state)
{
    static const char path[] = "live/a b/\xc3\xbc%?#&";
    struct vault *v = the_leader();
    struct json *answer = NULL;

    (void)state;
    must(vault_write(v, path, "{\"k\":\"v\"}", NULL, &err));
    must(vault_read(v, path, &answer, &err));
    assert_string_equal(json_get_text(json_get(answer, "data"), "k", ""), "v");
    json_free(answer);
    must(vault_list(v, "live/a b", &answer, &err));
    assert_string_equal(
        json_text(json_first(json_get(json_get(answer, "data"), "keys")), ""),
        "\xc3\xbc%?#&");
    json_free(answer);
    must(vault_delete(v, path, &err));
    vault_free(v);
}

/* A wrapping token for the answer of that request, made by an approver. */
static char *wrapped(const char *path, const char *body)
{
    struct vault *admin = the_leader();
    struct exchange x = {.method = "POST",
                         .path = path,
                         .body = body,
                         .token = root_token,
                         .wrap_ttl = "600"};
    struct json *answer = NULL;
    char *token;

    must(send_simple(admin, &x, &answer, &err));
    token =
        secret_dup(json_get_text(json_get(answer, "wrap_info"), "token", ""));
    assert_non_null(token);
    assert_true(token[0] != '\0');
    json_free(answer);
    vault_free(admin);
    return token;
}

/* A handle without a credential, to a standby where there is one. */
static struct vault *awaiting(const char *role_id)
{
    struct vault *v = NULL;
    struct vault_options o = {.auth = {.method = VAULT_AUTH_APPROVER,
                                       .mount = "live",
                                       .role_id = role_id}};

    must(vault_options_from_env(&o, &err));
    o.address = a_standby();
    o.refuse_root = true;
    must(vault_new(&o, &v, &err));
    return v;
}

static void a_wrapped_token_is_used_once(void **state)
{
    struct vault *v = awaiting(NULL), *with = NULL;
    char *wrap = wrapped("auth/token/create",
                         "{\"policies\":[\"live\"],\"ttl\":\"10m\"}");
    struct vault_wrapped facts;
    struct vault_token own;

    (void)state;
    must(vault_wrapped_look(v, wrap, &facts, &err));
    assert_int_equal(facts.kind, VAULT_WRAPPED_TOKEN);
    assert_in_range(facts.expires_at_ms - clock_now_ms(), 300 * 1000,
                    900 * 1000);
    must(vault_from_wrapped(v, wrap, &with, &err));
    must(vault_own_token(with, &own, &err));
    assert_false(own.root);
    must(vault_write(with, "live/handed", "{\"a\":\"b\"}", NULL, &err));
    assert_int_equal(vault_wrapped_look(v, wrap, &facts, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    vault_free(with);
    vault_free(v);
    secret_free(wrap);
}

static void a_wrapped_secret_id_logs_in(void **state)
{
    struct vault *admin = the_leader(), *v, *with = NULL;
    char *role_id =
        field(admin, "GET", "auth/live/role/batch/role-id", "role_id");
    char *wrap = wrapped("auth/live/role/batch/secret-id", "{}");
    struct vault_wrapped facts;

    (void)state;
    v = awaiting(role_id);
    must(vault_wrapped_look(v, wrap, &facts, &err));
    assert_int_equal(facts.kind, VAULT_WRAPPED_SECRET_ID);
    must(vault_from_wrapped(v, wrap, &with, &err));
    must(vault_write(with, "live/handed", "{\"a\":\"c\"}", NULL, &err));
    vault_free(with);
    vault_free(v);
    vault_free(admin);
    secret_free(role_id);
    secret_free(wrap);
}

static void a_forged_or_mighty_wrapping_is_refused(void **state)
{
    struct vault *v = awaiting(NULL), *with = NULL;
    char *forged =
        wrapped("sys/wrapping/wrap", "{\"auth\":{\"client_token\":\"x\"}}");
    char *mighty = wrapped("auth/token/create", "{\"policies\":[\"root\"]}");
    struct vault_wrapped facts;

    (void)state;
    assert_int_equal(vault_from_wrapped(v, forged, &with, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(vault_from_wrapped(v, mighty, &with, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_non_null(strstr(err.text, "root token"));
    assert_int_equal(vault_wrapped_look(v, mighty, &facts, &err), -1);
    vault_free(v);
    secret_free(forged);
    secret_free(mighty);
}

static void a_root_token_is_no_credential_of_ours(void **state)
{
    struct vault *v = NULL;
    struct vault_options o = {
        .auth = {.method = VAULT_AUTH_TOKEN, .token = root_token}};

    (void)state;
    must(vault_options_from_env(&o, &err));
    o.address = node[0];
    o.refuse_root = true;
    must(vault_new(&o, &v, &err));
    assert_int_equal(vault_read(v, "live/nothing", NULL, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_non_null(strstr(err.text, "root token"));
    vault_free(v);
}

/* The token of a login at this role. */
static char *token_of(const char *role)
{
    struct vault *admin = the_leader();
    char path[128], body[512];
    struct json *answer = NULL;
    char *role_id, *secret_id, *token;

    (void)snprintf(path, sizeof path, "auth/live/role/%s/role-id", role);
    role_id = field(admin, "GET", path, "role_id");
    (void)snprintf(path, sizeof path, "auth/live/role/%s/secret-id", role);
    secret_id = field(admin, "POST", path, "secret_id");
    (void)snprintf(body, sizeof body,
                   "{\"role_id\":\"%s\",\"secret_id\":\"%s\"}", role_id,
                   secret_id);
    must(vault_call(admin,
                    &(struct vault_request){.method = "POST",
                                            .path = "auth/live/login",
                                            .body = body,
                                            .token = ""},
                    &answer, &err));
    token =
        secret_dup(json_get_text(json_get(answer, "auth"), "client_token", ""));
    json_free(answer);
    secret_free(secret_id);
    secret_free(role_id);
    vault_free(admin);
    return token;
}

static void capabilities_are_those_of_the_real_path(void **state)
{
    struct vault_capabilities asked[] = {
        {.path = "assay/restores/approve"},
        {.path = "assay/restores/0192f0c8-0000-7000-8000-000000000000/approve"},
        {.path = "assay/backups"},
        {.path = "sys/storage/raft/snapshot"},
    };
    struct vault *v = as_root(a_standby());
    char *token = token_of("service");
    struct vault_caller who = {.token = token};

    (void)state;
    must(vault_capabilities_self(v, &who, asked, 4, &err));
    assert_int_equal(asked[0].set, 0);
    assert_int_equal(asked[1].set, VAULT_CAP_UPDATE | VAULT_CAP_SUDO);
    assert_int_equal(asked[2].set, 0);
    assert_int_equal(asked[3].set, VAULT_CAP_READ | VAULT_CAP_UPDATE);
    who.token = root_token;
    must(vault_capabilities_self(v, &who, asked, 1, &err));
    assert_int_equal(asked[0].set, VAULT_CAP_ROOT);
    who.token = "s.nonsense";
    assert_int_equal(vault_capabilities_self(v, &who, asked, 1, &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    secret_free(token);
    vault_free(v);
}

struct memory {
    char *data;
    size_t len, at;
};

static int keep_bytes(void *ctx, const void *data, size_t len, struct error *e)
{
    struct memory *m = ctx;

    (void)e;
    assert_true(m->len + len <= ARCHIVE_MAX);
    memcpy(m->data + m->len, data, len);
    m->len += len;
    return 0;
}

static int give_bytes(void *ctx, void *data, size_t size, size_t *len,
                      struct error *e)
{
    struct memory *m = ctx;

    (void)e;
    *len = size < m->len - m->at ? size : m->len - m->at;
    memcpy(data, m->data + m->at, *len);
    m->at += *len;
    return 0;
}

/* Taken and put back through a standby, by a role that may do no more: the
 * data is the old one, the marker is gone, the role works on. */
static void through_a_standby_and_back(const char *role)
{
    struct memory m = {.data = malloc(ARCHIVE_MAX)};
    struct sink sink = {keep_bytes, &m};
    struct source source = {.read = give_bytes, .ctx = &m};
    struct vault *v = as_role(a_standby(), role), *leader = NULL;
    struct vault_snapshot_info info;
    struct vault_restore_result result;
    struct vault_marker *marker = NULL;
    struct vault_status st;
    struct json *answer = NULL;

    assert_non_null(m.data);
    must(vault_leader(v, &leader, NULL, &err));
    must(vault_write(v, "live/state", "{\"is\":\"old\"}", NULL, &err));
    must(vault_snapshot_take(v, &sink, NULL, &info, &err));
    assert_int_equal(info.bytes, m.len);
    assert_string_equal(info.leader_address, vault_address(leader));
    must(vault_write(v, "live/state", "{\"is\":\"new\"}", NULL, &err));
    must(vault_marker_make(leader, &marker, &err));
    source.size = m.len;
    must(vault_snapshot_restore(v, &(struct vault_restore){.source = &source},
                                &result, &err));
    assert_int_equal(result.outcome, VAULT_RESTORE_ACCEPTED);
    assert_int_equal(result.sent, m.len);
    assert_string_equal(result.leader_address, vault_address(leader));
    must(vault_marker_wait(leader, marker, &settle, &st, &err));
    vault_forget_login(v);
    must(vault_read(leader, "live/state", &answer, &err));
    assert_string_equal(json_get_text(json_get(answer, "data"), "is", ""),
                        "old");
    json_free(answer);
    for (size_t i = 0; i < nodes; i++) {
        struct vault *n = NULL;

        must(vault_at(v, node[i], &n, &err));
        must(vault_wait_ready(n, VAULT_UNTIL_SERVING, &settle, &st, &err));
        vault_free(n);
    }
    vault_marker_free(marker);
    vault_free(leader);
    vault_free(v);
    free(m.data);
}

static void a_restore_with_service_tokens_is_proved(void **state)
{
    (void)state;
    through_a_standby_and_back("service");
}

static void a_restore_with_batch_tokens_is_proved(void **state)
{
    (void)state;
    through_a_standby_and_back("batch");
}

static void garbage_is_refused_and_changes_nothing(void **state)
{
    struct memory m = {.data = malloc(5000), .len = 5000};
    struct source source = {.read = give_bytes, .ctx = &m, .size = 5000};
    struct vault *v = as_role(a_standby(), "service"), *leader = NULL;
    struct vault_restore_result result;
    struct vault_marker *marker = NULL;
    enum vault_marker_state there = VAULT_MARKER_GONE;

    (void)state;
    assert_non_null(m.data);
    memset(m.data, 'x', 5000);
    must(vault_leader(v, &leader, NULL, &err));
    must(vault_marker_make(leader, &marker, &err));
    assert_int_equal(
        vault_snapshot_restore(v, &(struct vault_restore){.source = &source},
                               &result, &err),
        -1);
    assert_int_equal(result.outcome, VAULT_RESTORE_REFUSED);
    must(vault_marker_look(leader, marker, &there, &err));
    assert_int_equal(there, VAULT_MARKER_THERE);
    vault_marker_free(marker);
    vault_free(leader);
    vault_free(v);
    free(m.data);
}

/* The leader is sealed by name, and opened again with its shares. */
static void shares_open_a_sealed_node(void **state)
{
    const char *keys = getenv("ASSAY_TEST_UNSEAL_KEYS");
    struct vault *v = the_leader();
    struct vault_seal seal;
    struct vault_status st;
    char share[256];

    (void)state;
    if (keys == NULL) {
        vault_free(v);
        skip();
    }
    must(vault_write(v, "sys/seal", "{}", NULL, &err));
    must(vault_seal_status(v, &seal, &err));
    assert_true(seal.initialized && seal.sealed);
    assert_int_equal(vault_unseal(v, "bm90IGEga2V5", &seal, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    for (const char *k = keys; *k != '\0' && seal.sealed;) {
        size_t n = strcspn(k, ",");

        (void)snprintf(share, sizeof share, "%.*s", (int)n, k);
        must(vault_unseal(v, share, &seal, &err));
        k += n + (k[n] == ',');
        if (seal.sealed)
            assert_int_equal(seal.progress, 1);
    }
    assert_false(seal.sealed);
    must(vault_wait_ready(v, VAULT_UNTIL_SERVING, &settle, &st, &err));
    vault_free(v);
}

static int read_environment(void)
{
    const char *addresses = getenv("ASSAY_TEST_VAULT_ADDRS");
    char *rest;

    root_token = getenv("ASSAY_TEST_ROOT_TOKEN");
    if (addresses == NULL || root_token == NULL)
        return -1;
    rest = strdup(addresses);
    while (nodes < NODES_MAX && (node[nodes] = strsep(&rest, ",")) != NULL)
        nodes++;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standby_leads_to_the_leader),
        cmocka_unit_test(the_nodes_are_known_with_their_addresses),
        cmocka_unit_test(a_short_lease_is_renewed),
        cmocka_unit_test(a_revoked_token_is_replaced),
        cmocka_unit_test(a_refusal_is_meant),
        cmocka_unit_test(odd_names_survive_the_journey),
        cmocka_unit_test(a_wrapped_token_is_used_once),
        cmocka_unit_test(a_wrapped_secret_id_logs_in),
        cmocka_unit_test(a_forged_or_mighty_wrapping_is_refused),
        cmocka_unit_test(a_root_token_is_no_credential_of_ours),
        cmocka_unit_test(capabilities_are_those_of_the_real_path),
        cmocka_unit_test(garbage_is_refused_and_changes_nothing),
        cmocka_unit_test(a_restore_with_service_tokens_is_proved),
        cmocka_unit_test(a_restore_with_batch_tokens_is_proved),
        cmocka_unit_test(shares_open_a_sealed_node),
    };

    if (read_environment() != 0)
        return 77;
    return cmocka_run_group_tests(tests, make_world, NULL);
}
