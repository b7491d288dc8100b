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
#include "transient/keys.h"

#define SHARE_A "4rPa5xnFwYY1Xb3bVn3hPCkDHn0+L4zcoVUHhvAl6PTf"
#define SHARE_A_HEX                                                            \
    "e2b3dae719c5c186355dbddb567de13c29031e7d3e2f8cdca1550786f025e8f4df"
#define SHARE_B                                                                \
    "e2b3dae719c5c186355dbddb567de13c29031e7d3e2f8cdca1550786f025e8f400"
#define SHARE_C "IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h"

static char path[64];

static int add(struct keys *k, const char *content, struct error *err)
{
    assert_int_equal(file_replace(path, content, strlen(content), 0600, err),
                     0);
    return keys_add_file(k, path, err);
}

static void test_a_file_holds_shares_line_by_line(void **state)
{
    struct keys *k = keys_new();
    struct error err;

    (void)state;
    assert_int_equal(add(k,
                         "# held by operations\n"
                         "Unseal Key 1: " SHARE_A "\r\n\n"
                         "  " SHARE_B "\t\n" SHARE_C,
                         &err),
                     0);
    assert_int_equal(keys_count(k), 3);
    assert_string_equal(keys_at(k, 0), SHARE_A);
    assert_string_equal(keys_at(k, 1), SHARE_B);
    assert_string_equal(keys_at(k, 2), SHARE_C);
    keys_free(k);
}

static void test_a_repeated_share_counts_once(void **state)
{
    struct keys *k = keys_new();
    struct error err;

    (void)state;
    assert_int_equal(add(k, SHARE_A "\n", &err), 0);
    assert_int_equal(add(k, SHARE_A "\n", &err), 0);
    assert_int_equal(keys_count(k), 1);
    /* Another spelling of it, and one that differs in its last byte. */
    assert_int_equal(keys_add(k, SHARE_A_HEX, &err), 0);
    assert_int_equal(keys_count(k), 1);
    assert_int_equal(keys_add(k, SHARE_B, &err), 0);
    assert_int_equal(keys_count(k), 2);
    keys_free(k);
}

/* As a program prints them. */
static void test_text_is_read_like_a_file(void **state)
{
    struct keys *k = keys_new();
    struct buf text;
    struct error err;

    (void)state;
    buf_init_secret(&text, 1024);
    buf_str(&text, SHARE_A "\n\n" SHARE_C "\n");
    assert_int_equal(keys_add_text(k, &text, "the output", &err), 0);
    assert_int_equal(keys_count(k), 2);
    buf_clear(&text);
    assert_int_equal(keys_add_text(k, &text, "the output", &err), -1);
    assert_string_equal(err.text, "the output holds no share");
    buf_str(&text, "key: hvs.topsecret");
    assert_int_equal(keys_add_text(k, &text, "the output", &err), -1);
    assert_non_null(strstr(err.text, "line 1 of the output: "));
    assert_null(strstr(err.text, "topsecret"));
    buf_clear(&text);
    buf_add(&text, SHARE_A "\0" SHARE_C, 2 * strlen(SHARE_A) + 1);
    assert_int_equal(keys_add_text(k, &text, "the output", &err), -1);
    assert_string_equal(err.text, "the output is not text");
    buf_done(&text);
    /* Nothing was ever written to it. */
    buf_init_secret(&text, 1024);
    assert_int_equal(keys_add_text(k, &text, "the output", &err), -1);
    assert_string_equal(err.text, "the output holds no share");
    keys_free(k);
}

static void test_an_error_names_the_line_and_no_secret(void **state)
{
    struct keys *k = keys_new();
    struct error err;

    (void)state;
    assert_int_equal(add(k, SHARE_A "\nhvs.topsecret!\n", &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "line 2 of the key file"));
    assert_non_null(strstr(err.text, path));
    assert_null(strstr(err.text, "topsecret"));
    assert_int_equal(add(k, "abcd\n", &err), -1); /* too short */
    assert_int_equal(keys_count(k), 1);
    keys_free(k);
}

static void test_an_empty_or_missing_file_is_an_error(void **state)
{
    struct keys *k = keys_new();
    struct error err;

    (void)state;
    assert_int_equal(add(k, "# nothing\n\n", &err), -1);
    assert_non_null(strstr(err.text, "holds no share"));
    assert_int_equal(keys_add_file(k, "/nonexistent/key", &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(keys_count(NULL), 0);
    keys_free(k);
    keys_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_holds_shares_line_by_line),
        cmocka_unit_test(test_a_repeated_share_counts_once),
        cmocka_unit_test(test_text_is_read_like_a_file),
        cmocka_unit_test(test_an_error_names_the_line_and_no_secret),
        cmocka_unit_test(test_an_empty_or_missing_file_is_an_error),
    };
    int failed;

    (void)snprintf(path, sizeof path, "/tmp/assay-keys-test.%d", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
