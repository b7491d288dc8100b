/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is sent where: the credential of production to the copy and nobody
 * else, and a root token only from key shares. */
#include "scripted.h"

#include <stdlib.h>
#include <string.h>

#include "transient/login.h"
#include "vault/auth.h"

#define ATTEMPT "sys/generate-root/attempt"
#define UPDATE "sys/generate-root/update"
#define BEGUN                                                                  \
    "body:path=" ATTEMPT ",method=POST,json={\"nonce\":\"n-1\","               \
    "\"otp\":\"abcd\",\"started\":true}"
/* "root", hidden by "abcd". */
#define COMPLETE                                                               \
    "body:path=" UPDATE ",json={\"complete\":true,\"encoded_token\":"          \
    "\"Ew0MEA==\"}"
#define PROGRESS "body:path=" UPDATE ",times=1,json={\"complete\":false}"

static struct transient_facts facts(void)
{
    return (struct transient_facts){.address = scripted_scratch.address};
}

static struct keys *two_keys(void)
{
    struct keys *keys = keys_new();
    struct error err;

    assert_int_equal(keys_add(keys, SCRIPTED_SHARE_1, &err), 0);
    assert_int_equal(keys_add(keys, SCRIPTED_SHARE_2, &err), 0);
    return keys;
}

static struct vault *production_client(void)
{
    const struct vault_options o = {
        .address = scripted_production.address,
        .namespace = "team",
        .auth = {.method = VAULT_AUTH_APPROLE,
                 .role_id = "role",
                 .secret_id = "secret"},
    };
    struct vault *v = NULL;
    struct error err;

    assert_int_equal(vault_new(&o, &v, &err), 0);
    return v;
}

static void nobody_called(const struct standin *s)
{
    struct json *f = standin_facts(s);

    assert_int_equal(json_count(json_get(f, "requests")), 0);
    json_free(f);
}

static void last_is(const char *method, const char *path, const char *what,
                    const char *expected)
{
    char *found = scripted_last(&scripted_scratch, method, path, what);

    assert_non_null(found);
    assert_string_equal(found, expected);
    free(found);
}

static void test_the_credential_of_the_primary_goes_to_the_copy(void **state)
{
    const struct transient_facts where = facts();
    struct vault *primary = production_client();
    const struct login_options who = {.primary = primary, .facts = &where};
    struct vault_token token;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    assert_int_equal(login_client(&who, &v, &err), 0);
    nobody_called(&scripted_scratch);
    if (vault_own_token(v, &token, &err) != 0)
        fail_msg("%s", err.text);
    last_is("POST", "auth/approle/login", "namespace", "team");
    last_is("POST", "auth/approle/login", "who", "");
    vault_free(v);
    vault_free(primary);
    nobody_called(&scripted_production);
}

static void test_the_copy_may_be_somewhere_else(void **state)
{
    struct transient_facts where = facts();
    struct vault *primary = production_client();
    const struct login_options who = {.primary = primary, .facts = &where};
    struct vault_token token;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    where.namespace = "copy";
    assert_int_equal(login_client(&who, &v, &err), 0);
    assert_int_equal(vault_own_token(v, &token, &err), 0);
    last_is("POST", "auth/approle/login", "namespace", "copy");
    vault_free(v);
    vault_free(primary);
}

/* transient.auth is set: production's credential is not used at all. */
static void test_a_credential_of_its_own_comes_first(void **state)
{
    const struct transient_facts where = facts();
    const struct vault_auth_options auth = {.method = VAULT_AUTH_TOKEN,
                                            .token = "b.mine"};
    struct vault *primary = production_client();
    const struct login_options who = {
        .auth = &auth, .primary = primary, .facts = &where};
    struct vault_token token;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    assert_int_equal(login_client(&who, &v, &err), 0);
    assert_int_equal(vault_own_token(v, &token, &err), 0);
    last_is("GET", "auth/token/lookup-self", "who", "b.mine");
    last_is("GET", "auth/token/lookup-self", "namespace", "team");
    assert_int_equal(
        standin_count(&scripted_scratch, "POST", "auth/approle/login", false),
        0);
    vault_free(v);
    vault_free(primary);
    nobody_called(&scripted_production);
}

