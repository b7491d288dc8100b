/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "access/access.h"
#include "base/clock.h"
#include "base/text.h"

/* What the backend will answer, and how often it was asked. */
static struct {
    unsigned can;
    enum error_kind capabilities_fail;
    enum error_kind identify_fail;
    const char *entity;
    bool root;
    int asked;
    int identified;
    char path[128];
    int fail_status;
    const char *fail_for; /* this token only; NULL: for all */
    bool saw_break_glass; /* which must stay with us */
} vault;

static int capabilities(void *ctx, const char *token, const char *path,
                        unsigned *out, struct error *err)
{
    (void)ctx;
    assert_true(token[0] != '\0');
    vault.asked++;
    vault.saw_break_glass = vault.saw_break_glass || break_glass_is(token);
    (void)text_copy(vault.path, sizeof(vault.path), path);
    if (vault.capabilities_fail != ERR_NONE &&
        (vault.fail_for == NULL || strcmp(vault.fail_for, token) == 0)) {
        (void)error_set(err, vault.capabilities_fail, "from the backend");
        err->status = vault.fail_status;
        return -1;
    }
    *out = vault.can;
    return 0;
}

static int identify(void *ctx, const char *token, struct principal *out,
                    struct error *err)
{
    (void)ctx;
    (void)token;
    vault.identified++;
    if (vault.identify_fail != ERR_NONE)
        return error_set(err, vault.identify_fail, "from the backend");
    (void)text_copy(out->display_name, sizeof(out->display_name), "approle");
    (void)text_copy(out->entity_id, sizeof(out->entity_id), vault.entity);
    out->root = vault.root;
    return 0;
}

static const struct access_options plain = {
    .backend = {capabilities, identify, NULL},
    .key = {1, 2, 3},
    .allowed_ms = 60000,
    .refused_ms = 60000,
};

static struct access *fresh(const struct access_options *o)
{
    struct access *a;
    struct error err;

    memset(&vault, 0, sizeof(vault));
    vault.entity = "e-1";
    assert_int_equal(access_new(o, &a, &err), 0);
    return a;
}

static struct principal who;
static struct error why;
static unsigned right; /* what break glass needs for the next question */

static int check(struct access *a, const char *token,
                 enum access_operation operation, unsigned needs)
{
    const struct access_question q = {.token = token,
                                      .path = "assay/restores",
                                      .operation = operation,
                                      .needs = needs,
                                      .right = right};

    memset(&who, 0, sizeof(who));
    memset(&why, 0, sizeof(why));
    return access_check(a, &q, true, &who, &why);
}

static void refused_with(const char *text)
{
    assert_int_equal(why.kind, ERR_DENIED);
    assert_string_equal(why.text, text);
}

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

/* Two people's tokens, and one that had its time. */
static char reader[BREAK_GLASS_TOKEN_MAX], restorer[BREAK_GLASS_TOKEN_MAX],
    expired[BREAK_GLASS_TOKEN_MAX];
static struct break_glass_box *box;

static struct access *with_break_glass(void)
{
    struct access_options o = plain;
    struct break_glass tokens[3] = {
        {.name = "screen", .rights = ACCESS_RIGHT_READ},
        {.name = "ann", .rights = ACCESS_RIGHT_RESTORE},
        {.name = "old", .rights = ACCESS_RIGHT_RESTORE, .expires_ms = 1},
    };

    break_glass_make(reader, tokens[0].sha256);
    break_glass_make(restorer, tokens[1].sha256);
    break_glass_make(expired, tokens[2].sha256);
    tokens[0].expires_ms = tokens[1].expires_ms = clock_now_ms() + 60000;
    assert_int_equal(break_glass_box_new(&box, &why), 0);
    break_glass_box_set(box, tokens, 3);
    o.break_glass = box;
    return fresh(&o);
}

static void end(struct access *a)
{
    access_free(a);
    break_glass_box_free(box);
    right = 0;
}

static void break_glass_counts_while_vault_cannot_be_asked(void **state)
{
    struct access *a = with_break_glass();

    (void)state;
    right = ACCESS_RIGHT_READ;
    vault.capabilities_fail = ERR_UNAVAILABLE;
    vault.fail_status = 503;
    assert_int_equal(check(a, reader, ACCESS_READ, 0), 0);
    assert_true(who.authenticated && who.break_glass);
    assert_string_equal(who.display_name, "break-glass screen");
    assert_string_equal(who.entity_id, "break-glass:screen");
    assert_int_equal(strlen(who.token_key), 64);
    assert_int_equal(check(a, restorer, ACCESS_READ, 0), 0);
    right = ACCESS_RIGHT_RESTORE;
    assert_int_equal(
        check(a, restorer, ACCESS_WRITE, ACCESS_SUDO | ACCESS_ENTITY), 0);
    assert_string_equal(who.entity_id, "break-glass:ann");
    assert_int_equal(check(a, reader, ACCESS_WRITE, ACCESS_SUDO), -1);
    refused_with("permission denied: the break-glass token \"screen\" has no "
                 "right to \"restore\"");
    right = 0;
    assert_int_equal(check(a, restorer, ACCESS_DELETE, ACCESS_SUDO), -1);
    refused_with("permission denied: no break-glass token may do this");
    /* Others still wait for Vault. */
    assert_int_equal(check(a, "t", ACCESS_READ, 0), -1);
    assert_int_equal(why.kind, ERR_UNAVAILABLE);
    /* Once for those who read, once for each who changes something. */
    assert_int_equal(vault.asked, 2);
    assert_false(vault.saw_break_glass);
    end(a);
}

