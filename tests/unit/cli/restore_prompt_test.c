/* SPDX-License-Identifier: Apache-2.0
 *
 * What is typed, through a pipe in place of a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "cli/restore_prompt.h"
#include "transient/keys.h"

#define ONE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define TWO "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h"

static void type(const char *text)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(ends[0]), 0);
}

static bool names(const char *text)
{
    type(text);
    return restore_prompt_name("vault-cluster-1", "https://there");
}

static void the_name_is_typed_in_full(void **state)
{
    static char long_line[2048];

    (void)state;
    assert_true(names("vault-cluster-1\n"));
    assert_true(names(" vault-cluster-1\r\n"));
    assert_true(names("vault-cluster-1"));
    assert_false(names("vault-cluster\n"));
    assert_false(names("vault-cluster-12\n"));
    assert_false(names("y\n"));
    assert_false(names("\nvault-cluster-1\n"));
    assert_false(names(""));
    memset(long_line, 'v', sizeof(long_line) - 1);
    assert_false(names(long_line));
}

static size_t shares(const char *text, int expected)
{
    struct keys *keys = keys_new();
    struct error err = {0};
    size_t count = 0;

    assert_non_null(keys);
    type(text);
    assert_int_equal(restore_prompt_shares(keys, &err), expected);
    count = keys_count(keys);
    keys_free(keys);
    return count;
}

static void shares_until_an_empty_line(void **state)
{
    (void)state;
    assert_int_equal(shares(ONE "\n" TWO "\n\n" ONE "\n", 0), 2);
    assert_int_equal(shares(ONE "\n" TWO "\n", 0), 2);
    assert_int_equal(shares("\n", 0), 0);
    /* What is none, or was given before, does not count. */
    assert_int_equal(shares("no share\n" ONE "\n" ONE "\n\n", 0), 1);
}

static void nothing_to_read_from(void **state)
{
    (void)state;
    assert_int_equal(close(STDIN_FILENO), 0);
    assert_false(restore_prompt_name("n", "a"));
    struct keys *keys = keys_new();
    struct error err = {0};
    assert_int_equal(restore_prompt_shares(keys, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_typed_in_full),
        cmocka_unit_test(shares_until_an_empty_line),
        cmocka_unit_test(nothing_to_read_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
