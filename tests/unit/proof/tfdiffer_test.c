/* SPDX-License-Identifier: Apache-2.0
 *
 * The same object, told by Terraform and by a server: alike where they are,
 * and named where they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proof/tfdiffer.h"

static struct tape *tape;
static struct shape shape, server;
static struct tape *server_tape;
static const struct inventory_key key = {.key = {1, 2, 3}, .id = "k"};
static char text[4096], server_text[4096];

static int set_up(void **state)
{
    (void)state;
    tape = tape_new();
    server_tape = tape_new();
    shape_init(&shape, &key, tape, 0);
    shape_init(&server, &key, server_tape, 0);
    return tape == NULL || server_tape == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    shape_done(&shape);
    shape_done(&server);
    tape_free(tape);
    tape_free(server_tape);
    return 0;
}

static const struct tape_node *parse(struct tape *t, char *into, size_t size,
                                     const char *json)
{
    struct error err;

    assert_true(text_copy(into, size, json));
    if (tape_parse(t, into, strlen(into), &err) != 0)
        fail_msg("%s", err.text);
    return tape_root(t);
}

static const struct probe *probe_of(const char *kind)
{
    for (size_t i = 0; i < probes_count; i++)
        if (strcmp(probes[i].kind, kind) == 0)
            return &probes[i];
    fail_msg("no probe for %s", kind);
    return NULL;
}

/* The server's answer takes the way of a walk. */
static struct tfdiffer differ(const struct tftype *row, const char *attributes,
                              const char *answer)
{
    const struct tape_node *data =
        parse(server_tape, server_text, sizeof server_text, answer);
    struct tfdiffer out;
    struct error err;

    shape_begin(&server);
    shape_data(&server, probe_of(row->kind), data);
    assert_int_equal(
        tfdiffer_run(
            &shape,
            &(struct tfdiffer_sides){
                .row = row,
                .attributes = parse(tape, text, sizeof text, attributes),
                .found = shape_record(&server, row->kind, "p")},
            &out, &err),
        0);
    return out;
}

static void expect_same(const char *type, const char *attributes,
                        const char *answer)
{
    struct tfdiffer d = differ(tftypes_find(type), attributes, answer);

    if (d.differing != 0)
        fail_msg("expected %s, found %s", d.expected, d.found);
    assert_int_equal(d.unseen, 0);
}

static void expect_other(const char *type, const char *attributes,
                         const char *answer, const char *expected,
                         const char *found)
{
    struct tfdiffer d = differ(tftypes_find(type), attributes, answer);

    assert_true(d.differing > 0);
    assert_string_equal(d.expected, expected);
    assert_string_equal(d.found, found);
}

static void test_the_same_in_other_words(void **state)
{
    (void)state;
    expect_same("vault_approle_auth_backend_role",
                "{\"token_ttl\":300,\"token_policies\":[\"b\",\"a\"],"
                "\"token_num_uses\":0,\"token_max_ttl\":null,"
                "\"bind_secret_id\":true,\"secret_id_bound_cidrs\":[]}",
                "{\"token_ttl\":300,\"token_policies\":[\"a\",\"b\"],"
                "\"token_max_ttl\":7,\"bind_secret_id\":true,"
                "\"secret_id_bound_cidrs\":null}");
    expect_same("vault_kv_secret_backend_v2",
                "{\"max_versions\":5,\"cas_required\":false,"
                "\"delete_version_after\":12600}",
                "{\"max_versions\":5,\"delete_version_after\":\"3h30m0s\"}");
    expect_same("vault_pki_secret_backend_role",
                "{\"ttl\":\"72h\",\"allowed_domains\":[\"x.test\"]}",
                "{\"ttl\":259200,\"allowed_domains\":[\"x.test\"]}");
    expect_same("vault_mount",
                "{\"type\":\"kv\",\"options\":{\"version\":\"2\"},"
                "\"default_lease_ttl_seconds\":0,\"description\":\"\"}",
                "{\"type\":\"kv\",\"options\":{\"version\":\"2\"},"
                "\"config\":{\"default_lease_ttl\":0}}");
}