static void test_it_goes_where_it_is_told(void **state)
{
    struct transient_facts where = facts();
    const struct vault_auth_options auth = {.method = VAULT_AUTH_TOKEN,
                                            .token = "b.mine"};
    struct vault *primary = production_client();
    struct login_options who = {
        .auth = &auth, .primary = primary, .facts = &where};
    struct vault_token token;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    where.namespace = "copy";
    assert_int_equal(login_client(&who, &v, &err), 0);
    assert_int_equal(vault_own_token(v, &token, &err), 0);
    last_is("GET", "auth/token/lookup-self", "namespace", "copy");
    vault_free(v);
    /* Of no primary there is nothing to be known. */
    where.namespace = NULL;
    who.primary = NULL;
    assert_int_equal(login_client(&who, &v, &err), 0);
    assert_int_equal(vault_own_token(v, &token, &err), 0);
    last_is("GET", "auth/token/lookup-self", "namespace", "");
    vault_free(v);
    vault_free(primary);
}

static void test_root_is_made_from_the_shares_in_the_copy(void **state)
{
    const struct transient_facts where = facts();
    struct keys *keys = two_keys();
    struct vault_token token;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, BEGUN, PROGRESS, COMPLETE);
    if (login_as_root(&where, keys, &v, &err) != 0)
        fail_msg("%s", err.text);
    last_is("POST", UPDATE, "body",
            "{\"key\":\"" SCRIPTED_SHARE_2 "\",\"nonce\":\"n-1\"}");
    last_is("POST", UPDATE, "who", "");
    assert_int_equal(vault_own_token(v, &token, &err), 0);
    last_is("GET", "auth/token/lookup-self", "who", "root");
    vault_free(v);
    keys_free(keys);
    nobody_called(&scripted_production);
}

static int as_root(const struct keys *keys, struct error *err)
{
    const struct transient_facts where = facts();
    struct vault *v = NULL;
    int rc = login_as_root(&where, keys, &v, err);

    assert_true(rc == 0 || v == NULL);
    vault_free(v);
    return rc;
}

static void test_where_root_is_not_made_it_says_what_to_set(void **state)
{
    struct keys *keys = two_keys();
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, "status:path=" ATTEMPT ",code=405");
    assert_int_equal(as_root(keys, &err), -1);
    assert_int_equal(err.kind, ERR_METHOD);
    assert_says(&err, "disable_unauthed_generate_root_endpoints = false");
    assert_int_equal(as_root(keys, NULL), -1);
    keys_free(keys);
}

static void test_too_few_shares_are_no_root_token(void **state)
{
    struct keys *keys = two_keys();
    struct error err;

    (void)state;
    scripted_faults(&scripted_scratch, BEGUN,
                    "body:path=" UPDATE ",json={\"complete\":false}");
    assert_int_equal(as_root(keys, &err), -1);
    assert_says(&err, "2 key shares are too few");
    assert_null(strstr(err.text, SCRIPTED_SHARE_1));
    /* Nothing half done stays behind: the next try would be refused. */
    last_is("DELETE", ATTEMPT, "body", "");
    keys_free(keys);
}

static void test_a_token_that_cannot_be_read_is_refused(void **state)
{
    static const char *const wrong[] = {
        "body:path=" UPDATE ",json={\"complete\":true}",
        "body:path=" UPDATE
        ",json={\"complete\":true,\"encoded_token\":\"!!\"}",
        "body:path=" UPDATE
        ",json={\"complete\":true,\"encoded_token\":\"Ew0MEGdn\"}",
        "body:path=" UPDATE ",text=nothing",
        "status:path=" UPDATE ",code=400,text=the share is wrong",
        ("drop:path=" UPDATE),
    };
    struct keys *keys = two_keys();
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scripted_faults(&scripted_scratch, BEGUN, wrong[i]);
        assert_int_equal(as_root(keys, &err), -1);
        assert_null(strstr(err.text, SCRIPTED_SHARE_1));
    }
    keys_free(keys);
}

#define TEST(name) cmocka_unit_test_setup(name, scripted_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_credential_of_the_primary_goes_to_the_copy),
        TEST(test_the_copy_may_be_somewhere_else),
        TEST(test_a_credential_of_its_own_comes_first),
        TEST(test_it_goes_where_it_is_told),
        TEST(test_root_is_made_from_the_shares_in_the_copy),
        TEST(test_where_root_is_not_made_it_says_what_to_set),
        TEST(test_too_few_shares_are_no_root_token),
        TEST(test_a_token_that_cannot_be_read_is_refused),
    };

    return cmocka_run_group_tests(tests, scripted_start, scripted_stop);
}
