/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transient/server_log.h"

static char path[64];

static void append(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
}

static void test_a_line_is_found_when_it_is_whole(void **state)
{
    struct server_log l = {.offset = 0};
    char words[64];
    struct error err;

    (void)state;
    append("1 [INFO]  core: one\n2 [ERROR] core: it broke\x1b[31m\n3 [INFO] "
           "resto");
    assert_int_equal(server_log_look(&l, path, "restored", &err), 0);
    append("red user snapshot\n4 [ERROR] core: later\n");
    assert_int_equal(server_log_look(&l, path, "restored", &err), 1);
    server_log_last_error(&l, words, sizeof words);
    assert_string_equal(words, "core: it broke [31m");
    assert_int_equal(server_log_look(&l, path, "restored", &err), 0);
    server_log_last_error(&l, words, 10);
    assert_string_equal(words, "core: lat");
}

static void test_an_endless_line_is_cut(void **state)
{
    struct server_log l = {.offset = 0};
    struct error err;

    (void)state;
    (void)unlink(path);
    for (int i = 0; i < 1000; i++)
        append("0123456789012345678901234567890123456789");
    append(" needle\nneedle\n");
    assert_int_equal(server_log_look(&l, path, "needle", &err), 1);
    assert_int_equal(l.offset, 1000 * 40 + 8 + 7);
    assert_int_equal(server_log_look(&l, "/nonexistent/log", "x", &err), -1);
    assert_int_equal(err.kind, ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_found_when_it_is_whole),
        cmocka_unit_test(test_an_endless_line_is_cut),
    };
    int failed;

    (void)snprintf(path, sizeof path, "/tmp/assay-log-test.%d", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
