/* SPDX-License-Identifier: Apache-2.0
 *
 * Root only where the login failed and it is allowed. */
#include "flow.h"

#include <string.h>

#include "vault/auth.h"

#define ATTEMPT "sys/generate-root/attempt"
#define UPDATE "sys/generate-root/update"
#define REFUSED "status:path=auth/approle/login,code=400,text=invalid role"
#define ROOT                                                                   \
    "body:path=" ATTEMPT ",json={\"nonce\":\"n\",\"otp\":\"abcd\"}",           \
        "body:path=" UPDATE ",json={\"complete\":true,\"encoded_token\":"      \
        "\"Ew0MEA==\"}"

static size_t attempts(void)
{
    return standin_count(&scripted_scratch, "POST", ATTEMPT, false);
}

static void ready(struct flow *w, bool allowed)
{
    w->o.primary = w->primary;
    w->drivers.allow_generate_root = allowed;
    flow_open(w);
}

static void test_the_login_is_tried_first(void **state)
{
    struct flow *w = *state;

    ready(w, true);
    flow_ok(w, restore_login(&w->f, &w->err));
    assert_false(w->report.root_login);
    assert_false(w->report.batch_login);
    assert_non_null(w->f.vault);
    assert_int_equal(attempts(), 0);
}

static void test_a_batch_token_is_told(void **state)
{
    struct flow *w = *state;

    standin_set(&scripted_scratch, "{\"token_type\":\"batch\"}");
    ready(w, false);
    flow_ok(w, restore_login(&w->f, &w->err));
    assert_true(w->report.batch_login);
}

static void test_root_is_not_made_where_it_is_not_allowed(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, REFUSED, ROOT);
    ready(w, false);
    flow_fails(w, restore_login(&w->f, &w->err), TRANSIENT_LOGIN,
               "cannot log in to the restored copy");
    assert_null(w->f.vault);
    assert_int_equal(attempts(), 0);
}

static void test_root_is_not_made_without_shares(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, REFUSED, ROOT);
    w->o.keys = NULL;
    ready(w, true);
    flow_fails(w, restore_login(&w->f, &w->err), TRANSIENT_LOGIN,
               "cannot log in");
    assert_int_equal(attempts(), 0);
}

static void test_root_is_the_last_resort(void **state)
{
    struct flow *w = *state;
    struct vault_token token;

    scripted_faults(&scripted_scratch, REFUSED, ROOT);
    ready(w, true);
    flow_ok(w, restore_login(&w->f, &w->err));
    assert_true(w->report.root_login);
    assert_int_equal(w->err.kind, ERR_NONE);
    assert_int_equal(vault_own_token(w->f.vault, &token, &w->err), 0);
    assert_int_equal(attempts(), 1);
}

static void test_both_reasons_are_told(void **state)
{
    struct flow *w = *state;

    scripted_faults(&scripted_scratch, REFUSED,
                    "status:path=" ATTEMPT ",code=405");
    ready(w, true);
    flow_fails(w, restore_login(&w->f, &w->err), TRANSIENT_LOGIN,
               "cannot log in to the restored copy");
    assert_says(&w->err, "no root token either");
    assert_null(strstr(w->err.text, SCRIPTED_SHARE_1));
    assert_false(w->report.root_login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(test_the_login_is_tried_first),
        FLOW_TEST(test_a_batch_token_is_told),
        FLOW_TEST(test_root_is_not_made_where_it_is_not_allowed),
        FLOW_TEST(test_root_is_not_made_without_shares),
        FLOW_TEST(test_root_is_the_last_resort),
        FLOW_TEST(test_both_reasons_are_told),
    };

    return cmocka_run_group_tests(tests, flow_start, flow_stop);
}