/* Both products answer 500 to X-Vault-Token: b.! */
static void one_odd_token_is_not_vault_down(void **state)
{
    struct access *a = with_break_glass();

    (void)state;
    right = ACCESS_RIGHT_READ;
    vault.can = ACCESS_CAN_ALL;
    vault.capabilities_fail = ERR_UPSTREAM;
    vault.fail_status = 500;
    vault.fail_for = "b.!";
    assert_int_equal(check(a, "b.!", ACCESS_READ, 0), -1);
    assert_int_equal(why.kind, ERR_UNAVAILABLE);
    assert_int_equal(check(a, "t", ACCESS_READ, 0), 0);
    assert_int_equal(check(a, reader, ACCESS_READ, 0), -1);
    assert_non_null(strstr(why.text, "now it answers"));
    end(a);
}

static void a_break_glass_token_that_counts_no_more_owns_nothing(void **state)
{
    struct access *a = with_break_glass();

    (void)state;
    right = ACCESS_RIGHT_READ;
    vault.capabilities_fail = ERR_UNAVAILABLE;
    assert_int_equal(
        check(a, BREAK_GLASS_PREFIX "00", ACCESS_READ, ACCESS_OWN_RUN), 0);
    assert_false(who.authenticated);
    assert_true(who.break_glass);
    assert_string_equal(who.token_key, "");
    assert_int_equal(check(a, expired, ACCESS_READ, ACCESS_OWN_RUN), 0);
    assert_string_equal(who.token_key, "");
    assert_non_null(strstr(who.refusal.text, "expired at"));
    end(a);
}

static void break_glass_is_worth_nothing_while_vault_answers(void **state)
{
    static const enum error_kind answers[] = {ERR_NONE, ERR_DENIED};
    struct access *a = with_break_glass();

    (void)state;
    right = ACCESS_RIGHT_READ;
    for (size_t i = 0; i < 2; i++) {
        vault.capabilities_fail = answers[i];
        vault.can = ACCESS_CAN_ALL;
        assert_int_equal(check(a, reader, ACCESS_READ, 0), -1);
        assert_int_equal(why.kind, ERR_DENIED);
        assert_non_null(strstr(why.text, "now it answers"));
    }
    /* Not even where a refused token becomes somebody without rights. */
    assert_int_equal(check(a, reader, ACCESS_READ, ACCESS_OWN_RUN), 0);
    assert_false(who.authenticated);
    assert_true(who.break_glass);
    assert_string_equal(who.entity_id, "break-glass:screen");
    assert_non_null(strstr(who.refusal.text, "now it answers"));
    /* Too busy for one caller is not down. */
    vault.capabilities_fail = ERR_UNAVAILABLE;
    vault.fail_status = 429;
    assert_int_equal(check(a, reader, ACCESS_READ, 0), -1);
    access_flush(a);
    vault.capabilities_fail = ERR_UPSTREAM;
    vault.fail_status = 404;
    assert_int_equal(check(a, reader, ACCESS_READ, 0), -1);
    access_flush(a);
    vault.fail_status = 500; /* no leader */
    assert_int_equal(check(a, reader, ACCESS_READ, 0), 0);
    assert_false(vault.saw_break_glass);
    end(a);
}

static void an_unknown_break_glass_token_is_not_sent_to_vault(void **state)
{
    struct access *a = with_break_glass();

    (void)state;
    right = ACCESS_RIGHT_READ;
    vault.can = ACCESS_CAN_ALL;
    assert_int_equal(check(a, BREAK_GLASS_PREFIX "00", ACCESS_READ, 0), -1);
    refused_with("permission denied: this break-glass token is not one of the "
                 "configuration");
    assert_int_equal(vault.asked, 0);
    end(a);
    a = fresh(&plain); /* none is configured */
    assert_int_equal(check(a, reader, ACCESS_READ, 0), -1);
    assert_int_equal(vault.asked, 0);
    access_free(a);
}

static void break_glass_does_not_block_unasked(void **state)
{
    struct access *a = with_break_glass();
    struct access_question q = {.token = reader,
                                .path = "assay/status",
                                .operation = ACCESS_READ,
                                .right = ACCESS_RIGHT_READ};

    (void)state;
    vault.capabilities_fail = ERR_UNAVAILABLE;
    assert_int_equal(access_check(a, &q, false, &who, &why), 1);
    assert_int_equal(vault.asked, 0);
    assert_int_equal(access_check(a, &q, true, &who, &why), 0);
    assert_int_equal(access_check(a, &q, false, &who, &why), 0);
    end(a);
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
        cmocka_unit_test(break_glass_counts_while_vault_cannot_be_asked),
        cmocka_unit_test(break_glass_is_worth_nothing_while_vault_answers),
        cmocka_unit_test(an_unknown_break_glass_token_is_not_sent_to_vault),
        cmocka_unit_test(one_odd_token_is_not_vault_down),
        cmocka_unit_test(a_break_glass_token_that_counts_no_more_owns_nothing),
        cmocka_unit_test(break_glass_does_not_block_unasked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
