/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/limits.h"
#include "server/uri.h"

static void splits(void **state)
{
    struct error err = {0};
    struct uri u = {0};

    (void)state;
    assert_int_equal(uri_parse("/v1/as%73ay/a%20b+c/?x=1&y=a%2Fb", &u, &err),
                     0);
    assert_int_equal(u.count, 3);
    assert_string_equal(u.segments[0], "v1");
    assert_string_equal(u.segments[1], "assay");
    assert_string_equal(u.segments[2], "a b+c");
    assert_string_equal(form_get(&u.query, "y"), "a/b");
    uri_done(&u);
    assert_int_equal(uri_parse("/", &u, &err), 0);
    assert_int_equal(u.count, 0);
    uri_done(&u);
}

static void refuses_what_reads_two_ways(void **state)
{
    static const char *const bad[] = {
        "",
        "v1/a",
        "*",
        "http://h/v1/a",
        "/v1//a",
        "//",
        "/v1/a//",
        "/v1/./a",
        "/v1/../a",
        "/v1/..",
        "/v1/%2e%2e",
        "/v1/%2E/a",
        "/v1/a%2fb",
        "/v1/a%2Fb",
        "/v1/a%00b",
        "/v1/a%5cb",
        "/v1/a\\b",
        "/v1/a%0ab",
        "/v1/a%7f",
        "/v1/a\x01",
        "/v1/a b",
        "/v1/a\xc3\xa4",
        "/v1/a%ff",
        "/v1/a%c0%af",
        "/v1/a%",
        "/v1/a%2",
        "/v1/a#b",
        "/v1/a?x=%00",
        "/v1/a?x=\x7f",
        "//v1/a",
        "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h",
    };
    struct uri u = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error err = {0};

        assert_int_equal(uri_parse(bad[i], &u, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void is_bounded(void **state)
{
    char text[LIMIT_REQUEST_URL + 2];
    struct error err = {0};
    struct uri u = {0};

    (void)state;
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[LIMIT_REQUEST_URL] = '\0';
    assert_int_equal(uri_parse(text, &u, &err), 0);
    uri_done(&u);
    text[LIMIT_REQUEST_URL] = 'a';
    text[LIMIT_REQUEST_URL + 1] = '\0';
    assert_int_equal(uri_parse(text, &u, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits),
        cmocka_unit_test(refuses_what_reads_two_ways),
        cmocka_unit_test(is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
