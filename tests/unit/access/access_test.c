/* SPDX-License-Identifier: Apache-2.0 */
#include "backend.h"

static void verbs_need_their_capability(void **state)
{
    static const struct {
        enum access_operation operation;
        unsigned can;
        int rc;
    } cases[] = {
        {ACCESS_READ, ACCESS_CAN_READ, 0},
        {ACCESS_READ, ACCESS_CAN_LIST | ACCESS_CAN_UPDATE, -1},
        {ACCESS_LIST, ACCESS_CAN_LIST, 0},
        {ACCESS_LIST, ACCESS_CAN_READ, -1},
        {ACCESS_WRITE, ACCESS_CAN_UPDATE, 0},
        {ACCESS_WRITE, ACCESS_CAN_CREATE, 0},
        {ACCESS_WRITE, ACCESS_CAN_READ | ACCESS_CAN_SUDO, -1},
        {ACCESS_DELETE, ACCESS_CAN_DELETE, 0},
        {ACCESS_DELETE, ACCESS_CAN_UPDATE, -1},
        {ACCESS_DELETE, ACCESS_CAN_ALL, 0},
        {ACCESS_READ, ACCESS_CAN_READ | ACCESS_CAN_DENY, -1},
        {ACCESS_READ, ACCESS_CAN_ALL | ACCESS_CAN_DENY, -1},
        {ACCESS_READ, 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct access *a = fresh(&plain);

        vault.can = cases[i].can;
        assert_int_equal(check(a, "t", cases[i].operation, 0), cases[i].rc);
        assert_int_equal(who.authenticated, cases[i].rc == 0);
        access_free(a);
    }
}

static void who_was_refused_is_known(void **state)
{
    struct access *a = fresh(&plain);

    (void)state;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), -1);
    assert_false(who.authenticated);
    assert_string_equal(who.display_name, "approle");
    assert_string_equal(who.entity_id, "e-1");
    assert_int_equal(strlen(who.token_key), 64);
    /* Where that cannot be known, the refusal stands. */
    access_flush(a);
    vault.identify_fail = ERR_UNAVAILABLE;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), -1);
    assert_int_equal(why.kind, ERR_DENIED);
    assert_string_equal(who.display_name, "");
    /* A token that Vault does not know is nobody's. */
    access_flush(a);
    vault.capabilities_fail = ERR_DENIED;
    assert_int_equal(check(a, "t", ACCESS_WRITE, 0), -1);
    assert_string_equal(who.display_name, "");
    assert_int_equal(strlen(who.token_key), 64);
    access_free(a);
}

static void refusals_name_what_was_missing(void **state)
{
    struct access *a = fresh(&plain);

    (void)state;
    vault.can = ACCESS_CAN_READ;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), -1);
    refused_with("permission denied: needs \"update\" and \"sudo\" on "
                 "assay/restores");
    vault.can = ACCESS_CAN_UPDATE;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), -1);
    refused_with("permission denied: needs \"sudo\" on assay/restores");
    vault.can = ACCESS_CAN_SUDO;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), -1);
    refused_with("permission denied: needs \"update\" on assay/restores");
    vault.can = ACCESS_CAN_DENY;
    assert_int_equal(check(a, "u", ACCESS_LIST, 0), -1);
    refused_with("permission denied: needs \"list\" on assay/restores");
    assert_int_equal(check(a, "", ACCESS_LIST, 0), -1);
    refused_with("missing client token");
    vault.capabilities_fail = ERR_DENIED;
    assert_int_equal(check(a, "bad", ACCESS_LIST, 0), -1);
    refused_with("permission denied: Vault does not accept this token");
    access_free(a);
}

static void a_list_is_asked_with_a_slash(void **state)
{
    struct access *a = fresh(&plain);

    (void)state;
    vault.can = ACCESS_CAN_ALL;
    assert_int_equal(check(a, "t", ACCESS_LIST, 0), 0);
    assert_string_equal(vault.path, "assay/restores/");
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    assert_string_equal(vault.path, "assay/restores");
    access_free(a);
}

static void answers_are_cached_but_not_for_sudo(void **state)
{
    struct access *a = fresh(&plain);

    (void)state;
    vault.can = ACCESS_CAN_ALL;
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    assert_int_equal(check(a, "t", ACCESS_WRITE, 0), 0);
    assert_int_equal(vault.asked, 1);
    assert_int_equal(vault.identified, 1);
    assert_int_equal(check(a, "u", ACCESS_READ, 0), 0);
    assert_int_equal(vault.asked, 2);
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), 0);
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_SUDO), 0);
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), 0);
    assert_int_equal(vault.asked, 5);
    access_flush(a);
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    assert_int_equal(vault.asked, 6);
    access_free(a);
}

