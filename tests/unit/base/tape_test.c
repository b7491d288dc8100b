/* SPDX-License-Identifier: Apache-2.0
 *
 * What is JSON is read where it lies, what is not is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/tape.h"

static struct tape *t;
static char text[64 * 1024];
static struct error err;

static int set_up(void **state)
{
    (void)state;
    t = tape_new();
    return t == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    tape_free(t);
    return 0;
}

/* From memory of its own exact size, so that a sanitizer sees every byte
 * that is touched beyond it. */
static int parse(const char *json)
{
    static char *copy;
    size_t len = strlen(json);

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, json, len);
    return tape_parse(t, copy, len, &err);
}

static const struct tape_node *get(const char *key)
{
    return tape_get(t, tape_root(t), key);
}

static void every_type_is_read(void **state)
{
    const struct tape_node *n;
    int64_t i = 0;

    (void)state;
    assert_int_equal(parse(" {\"s\":\"a\",\"n\":-12,\"f\":1.5e3,\"t\":true,"
                           "\"o\":{\"x\":[1,{\"y\":2},\"z\"]},\"e\":{},"
                           "\"a\":[],\"z\":null,\"big\":\"77\"} "),
                     0);
    assert_int_equal(tape_type(tape_root(t)), JSON_OBJECT);
    assert_int_equal(tape_count(tape_root(t)), 9);
    assert_string_equal(tape_get_text(t, tape_root(t), "s", ""), "a");
    assert_string_equal(tape_get_text(t, tape_root(t), "n", "no"), "no");
    assert_true(tape_i64(t, get("n"), &i) && i == -12);
    assert_false(tape_i64(t, get("f"), &i));
    assert_true(tape_i64(t, get("big"), &i) && i == 77);
    assert_true(tape_bool(t, get("t")));
    assert_false(tape_bool(t, get("s")));
    assert_int_equal(tape_type(get("z")), JSON_NULL);
    assert_int_equal(tape_type(get("nothing")), JSON_NULL);
    assert_null(tape_first(t, get("e")));
    assert_null(tape_first(t, get("a")));
    n = tape_first(t, tape_get(t, get("o"), "x"));
    assert_true(tape_i64(t, n, &i) && i == 1);
    n = tape_next(t, n);
    assert_true(tape_i64(t, tape_get(t, n, "y"), &i) && i == 2);
    n = tape_next(t, n);
    assert_string_equal(tape_text(t, n, ""), "z");
    assert_null(tape_next(t, n));
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\"a\\\"b\":\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20ac"
              "\\ud83d\\ude00 \xc3\xa4\"}"),
        0);
    assert_string_equal(tape_get_text(t, tape_root(t), "a\"b", ""),
                        "\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 "
                        "\xc3\xa4");
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "[1 2]",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\n\"",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nul",
        "truex",
        "1 1",
        "\"\xff\"",
        "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
        "{,}",
        "[,1]",
        "\"\\",
        "\"\\u\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i]) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_null(tape_root(t));
    }
    assert_int_equal(tape_parse(t, memcpy(text, "1\0", 2), 2, &err), -1);
}

static void scalars_are_texts(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(parse("[\"x\",-1.50,true,false,null,[1],{\"a\":1}]"), 0);
    for (const struct tape_node *n = tape_first(t, tape_root(t)); n != NULL;
         n = tape_next(t, n)) {
        tape_scalar(t, n, &b);
        buf_char(&b, ' ');
    }
    assert_string_equal(buf_text(&b), "x -1.50 true false null   ");
    buf_done(&b);
}

static void canonical(const char *json, struct buf *out)
{
    assert_int_equal(parse(json), 0);
    buf_clear(out);
    tape_canonical(t, tape_root(t), out);
    assert_false(buf_failed(out));
}

static bool same(const char *a, const char *b)
{
    struct buf x, y;
    bool equal;

    buf_init(&x, 64 * 1024);
    buf_init(&y, 64 * 1024);
    canonical(a, &x);
    canonical(b, &y);
    equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    buf_done(&x);
    buf_done(&y);
    return equal;
}

static void canonical_forms_tell_values_apart(void **state)
{
    struct buf many, reverse;

    (void)state;
    assert_true(same("{\"a\":1,\"b\":{\"c\":[1,2],\"d\":null}}",
                     " {\"b\": {\"d\":null, \"c\":[1,2]}, \"a\":1}"));
    assert_true(same("\"\\u0041\"", "\"A\""));
    assert_false(same("{\"a\":1}", "{\"a\":2}"));
    assert_false(same("{\"a\":1}", "{\"b\":1}"));
    assert_false(same("{\"a\":\"1\"}", "{\"a\":1}"));
    assert_false(same("[1,2]", "[2,1]"));
    assert_false(same("[1,[2]]", "[[1],2]"));
    assert_false(same("[\"ab\",\"c\"]", "[\"a\",\"bc\"]"));
    assert_false(same("{}", "[]"));
    assert_false(same("{\"a\":null}", "{}"));
    assert_false(same("true", "false"));
    buf_init(&many, 64 * 1024);
    buf_init(&reverse, 64 * 1024);
    for (int i = 0; i < 500; i++) {
        buf_printf(&many, "%c\"k%d\":{\"b\":%d,\"a\":0}", i > 0 ? ',' : '{', i,
                   i);
        buf_printf(&reverse, "%c\"k%d\":{\"a\":0,\"b\":%d}", i > 0 ? ',' : '{',
                   499 - i, 499 - i);
    }
    buf_char(&many, '}');
    buf_char(&reverse, '}');
    assert_true(same(buf_text(&many), buf_text(&reverse)));
    buf_done(&many);
    buf_done(&reverse);
}

static void a_long_list_is_read(void **state)
{
    const struct tape_node *n;
    char *p = text;
    int count = 0;

    (void)state;
    *p++ = '[';
    for (int i = 0; i < 10000; i++)
        p += snprintf(p, 8, "%s\"k\"", i > 0 ? "," : "");
    *p++ = ']';
    assert_int_equal(tape_parse(t, text, (size_t)(p - text), &err), 0);
    assert_int_equal(tape_count(tape_root(t)), 10000);
    for (n = tape_first(t, tape_root(t)); n != NULL; n = tape_next(t, n))
        count++;
    assert_int_equal(count, 10000);
}

static void how_deep_is_for_the_reader_to_say(void **state)
{
    static const char deep[] = "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]";

    (void)state;
    assert_int_equal(parse(deep), -1);
    tape_set_depth(t, 20);
    assert_int_equal(parse(deep), 0);
    tape_set_depth(t, 19);
    assert_int_equal(parse(deep), -1);
    tape_set_depth(t, LIMIT_JSON_DEPTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(scalars_are_texts),
        cmocka_unit_test(canonical_forms_tell_values_apart),
        cmocka_unit_test(a_long_list_is_read),
        cmocka_unit_test(how_deep_is_for_the_reader_to_say),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
