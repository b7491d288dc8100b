/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void carries_kind_and_text(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(error_set(&err, ERR_CONFLICT, "run %d", 7), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_string_equal(err.text, "run 7");
    assert_int_equal(error_prefix(&err, "backup %s", "x"), -1);
    assert_string_equal(err.text, "backup x: run 7");
    errno = ENOSPC;
    error_errno(&err, ERR_IO, "cannot write");
    assert_string_equal(err.text, "cannot write: No space left on device");
    error_clear(&err);
    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(error_set(NULL, ERR_IO, "nobody listens"), -1);
}

static void cuts_long_text_visibly(void **state)
{
    char big[2 * ERROR_TEXT_MAX];
    struct error err;

    (void)state;
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    error_set(&err, ERR_IO, "%s", big);
    assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
    assert_string_equal(err.text + ERROR_TEXT_MAX - 5, "a...");
    error_set(&err, ERR_IO, "%.500s", big);
    error_prefix(&err, "much longer than twelve");
    assert_string_equal(err.text + ERROR_TEXT_MAX - 5, "a...");
}

static void maps_kinds_to_statuses(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(error_http_status(ERR_DENIED), 403);
    assert_int_equal(error_http_status(ERR_CONFLICT), 409);
    assert_int_equal(error_http_status(ERR_UNAVAILABLE), 503);
    assert_int_equal(error_http_status(ERR_CANCELLED), 500);
    assert_int_equal(error_http_status(ERR_TOO_MANY), 429);
    assert_int_equal(error_http_status((enum error_kind)999), 500);
    error_set(&err, ERR_UNAVAILABLE, "gone");
    assert_true(error_worth_retrying(&err));
    error_set(&err, ERR_DENIED, "no");
    assert_false(error_worth_retrying(&err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_kind_and_text),
        cmocka_unit_test(cuts_long_text_visibly),
        cmocka_unit_test(maps_kinds_to_statuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
