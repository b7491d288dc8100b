/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "vault/kv_value.h"

static void finds(const char *text, const char *name, const char *expected)
{
    struct kv_text out = {NULL, 0};
    const struct kv_text in = {text, strlen(text)};
    const bool found = kv_value_find(in, name, &out);

    if (expected == NULL) {
        assert_false(found);
        return;
    }
    assert_true(found);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.at, expected, out.len);
}

static void a_member_as_it_was_sent(void **state)
{
    (void)state;
    finds("{\"data\":{\"n\":12345678901234567890.50}}", "data",
          "{\"n\":12345678901234567890.50}");
    finds(" {\n\"a\" : [1, {\"data\": 2}, \"]}\"] , \"data\" : \"x\" }", "data",
          "\"x\"");
    finds("{\"x\":\"\\\"data\\\":1,\",\"data\":null}", "data", "null");
    finds("{\"x\":\"\\\\\",\"data\":-1e5\n}", "data", "-1e5");
    finds("{\"data\":\"\\u0041{\"}", "data", "\"\\u0041{\"");
    finds("{\"data\":[[],{}],\"z\":1}", "data", "[[],{}]");
}

static void what_is_not_there(void **state)
{
    (void)state;
    finds("{}", "data", NULL);
    finds("", "data", NULL);
    finds("[1]", "data", NULL);
    finds("null", "data", NULL);
    finds("{\"metadata\":1,\"dat\":2,\"dataa\":3}", "data", NULL);
    finds("{\"x\":{\"data\":1}}", "data", NULL);
}

/* Cut off anywhere, it looks no further than there is text. */
static void nothing_behind_the_end(void **state)
{
    const char *text = "{\"a\\\"\": {\"b\": \"\\\\\"}, \"data\": [1, \"x\"]}";

    (void)state;
    for (size_t n = 0; n < strlen(text); n++) {
        char *copy = test_malloc(n + 1);
        struct kv_text out = {NULL, 0};
        const struct kv_text in = {copy, n};

        memcpy(copy, text, n);
        if (kv_value_find(in, "data", &out))
            assert_true(out.at >= copy && out.at + out.len <= copy + n);
        test_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_as_it_was_sent),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(nothing_behind_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
