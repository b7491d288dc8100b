/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "jobs/handed.h"

#define RUN_A "0198c0de-0000-7000-8000-00000000000a"
#define RUN_B "0198c0de-0000-7000-8000-00000000000b"

static const struct handed_key a_bob = {RUN_A, 1, "bob"};
static const struct handed_key a_carol = {RUN_A, 1, "carol"};
static const struct handed_key b_bob = {RUN_B, 1, "bob"};

static void has(const struct handed *list, const struct handed_key *key,
                const char *token)
{
    char *copy = handed_copy(list, key);

    if (token == NULL)
        assert_null(copy);
    else
        assert_string_equal(copy, token);
    secret_free(copy);
}

static void one_of_each(void **state)
{
    struct handed *list = NULL;
    struct error err = {0};
    char id[ID_TEXT_MAX];

    (void)state;
    has(list, &a_bob, NULL);
    assert_int_equal(handed_put(&list, &a_bob, "s.1", &err), 0);
    assert_int_equal(handed_put(&list, &a_carol, "s.2", &err), 0);
    assert_int_equal(handed_put(&list, &b_bob, "s.3", &err), 0);
    assert_int_equal(handed_put(&list, &a_bob, "s.4", &err), 0);
    has(list, &a_bob, "s.4");
    has(list, &a_carol, "s.2");
    has(list, &b_bob, "s.3");
    /* Of another plan. */
    const struct handed_key later = {RUN_A, 2, "bob"};
    has(list, &later, NULL);
    assert_true(handed_any(list, RUN_A, 1));
    assert_false(handed_any(list, RUN_A, 2));
    assert_true(handed_run(list, 2, id));
    assert_false(handed_run(list, 3, id));
    handed_drop(&list, RUN_A, "bob");
    has(list, &a_bob, NULL);
    has(list, &a_carol, "s.2");
    handed_drop(&list, RUN_A, NULL);
    assert_false(handed_any(list, RUN_A, 1));
    has(list, &b_bob, "s.3");
    handed_drop(&list, NULL, NULL);
    assert_null(list);
}

static void only_tokens_and_not_for_ever(void **state)
{
    static char long_one[LIMIT_HANDED_TOKEN + 2];
    struct handed *list = NULL;
    struct error err = {0};
    char id[ID_TEXT_MAX];
    struct handed_key key = {id, 1, "bob"};

    (void)state;
    memset(long_one, 'x', sizeof(long_one) - 1);
    assert_int_equal(handed_put(&list, &a_bob, "", &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(handed_put(&list, &a_bob, "a b", &err), -1);
    assert_int_equal(handed_put(&list, &a_bob, long_one, &err), -1);
    assert_null(strstr(err.text, "xx"));
    for (int i = 0; i < LIMIT_HANDED_TOKENS; i++) {
        (void)snprintf(id, sizeof(id), "run-%d", i);
        assert_int_equal(handed_put(&list, &key, "s.1", &err), 0);
    }
    assert_int_equal(handed_put(&list, &a_bob, "s.1", &err), -1);
    assert_int_equal(err.kind, ERR_TOO_MANY);
    /* In the place of one's own there is room. */
    assert_int_equal(handed_put(&list, &key, "s.2", &err), 0);
    handed_drop(&list, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_each),
        cmocka_unit_test(only_tokens_and_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
