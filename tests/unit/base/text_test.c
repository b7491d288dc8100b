/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void parses_integers_strictly(void **state)
{
    static const char *const bad[] = {
        "", " 1", "1 ", "+1", "0x1", "1.0", "18446744073709551616", "-1"};
    uint64_t u = 7;
    int64_t i = 7;

    (void)state;
    assert_true(text_u64("18446744073709551615", &u));
    assert_true(u == UINT64_MAX);
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        assert_false(text_u64(bad[n], &u));
    assert_true(u == UINT64_MAX);
    assert_true(text_i64("-9223372036854775808", &i));
    assert_true(i == INT64_MIN);
    assert_false(text_i64("9223372036854775808", &i));
    assert_false(text_i64("-9223372036854775809", &i));
    assert_false(text_i64("--1", &i));
}

static void parses_doubles_and_bools(void **state)
{
    double d;
    bool b;

    (void)state;
    assert_true(text_double("-1.5e3", &d));
    assert_true(d == -1500);
    assert_false(text_double("nan", &d));
    assert_false(text_double("1e999", &d));
    assert_false(text_double("0x10", &d));
    assert_false(text_double("1,5", &d));
    assert_true(text_bool("True", &b));
    assert_true(b);
    assert_true(text_bool("f", &b));
    assert_false(b);
    assert_false(text_bool("yes", &b));
    assert_false(text_bool("tRUE", &b));
}

static void parses_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},          {"90", 90000},  {"1h30m", 5400000},
                {"250ms", 250},    {"1.5s", 1500}, {"2d", 172800000},
                {"1m500ms", 60500}};
    static const char *const bad[] = {
        "", "s", "1", "1x", "-1s", "1 s", "1s2", "99999999999999999d"};
    int64_t ms;

    (void)state;
    for (size_t n = 0; n < sizeof good / sizeof good[0]; n++) {
        assert_true(text_duration_ms(good[n].text, &ms));
        assert_int_equal(ms, good[n].ms);
    }
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        if (strcmp(bad[n], "1") != 0) /* plain seconds */
            assert_false(text_duration_ms(bad[n], &ms));
    }
}

static void parses_sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},           {"64", 64},
                {"64B", 64},        {"64k", 65536},
                {"64KiB", 65536},   {"1MiB", 1048576},
                {"2G", 2147483648}, {"1tb", 1099511627776}};
    static const char *const bad[] = {"",    "k",    "-1",       "1x",
                                      "1.5", "1KiX", "16777216T"};
    uint64_t bytes;

    (void)state;
    for (size_t n = 0; n < sizeof good / sizeof good[0]; n++) {
        assert_true(text_size(good[n].text, &bytes));
        assert_true(bytes == good[n].bytes);
    }
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        assert_false(text_size(bad[n], &bytes));
}

static void parses_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"2024-02-29T23:59:59.123456789Z", 1709251199123},
                {"2026-11-24T02:00:00+01:30", 1795480200000},
                {"1969-12-31T23:59:59.5Z", -500}};
    static const char *const bad[] = {
        "",
        "2023-02-29T00:00:00Z",
        "2026-11-24",
        "2026-11-24T25:00:00Z",
        "2026-11-24T02:00:00",
        "2026-11-24T02:00:00.Z",
        "2026-13-24T02:00:00Z",
        "2026-11-24T02:00:00Zx",
    };
    int64_t ms;

    (void)state;
    for (size_t n = 0; n < sizeof good / sizeof good[0]; n++) {
        assert_true(text_rfc3339_ms(good[n].text, &ms));
        assert_int_equal(ms, good[n].ms);
    }
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        assert_false(text_rfc3339_ms(bad[n], &ms));
}

static void compares_and_trims(void **state)
{
    char blank[] = " \t x y\r\n";
    char only[] = " \n";
    char small[4];

    (void)state;
    assert_string_equal(text_trim(blank), "x y");
    assert_string_equal(text_trim(only), "");
    assert_true(text_given("a"));
    assert_false(text_given(""));
    assert_false(text_given(NULL));
    assert_true(text_starts("abc", "ab"));
    assert_false(text_starts("a", "ab"));
    assert_true(text_ends("abc", "bc"));
    assert_false(text_ends("c", "bc"));
    assert_true(text_equal_nocase("X-Vault-Token", "x-vault-TOKEN"));
    assert_false(text_equal_nocase("abc", "ab"));
    assert_false(text_equal_nocase("@", "`"));
    assert_true(text_equal_secret("s.abc", "s.abc"));
    assert_false(text_equal_secret("s.abc", "s.abd"));
    assert_false(text_equal_secret("abab", "ab"));
    assert_false(text_equal_secret("", "ab"));
    assert_false(text_equal_secret("ab", ""));
    assert_true(text_is_token("abc-1"));
    assert_false(text_is_token("a b"));
    assert_false(text_is_token(""));
    assert_true(text_copy(small, sizeof small, "abc"));
    assert_false(text_copy(small, sizeof small, "abcd"));
    assert_string_equal(small, "abc");
}

