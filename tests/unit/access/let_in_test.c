/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is let in with a break-glass token, and when. */
#include "backend.h"

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
        cmocka_unit_test(break_glass_counts_while_vault_cannot_be_asked),
        cmocka_unit_test(break_glass_is_worth_nothing_while_vault_answers),
        cmocka_unit_test(an_unknown_break_glass_token_is_not_sent_to_vault),
        cmocka_unit_test(one_odd_token_is_not_vault_down),
        cmocka_unit_test(a_break_glass_token_that_counts_no_more_owns_nothing),
        cmocka_unit_test(break_glass_does_not_block_unasked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