static void cached_answers_end(void **state)
{
    struct access_options o = plain;
    struct access *a;

    (void)state;
    o.allowed_ms = 30;
    o.refused_ms = 30;
    a = fresh(&o);
    vault.can = ACCESS_CAN_READ;
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    vault.can = ACCESS_CAN_DENY;
    clock_sleep_ms(40);
    assert_int_equal(check(a, "t", ACCESS_READ, 0), -1);
    vault.can = ACCESS_CAN_READ;
    clock_sleep_ms(40);
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    access_free(a);
}

static void never_blocks_unasked(void **state)
{
    const struct access_question q = {
        .token = "t", .path = "assay/restores", .operation = ACCESS_READ};
    struct access *a = fresh(&plain);

    (void)state;
    vault.can = ACCESS_CAN_READ;
    assert_int_equal(access_check(a, &q, false, &who, &why), 1);
    assert_int_equal(vault.asked + vault.identified, 0);
    assert_int_equal(access_check(a, &q, true, &who, &why), 0);
    assert_int_equal(access_check(a, &q, false, &who, &why), 0);
    assert_string_equal(who.display_name, "approle");
    assert_string_equal(who.entity_id, "e-1");
    assert_int_equal(vault.asked, 1);
    access_free(a);
}

static void a_vault_that_is_down_is_not_asked_by_everybody(void **state)
{
    struct access *a = fresh(&plain);

    (void)state;
    vault.capabilities_fail = ERR_UNAVAILABLE;
    assert_int_equal(check(a, "t", ACCESS_READ, 0), -1);
    assert_int_equal(why.kind, ERR_UNAVAILABLE);
    assert_int_equal(check(a, "u", ACCESS_READ, 0), -1);
    assert_int_equal(why.kind, ERR_UNAVAILABLE);
    assert_int_equal(vault.asked, 1);
    access_flush(a);
    vault.capabilities_fail = ERR_UPSTREAM;
    assert_int_equal(check(a, "t", ACCESS_READ, 0), -1);
    assert_int_equal(why.kind, ERR_UNAVAILABLE);
    access_free(a);
}

static void restores_need_an_entity(void **state)
{
    struct access_options o = plain;
    struct access *a = fresh(&o);

    (void)state;
    vault.can = ACCESS_CAN_UPDATE;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), 0);
    vault.entity = "";
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), -1);
    assert_non_null(strstr(why.text, "has no entity"));
    assert_int_equal(check(a, "t", ACCESS_WRITE, 0), 0);
    vault.identify_fail = ERR_DENIED;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), -1);
    assert_non_null(strstr(why.text, "lookup-self"));
    vault.identify_fail = ERR_NONE;
    vault.root = true;
    vault.can = ACCESS_CAN_ALL;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), -1);
    assert_non_null(strstr(why.text, "root token"));
    access_free(a);

    o.allow_root_requester = true;
    a = fresh(&o);
    vault.can = ACCESS_CAN_ALL;
    vault.root = true;
    vault.entity = "";
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), 0);
    assert_true(who.root);
    vault.root = false;
    assert_int_equal(check(a, "t", ACCESS_WRITE, ACCESS_ENTITY), -1);
    access_free(a);
}

static void a_refused_token_still_has_a_key(void **state)
{
    static const enum error_kind kinds[] = {ERR_DENIED, ERR_UNAVAILABLE};
    char key[PRINCIPAL_KEY_MAX];
    struct access *a = fresh(&plain);

    (void)state;
    vault.can = ACCESS_CAN_READ;
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    memcpy(key, who.token_key, sizeof(key));
    assert_int_equal(strlen(key), 64);
    access_free(a);
    for (size_t i = 0; i < 2; i++) {
        a = fresh(&plain);
        vault.capabilities_fail = kinds[i];
        assert_int_equal(check(a, "t", ACCESS_READ, ACCESS_OWN_RUN), 0);
        assert_false(who.authenticated);
        assert_string_equal(who.token_key, key);
        assert_int_equal(who.refusal.kind, kinds[i]);
        assert_int_equal(check(a, "", ACCESS_READ, ACCESS_OWN_RUN), -1);
        access_free(a);
    }
    a = fresh(&plain);
    vault.can = ACCESS_CAN_DENY;
    assert_int_equal(check(a, "other", ACCESS_READ, ACCESS_OWN_RUN), 0);
    assert_false(who.authenticated);
    assert_string_not_equal(who.token_key, key);
    access_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_need_their_capability),
        cmocka_unit_test(refusals_name_what_was_missing),
        cmocka_unit_test(who_was_refused_is_known),
        cmocka_unit_test(a_list_is_asked_with_a_slash),
        cmocka_unit_test(answers_are_cached_but_not_for_sudo),
        cmocka_unit_test(cached_answers_end),
        cmocka_unit_test(never_blocks_unasked),
        cmocka_unit_test(a_vault_that_is_down_is_not_asked_by_everybody),
        cmocka_unit_test(restores_need_an_entity),
        cmocka_unit_test(a_refused_token_still_has_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
