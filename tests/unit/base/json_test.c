/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "freed.h"

static int parse(const char *text, struct error *err)
{
    struct json *root = NULL;
    int rc = json_parse(text, strlen(text), &root, err);

    json_free(root);
    return rc;
}

static void refuses_what_is_not_json(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{} x",
        "{\"a\":1,\"a\":2}",
        "\xff",
        "{\"a\":}",
        "[1,]",
        "{\"x\":{\"a\":1,\"a\":2}}",
        "\"\\u0000\"",
    };
    struct error err;

    (void)state;
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        assert_int_equal(parse(bad[n], &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
    }
    assert_int_equal(parse("\"\\\\u0000\"", &err), 0);
    assert_int_equal(json_parse("{}\0", 3, NULL, &err), -1);
}

static void limits_depth(void **state)
{
    char deep[2 * LIMIT_JSON_DEPTH + 3];
    struct error err;

    (void)state;
    memset(deep, '[', LIMIT_JSON_DEPTH);
    memset(deep + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
    deep[2 * LIMIT_JSON_DEPTH] = '\0';
    assert_int_equal(parse(deep, &err), 0);
    memset(deep, '[', LIMIT_JSON_DEPTH + 1);
    memset(deep + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    deep[2 * LIMIT_JSON_DEPTH + 2] = '\0';
    assert_int_equal(parse(deep, &err), -1);
    assert_int_equal(parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[\"", &err), 0);
}

static void reads_values(void **state)
{
    static const char text[] =
        "{\"s\":\"x\",\"n\":42,\"d\":1.5,\"big\":\"18446744073709551615\","
        "\"t\":true,\"z\":null,\"neg\":-3,\"a\":[1,2],\"o\":{\"k\":\"v\"}}";
    struct json *root;
    struct error err;
    struct buf out;
    uint64_t u;

    (void)state;
    assert_int_equal(json_parse(text, strlen(text), &root, &err), 0);
    assert_string_equal(json_get_text(root, "s", "-"), "x");
    assert_string_equal(json_get_text(root, "n", "-"), "-");
    assert_int_equal(json_get_u64(root, "n", 0), 42);
    assert_false(json_u64(json_get(root, "d"), &u));
    assert_false(json_u64(json_get(root, "neg"), &u));
    assert_int_equal(json_get_i64(root, "neg", 0), -3);
    assert_true(json_get_u64(root, "big", 0) == UINT64_MAX);
    assert_true(json_get_bool(root, "t", false));
    assert_int_equal(json_type(json_get(root, "z")), JSON_NULL);
    assert_int_equal(json_count(json_get(root, "a")), 2);
    assert_string_equal(json_get_text(json_get(root, "o"), "k", ""), "v");
    assert_null(json_get(json_get(json_get(root, "no"), "no"), "no"));
    assert_string_equal(json_key(json_first(root)), "s");
    buf_init(&out, 1024);
    json_print(json_get(root, "a"), &out);
    assert_string_equal(buf_text(&out), "[1,2]");
    buf_done(&out);
    json_free(root);
}

static void strips_comments_outside_strings(void **state)
{
    static const char text[] = "// first\n{ /* two\nlines */ \"url\": "
                               "\"http://x\" // end\n}";
    struct json *root;
    struct error err;

    (void)state;
    assert_int_equal(json_parse_commented(text, strlen(text), &root, &err), 0);
    assert_string_equal(json_get_text(root, "url", ""), "http://x");
    json_free(root);
    assert_int_equal(json_parse(text, strlen(text), &root, &err), -1);
}

static void writes_what_it_reads(void **state)
{
    struct jsonw w;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "t", "a\"\\\n\x01\xc3\xa9\xff");
    jsonw_text(&w, "none", NULL);
    jsonw_u64(&w, "u", 9007199254740993u);
    jsonw_i64(&w, "i", -5);
    jsonw_seconds(&w, "s", 2.450);
    jsonw_seconds(&w, "whole", 3);
    jsonw_time(&w, "at", 1709251199123);
    jsonw_time(&w, "never", 0);
    jsonw_array(&w, "a");
    jsonw_bool(&w, NULL, true);
    jsonw_object(&w, NULL);
    jsonw_end_object(&w);
    jsonw_raw(&w, NULL, "{\"r\":1}");
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    assert_string_equal(
        buf_text(&out),
        "{\"t\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\\ufffd\",\"none\":null,"
        "\"u\":\"9007199254740993\",\"i\":-5,\"s\":2.45,\"whole\":3,"
        "\"at\":\"2024-02-29T23:59:59.123Z\",\"never\":null,"
        "\"a\":[true,{},{\"r\":1}]}");
    buf_done(&out);
}

static void wipes_what_it_frees(void **state)
{
    static const char *const bad[] = {
        "{\"a\": \"" FREED_MARK "\", \"b\": 1, \"b\": 2}",
        "[\"" FREED_MARK "\"] {",
        "[\"" FREED_MARK "\", ",
    };
    static const char good[] = "{\"" FREED_MARK "\": \"" FREED_MARK "\"}";
    struct json *root;
    struct error err;
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        freed_reset();
        assert_int_equal(json_parse(bad[i], strlen(bad[i]), &root, &err), -1);
        assert_true(freed_wiped() > 0);
    }
    assert_int_equal(json_parse(good, strlen(good), &root, &err), 0);
    buf_init_secret(&out, 4096);
    freed_reset();
    json_print(root, &out);
    assert_true(freed_wiped() > 1); /* it prints into what grows */
    freed_reset();
    json_free(root);
    assert_int_equal(freed_wiped(), 2);
    buf_done(&out);
    assert_int_equal(freed_marked(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(reads_values),
        cmocka_unit_test(strips_comments_outside_strings),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(wipes_what_it_frees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