static void test_what_differs_is_named(void **state)
{
    (void)state;
    expect_other("vault_approle_auth_backend_role",
                 "{\"token_ttl\":300,\"token_policies\":[\"a\"]}",
                 "{\"token_ttl\":900,\"token_policies\":[\"a\",\"admin\"]}",
                 "token_policies a, token_ttl 300",
                 "token_policies a,admin, token_ttl 900");
    expect_other("vault_mount", "{\"options\":{\"version\":\"2\"}}", "{}",
                 "options.version 2", "options.version not set");
    expect_other("vault_approle_auth_backend_role", "{\"token_policies\":[]}",
                 "{\"token_policies\":[\"root\"]}", "token_policies not set",
                 "token_policies root");
    expect_other("vault_approle_auth_backend_role", "{\"bind_secret_id\":true}",
                 "{\"bind_secret_id\":false}", "bind_secret_id true",
                 "bind_secret_id false");
}

static void test_texts_that_are_hashed(void **state)
{
    struct tfdiffer d;

    (void)state;
    expect_same("vault_policy", "{\"policy\":\"path x {}\"}",
                "{\"name\":\"a\",\"policy\":\"path x {}\"}");
    d = differ(tftypes_find("vault_policy"), "{\"policy\":\"path x {}\"}",
               "{\"name\":\"a\",\"policy\":\"path y {}\"}");
    assert_int_equal(d.differing, 1);
    assert_true(text_starts(d.expected, "policy h:"));
    assert_true(text_starts(d.found, "policy h:"));
    assert_string_not_equal(d.expected, d.found);
    expect_same("vault_identity_entity",
                "{\"metadata\":{\"b\":\"2\",\"a\":\"1\"}}",
                "{\"metadata\":{\"a\":\"1\",\"b\":\"2\"}}");
}

/* Whose order is unknown cannot be compared as a hash, and is no fault. */
static void test_long_lists_are_left_alone(void **state)
{
    static const char one[] = "\"0123456789012345678901234567890123456789\"";
    char a[1024], b[1024];
    struct tfdiffer d;

    (void)state;
    snprintf(a, sizeof a, "{\"token_policies\":[%s,%s,%s,%s,\"x\"]}", one, one,
             one, one);
    snprintf(b, sizeof b, "{\"token_policies\":[\"x\",%s,%s,%s,%s]}", one, one,
             one, one);
    d = differ(tftypes_find("vault_approle_auth_backend_role"), a, b);
    assert_int_equal(d.differing, 0);
    assert_int_equal(d.unseen, 1);
}

static void test_what_others_add_to_is_left_alone(void **state)
{
    (void)state;
    expect_same("vault_identity_entity",
                "{\"external_policies\":true,\"policies\":[]}",
                "{\"policies\":[\"a\"]}");
    expect_other("vault_identity_entity",
                 "{\"external_policies\":false,\"policies\":[]}",
                 "{\"policies\":[\"a\"]}", "policies not set", "policies a");
}

static void test_versions_only_rise(void **state)
{
    static const char metadata[] = "{\"metadata\":{\"version\":\"3\"}}";

    (void)state;
    expect_same("vault_kv_secret_v2", metadata, "{\"current_version\":3}");
    expect_same("vault_kv_secret_v2", metadata, "{\"current_version\":9}");
    expect_other("vault_kv_secret_v2", metadata, "{\"current_version\":2}",
                 "version 3", "version 2");
    expect_same("vault_kv_secret_v2", "{}", "{\"current_version\":2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_in_other_words),
        cmocka_unit_test(test_what_differs_is_named),
        cmocka_unit_test(test_texts_that_are_hashed),
        cmocka_unit_test(test_long_lists_are_left_alone),
        cmocka_unit_test(test_what_others_add_to_is_left_alone),
        cmocka_unit_test(test_versions_only_rise),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
