/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/form.h"

static int parse(const char *text, struct form *out)
{
    struct error err = {0};
    const int rc = form_parse(text, strlen(text), out, &err);

    if (rc < 0)
        assert_int_equal(err.kind, ERR_INVALID);
    return rc;
}

static void takes_pairs(void **state)
{
    struct form f = {0};

    (void)state;
    assert_int_equal(parse("a=1&b=x+y%20z&c&&=drop&a=2&d=%C3%A4", &f), 0);
    assert_int_equal(f.count, 5);
    assert_string_equal(form_get(&f, "a"), "1");
    assert_string_equal(form_get(&f, "b"), "x y z");
    assert_string_equal(form_get(&f, "c"), "");
    assert_string_equal(form_get(&f, "d"), "\xc3\xa4");
    assert_null(form_get(&f, "e"));
    form_done(&f);
    assert_int_equal(parse("", &f), 0);
    assert_int_equal(f.count, 0);
    form_done(&f);
    form_done(&f);
}

static void refuses_what_is_not_text(void **state)
{
    static const char *const bad[] = {"a=%00", "a=%",      "a=%4",  "a=%zz",
                                      "%=1",   "a=%ff%fe", "%80=x", "a=b%"};
    struct form f = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(bad[i], &f), -1);
}

static void is_bounded(void **state)
{
    char text[3 * FORM_PAIRS_MAX + 8] = "";
    struct form f = {0};

    (void)state;
    for (int i = 0; i < FORM_PAIRS_MAX; i++)
        memcpy(text + strlen(text), i > 0 ? "&a" : "a\0", 3);
    assert_int_equal(parse(text, &f), 0);
    assert_int_equal(f.count, FORM_PAIRS_MAX);
    form_done(&f);
    memcpy(text + strlen(text), "&a", 3);
    assert_int_equal(parse(text, &f), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_pairs),
        cmocka_unit_test(refuses_what_is_not_text),
        cmocka_unit_test(is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
