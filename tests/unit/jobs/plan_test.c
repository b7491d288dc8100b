/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "jobs/plan.h"

static void test_blockers(void **state)
{
    (void)state;
    struct plan p = {0};
    assert_null(plan_blocker(&p));
    plan_say(&p, "one", PLAN_OK, "fine");
    plan_say(&p, "two", PLAN_WARNING, "hm");
    assert_null(plan_blocker(&p));
    plan_say(&p, "three", PLAN_BLOCKER, "no %d", 3);
    assert_string_equal(plan_blocker(&p)->name, "three");
    /* The last word counts. */
    plan_say(&p, "three", PLAN_OK, "yes");
    assert_null(plan_blocker(&p));
    assert_int_equal(p.count, 3);
}

static void test_override(void **state)
{
    (void)state;
    struct plan p = {.override = true};
    plan_say(&p, "soft", PLAN_BLOCKER, "no");
    assert_null(plan_blocker(&p));
    assert_string_equal(p.findings[0].message,
                        "no (overridden by the request)");
    plan_say(&p, "hard", PLAN_STOP, "never");
    assert_string_equal(plan_blocker(&p)->name, "hard");
}

static void test_text(void **state)
{
    (void)state;
    struct plan p = {0};
    struct error err = {0};
    struct buf b;
    buf_init(&b, LIMIT_REQUEST_BODY);
    plan_say(&p, "a", PLAN_OK, "say \"hi\"");
    plan_say(&p, "b", PLAN_STOP, "no");
    assert_int_equal(plan_write(&p, &b, &err), 0);
    assert_string_equal(
        buf_text(&b),
        "{\"revision\":1,\"blocked\":true,\"findings\":["
        "{\"name\":\"a\",\"level\":\"ok\",\"message\":\"say \\\"hi\\\"\"},"
        "{\"name\":\"b\",\"level\":\"blocker\",\"message\":\"no\"}]}");
    buf_clear(&b);
    assert_int_equal(plan_write(&p, &b, &err), 0);
    assert_int_equal(p.revision, 2);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blockers),
        cmocka_unit_test(test_override),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
