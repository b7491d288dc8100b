/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "transient/static_keys.h"

#define RAW "0123456789abcdef0123456789abcde\n"
#define HEX "303132333435363738396162636465663031323334353637383961626364650a"
#define BASE64 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQo="

static bool parse(const char *text, uint8_t out[STATIC_KEYS_SIZE])
{
    return static_keys_parse(text, strlen(text), out);
}

static void test_every_form(void **state)
{
    static const char *const forms[] = {RAW, HEX, HEX "\n", BASE64,
                                        BASE64 "\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        uint8_t key[STATIC_KEYS_SIZE] = {0};

        assert_true(parse(forms[i], key));
        assert_memory_equal(key, RAW, STATIC_KEYS_SIZE);
    }
}

static void test_what_is_no_key(void **state)
{
    static const char *const others[] = {
        "",
        "\n",
        "short",
        RAW "x",
        HEX "00",
        "zz3132333435363738396162636465663031323334353637383961626364650a",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"};
    uint8_t key[STATIC_KEYS_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(parse(others[i], key));
}

static void test_files(void **state)
{
    char dir[] = "/tmp/static-keys-XXXXXX";
    char paths[3][64];
    const char *files[3] = {paths[0], paths[1], paths[2]};
    struct static_keys keys = {.bytes = NULL};
    struct error err;
    size_t skipped = 9;

    (void)state;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 3; i++)
        (void)snprintf(paths[i], sizeof paths[i], "%s/%zu", dir, i);
    assert_int_equal(file_replace(paths[0], HEX "\n", 65, 0600, &err), 0);
    assert_int_equal(file_replace(paths[1], "a certificate", 13, 0600, &err),
                     0);
    assert_int_equal(file_replace(paths[2], RAW, 32, 0600, &err), 0);
    assert_int_equal(static_keys_read(files, 3, &keys, &skipped, &err), 0);
    assert_int_equal(keys.count, 2);
    assert_int_equal(skipped, 1);
    assert_memory_equal(keys.bytes, RAW RAW, 64);
    static_keys_done(&keys);
    assert_int_equal(keys.count, 0);

    assert_int_equal(static_keys_read(files, 0, &keys, &skipped, &err), 0);
    assert_null(keys.bytes);
    (void)unlink(paths[1]);
    assert_int_equal(static_keys_read(files, 3, &keys, &skipped, &err), -1);
    assert_non_null(strstr(err.text, paths[1]));
    assert_int_equal(file_remove_tree(dir, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_what_is_no_key),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
