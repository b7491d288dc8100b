/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server may answer to its own birth.  Unsealing and root tokens are
 * tested with those who use them: tests/unit/transient/{foreign,login}. */
#include "fixture.h"

#include <string.h>

#include "vault/sys.h"

#define ANSWER(json) "body:path=sys/init,json=" json

static int init(struct fixture *f, const char *answer, bool recovery,
                struct vault_keys *keys)
{
    const struct vault_init_options how = {
        .shares = 3, .threshold = 2, .recovery = recovery};

    standin_faults(&fixture_here, (const char *const[]){answer, NULL});
    return vault_init(f->v, &how, keys, &f->err);
}

static void keys_and_token_are_taken(void **state)
{
    struct fixture *f = *state;
    struct vault_keys keys = {.count = 0};

    assert_ok(f, init(f,
                      ANSWER("{\"keys_base64\":[\"a\",\"b\",\"c\"],"
                             "\"root_token\":\"t\"}"),
                      false, &keys));
    assert_int_equal(keys.count, 3);
    assert_string_equal(keys.share[2], "c");
    assert_string_equal(keys.root_token, "t");
    vault_keys_done(&keys);
    assert_int_equal(keys.count, 0);
    assert_null(keys.root_token);
    vault_keys_done(&keys);
}

static void an_automatic_seal_has_recovery_keys_or_none(void **state)
{
    struct fixture *f = *state;
    struct vault_keys keys = {.count = 0};

    assert_ok(f, init(f, ANSWER("{\"keys_base64\":[],\"root_token\":\"t\"}"),
                      true, &keys));
    assert_int_equal(keys.count, 0);
    vault_keys_done(&keys);
}

/* Whoever unseals goes by the threshold. */
static void less_than_was_asked_for_is_refused(void **state)
{
    static const char *const rows[] = {
        ANSWER("{\"keys_base64\":[\"a\"],\"root_token\":\"t\"}"),
        ANSWER("{\"keys_base64\":[],\"root_token\":\"t\"}"),
        ANSWER("{\"root_token\":\"t\"}"),
        ANSWER("{\"keys_base64\":[\"a\",\"\",\"c\"],\"root_token\":\"t\"}"),
        ANSWER("{\"keys_base64\":[\"a\",\"b\",\"c\"]}"),
        ANSWER("[]"),
        "status:path=sys/init,code=400,text=already initialized",
    };
    struct fixture *f = *state;
    struct vault_keys keys = {.count = 0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(init(f, rows[i], false, &keys), -1);
        assert_string_not_equal(f->err.text, "");
        assert_int_equal(keys.count, 0);
        assert_null(keys.root_token);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_and_token_are_taken),
        TEST(an_automatic_seal_has_recovery_keys_or_none),
        TEST(less_than_was_asked_for_is_refused),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
