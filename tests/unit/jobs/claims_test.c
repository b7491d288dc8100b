/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/limits.h"
#include "base/secret.h"
#include "jobs/claims.h"

#define RUN_A "0198c0de-0000-7000-8000-00000000000a"
#define RUN_B "0198c0de-0000-7000-8000-00000000000b"

static void put(struct claims **list, const char *run, const char *token,
                int64_t until)
{
    struct error err = {0};

    assert_int_equal(claims_put(list, run, secret_dup(token), until, &err), 0);
}

static void takes(struct claims **list, const char *run, int64_t now,
                  const char *expected)
{
    char *token = claims_take(list, run, now);

    if (expected == NULL)
        assert_null(token);
    else
        assert_string_equal(token, expected);
    secret_free(token);
}

static void each_once_and_its_own(void **state)
{
    struct claims *list = NULL;

    (void)state;
    put(&list, RUN_A, "token-a", 100);
    put(&list, RUN_B, "token-b", 100);
    assert_true(claims_wait(list, RUN_A, 50));
    takes(&list, RUN_A, 50, "token-a");
    assert_false(claims_wait(list, RUN_A, 50));
    takes(&list, RUN_A, 50, NULL);
    takes(&list, RUN_B, 99, "token-b");
    assert_null(list);
}

static void not_when_its_time_is_over(void **state)
{
    struct claims *list = NULL;

    (void)state;
    put(&list, RUN_A, "token-a", 100);
    put(&list, RUN_B, "token-b", 200);
    assert_false(claims_wait(list, RUN_A, 100));
    claims_expire(&list, 100);
    takes(&list, RUN_A, 50, NULL);
    takes(&list, RUN_B, 200, NULL);
    assert_null(list);
}

static void only_so_many(void **state)
{
    struct claims *list = NULL;
    struct error err = {0};
    char run[16];

    (void)state;
    for (int i = 0; i < LIMIT_HANDED_TOKENS; i++) {
        (void)snprintf(run, sizeof(run), "run-%d", i);
        put(&list, run, "token", 100);
    }
    assert_int_equal(claims_put(&list, RUN_A, secret_dup("x"), 100, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_MANY);
    takes(&list, "run-3", 0, "token");
    put(&list, RUN_A, "token-a", 100);
    claims_drop_all(&list);
    assert_null(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_once_and_its_own),
        cmocka_unit_test(not_when_its_time_is_over),
        cmocka_unit_test(only_so_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