static void prints_for_people(void **state)
{
    char out[32];

    (void)state;
    text_human_size(1023, out, sizeof out);
    assert_string_equal(out, "1023 B");
    text_human_size(1536, out, sizeof out);
    assert_string_equal(out, "1.5 KiB");
    text_human_size(1048575, out, sizeof out);
    assert_string_equal(out, "1.0 MiB");
    text_human_duration(2450, out, sizeof out);
    assert_string_equal(out, "2.4s");
    text_human_duration(90000, out, sizeof out);
    assert_string_equal(out, "1m30s");
    text_human_duration(3900000, out, sizeof out);
    assert_string_equal(out, "1h5m");
}

static void codes_hex_and_base64(void **state)
{
    static const char *const plain[] = {"",     "f",     "fo",    "foo",
                                        "foob", "fooba", "foobar"};
    static const char *const coded[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    uint8_t raw[8];
    char hex[9];
    size_t len;

    (void)state;
    for (size_t n = 0; n < 7; n++) {
        char *text = text_base64(plain[n], strlen(plain[n]));

        assert_string_equal(text, coded[n]);
        assert_true(text_unbase64(text, raw, sizeof raw, &len));
        assert_int_equal(len, strlen(plain[n]));
        assert_memory_equal(raw, plain[n], len);
        free(text);
    }
    assert_true(text_unbase64("Zm8", raw, sizeof raw, &len));
    assert_int_equal(len, 2);
    assert_true(text_unbase64("_-8", raw, sizeof raw, &len));
    assert_false(text_unbase64("Z", raw, sizeof raw, &len));
    assert_false(text_unbase64("Zm9=v", raw, sizeof raw, &len));
    assert_false(text_unbase64("Zn==", raw, sizeof raw, &len));
    assert_false(text_unbase64("Zm9vYmFyZm9v", raw, 8, &len));
    text_hex("\x00\xab\xff\x10", 4, hex);
    assert_string_equal(hex, "00abff10");
    assert_true(text_unhex("00ABff10", raw, 4));
    assert_memory_equal(raw, "\x00\xab\xff\x10", 4);
    assert_false(text_unhex("00abff1", raw, 4));
    assert_false(text_unhex("00abff1g", raw, 4));
}

static void knows_utf8(void **state)
{
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xc3",
                                      "\xff"};

    (void)state;
    assert_true(text_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        assert_false(text_is_utf8(bad[n], strlen(bad[n])));
}

static void copies_lists(void **state)
{
    static const char *const from[] = {"one", "", "three"};
    char **copy = text_dup_list(from, 3);
    char **none = text_dup_list(NULL, 0);

    (void)state;
    assert_non_null(copy);
    for (size_t n = 0; n < 3; n++) {
        assert_ptr_not_equal(copy[n], from[n]);
        assert_string_equal(copy[n], from[n]);
    }
    assert_non_null(none);
    text_free_list(copy, 3);
    text_free_list(none, 0);
    text_free_list(NULL, 0);
}

static void orders_versions(void **state)
{
    static const char *const ascending[] = {
        "1.2.3-beta1", "1.2.3-rc1", "1.2.3", "1.2.10", "1.10.0", "2.0", "10.0"};
    size_t n = sizeof ascending / sizeof ascending[0];

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            int c = text_version_compare(ascending[i], ascending[k]);

            assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
        }
    }
    assert_int_equal(text_version_compare("1.15.4+ent", "v1.15.4"), 0);
    assert_int_equal(text_version_compare("1.2", "1.2.0"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_integers_strictly),
        cmocka_unit_test(parses_doubles_and_bools),
        cmocka_unit_test(parses_durations),
        cmocka_unit_test(parses_sizes),
        cmocka_unit_test(parses_times),
        cmocka_unit_test(compares_and_trims),
        cmocka_unit_test(prints_for_people),
        cmocka_unit_test(codes_hex_and_base64),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(copies_lists),
        cmocka_unit_test(orders_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
