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

#define T "2026-11-24T02:00:00.123Z "

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
    append(T "[INFO]  core: one\n" T "[ERROR] core: it broke\x1b[31m\n" T
             "[INFO]  resto");
    assert_int_equal(server_log_look(&l, path, "restored", &err), 0);
    append("red user snapshot\n" T "[ERROR] core: later\n");
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
    append(" needle\n" T "[INFO]  needle\n");
    assert_int_equal(server_log_look(&l, path, "needle", &err), 1);
    assert_int_equal(l.offset, 1000 * 40 + 8 + (int)strlen(T) + 15);
    assert_int_equal(server_log_look(&l, "/nonexistent/log", "x", &err), -1);
    assert_int_equal(err.kind, ERR_IO);
}

static void test_audit_entries_are_not_the_servers(void **state)
{
    static const char *const own[] = {
        T "[INFO]  core: security barrier not initialized",
        "2026-11-24T02:00:00.123+0100 [WARN]  core: x",
        T "[ERROR] core: y: error=\"z\"",
        "Error initializing core: x",
        "fatal error: runtime: out of memory",
    };
    static const char *const others[] = {
        "",
        "==> Vault server started!",
        "{\"time\":\"2026-11-24T02:00:00.123Z\",\"type\":\"request\"}",
        "@cee: {\"type\":\"request\"}",
        T "[INFO]  core: {\"type\":\"request\",\"auth\":{}}",
        T "[INFO]  <json:object name=\"auth\">",
        "<json:object><json:string name=\"error\"> [ERROR] x",
        "Error {\"type\":\"response\"}",
        "  | further line of a message",
        T "[AUDIT] x",
        "2026-11-24 02:00:00.123Z [INFO]  core: x",
    };
    struct server_log l = {.offset = 0};
    char words[64];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        assert_true(server_log_is_own(own[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(server_log_is_own(others[i]));
    (void)unlink(path);
    append("{\"error\":\" [ERROR] SECRET restored user snapshot\"}\n");
    assert_int_equal(server_log_look(&l, path, "restored", &err), 0);
    server_log_last_error(&l, words, sizeof words);
    assert_string_equal(words, "");
}

static void test_last_words(void **state)
{
    static const struct {
        const char *line;
        const char *words;
        bool limit;
    } rows[] = {
        {T "[WARN]  failed to unseal core: error=\"x\"\n",
         "failed to unseal core: error=\"x\"", false},
        {"Error initializing core: y\n", "Error initializing core: y", false},
        {"fatal error: runtime: cannot allocate memory\n",
         "fatal error: runtime: cannot allocate memory", true},
        {"SIGXFSZ: file size limit exceeded\n",
         "SIGXFSZ: file size limit exceeded", true},
        {"fatal error: all goroutines are asleep\n",
         "fatal error: all goroutines are asleep", false},
    };
    char words[64];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct server_log l = {.offset = 0};

        (void)unlink(path);
        append(rows[i].line);
        append(T "[WARN]  core: of no interest\n");
        assert_int_equal(server_log_look(&l, path, "\n", &err), 0);
        server_log_last_error(&l, words, sizeof words);
        assert_string_equal(words, rows[i].words);
        assert_int_equal(server_log_says_limit(&l), rows[i].limit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_found_when_it_is_whole),
        cmocka_unit_test(test_an_endless_line_is_cut),
        cmocka_unit_test(test_audit_entries_are_not_the_servers),
        cmocka_unit_test(test_last_words),
    };
    int failed;

    (void)snprintf(path, sizeof path, "/tmp/assay-log-test.%d", (int)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
