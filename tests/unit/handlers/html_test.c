/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "handlers/html.h"

static void assert_html(const char *text, const char *expected)
{
    struct buf out;

    buf_init(&out, 4096);
    html_text(&out, text);
    assert_string_equal(buf_text(&out), expected);
    buf_done(&out);
}

static void plain_text_stays(void **state)
{
    (void)state;
    assert_html("", "");
    assert_html("secret/shop item-1", "secret/shop item-1");
    assert_html("caf\u00e9 \u20ac \U0001f600", "caf\u00e9 \u20ac \U0001f600");
}

static void markup_is_text(void **state)
{
    (void)state;
    assert_html("<script>alert('1')</script>",
                "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    assert_html("\" onload=\"x&y", "&quot; onload=&quot;x&amp;y");
}

static void what_cannot_be_seen_is_shown(void **state)
{
    (void)state;
    assert_html("a\x01"
                "b\x1b[2J\n\x7f",
                "a\\x01b\\x1b[2J\\x0a\\x7f");
    assert_html("\xc2\x85x", "\\x85x"); /* a control character of UTF-8 */
    assert_html("user\u202egnp.exe", "user\\u202egnp.exe");
    assert_html("\u2066\u200b\ufeff", "\\u2066\\u200b\\ufeff");
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    assert_html("k\xff\xfe<", "k\ufffd\ufffd&lt;");
    assert_html("cut \xe2\x82", "cut \ufffd\ufffd");
    /* Not to be read past the end. */
    assert_html("\xe2", "\ufffd");
    assert_html("\xf0", "\ufffd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(markup_is_text),
        cmocka_unit_test(what_cannot_be_seen_is_shown),
        cmocka_unit_test(bytes_that_are_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
