/* SPDX-License-Identifier: Apache-2.0
 *
 * This program is its own launcher, and the sandbox command that it starts:
 * that says what it was started with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "transient/helper.h"
#include "transient/launcher.h"
#include "transient/sandbox.h"

static char top[] = "/tmp/assay-launcher-XXXXXX";
static char own[64], log_path[64];

static int be_sandbox(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        (void)printf("%s ", argv[i]);
    (void)printf("parent %d\n", (int)getppid());
    (void)fflush(stdout);
    return 5;
}

static int ends[2];

static int start(const char *dir, const char *server, pid_t *pid,
                 struct error *err)
{
    const char *words[] = {dir, server, "size:5", "seconds:7", NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int rc;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    rc = launcher_start(words, (const int[3]){null, ends[1], null}, pid, err);
    (void)close(null);
    (void)close(ends[1]);
    return rc;
}

static void read_all(char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len + 1 < size && (n = read(ends[0], out + len, size - 1 - len)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    (void)close(ends[0]);
}

static void starts_a_child_of_ours(void **state)
{
    char said[1024], expected[1024];
    struct error err = {0};
    int status = 0;
    pid_t pid = 0;

    (void)state;
    assert_int_equal(start(own, "/a server", &pid, &err), 0);
    read_all(said, sizeof said);
    (void)snprintf(expected, sizeof expected,
                   "assay " SANDBOX_COMMAND " %s /a server isolated size:5 "
                   "seconds:7 parent %d\n",
                   own, (int)getpid());
    assert_string_equal(said, expected);
    assert_int_equal(process_wait(pid, -1, &status), 1);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 5);
}

static void keeps_to_its_directory(void **state)
{
    static const char *const others[] = {"/", "/tmp", top, "/there/is/no/such"};
    char around[128], link_path[128];
    struct error err = {0};
    pid_t pid = 0;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(start(others[i], "/bin/true", &pid, &err), -1);
        assert_non_null(strstr(err.text, "nowhere else"));
        (void)close(ends[0]);
    }
    (void)snprintf(around, sizeof around, "%s/../../etc", own);
    assert_int_equal(start(around, "/bin/true", &pid, &err), -1);
    (void)close(ends[0]);
    (void)snprintf(link_path, sizeof link_path, "%s/link", top);
    assert_int_equal(symlink("/etc", link_path), 0);
    assert_int_equal(start(link_path, "/bin/true", &pid, &err), -1);
    (void)close(ends[0]);
    assert_int_equal(pid, 0);
}

/* helper.c goes through it as soon as there is one. */
static void is_used_for_isolated_sandboxes(void **state)
{
    char word[] = "size:9";
    char *const extras[] = {word, NULL};
    const struct helper_options o = {.dir = own,
                                     .server = "/a server",
                                     .log_path = log_path,
                                     .isolated = true,
                                     .extras = extras};
    struct helper h = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(helper_start(&o, &h, &err), 0);
    assert_int_equal(helper_stop(&h, false, &err), -1);
    assert_non_null(strstr(err.text, "isolated size:9 parent"));
}

static void takes_no_more_words_than_there_is_room_for(void **state)
{
    const char *words[100] = {NULL};
    struct error err = {0};
    pid_t pid = 0;

    (void)state;
    for (size_t i = 0; i < 99; i++)
        words[i] = "word";
    assert_int_equal(launcher_start(words, (const int[3]){0, 1, 2}, &pid, &err),
                     -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
}

static void says_when_it_is_gone(void **state)
{
    struct error err = {0};
    pid_t pid = 0;

    (void)state;
    launcher_close();
    assert_false(launcher_is_open());
    launcher_close();
    assert_int_equal(launcher_open(top, &err), 0);
    assert_true(launcher_is_open());
    /* Its only child but for those that were waited for. */
    {
        char text[32] = "";
        int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_true(read(fd, text, sizeof text - 1) > 0);
        (void)close(fd);
        for (const char *c = text; *c >= '0' && *c <= '9'; c++)
            pid = pid * 10 + (*c - '0');
    }
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(start(own, "/a server", &pid, &err), -1);
    assert_non_null(strstr(err.text, "restart assay"));
    (void)close(ends[0]);
}

static int begin(void **state)
{
    struct error err = {0};

    (void)state;
    if (mkdtemp(top) == NULL)
        return -1;
    (void)snprintf(own, sizeof own, "%s/t-1", top);
    (void)snprintf(log_path, sizeof log_path, "%s/log", top);
    return mkdir(own, 0700) != 0 || launcher_open(top, &err) != 0 ? -1 : 0;
}

static int end(void **state)
{
    struct error err;

    (void)state;
    launcher_close();
    return file_remove_tree(top, &err);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_a_child_of_ours),
        cmocka_unit_test(keeps_to_its_directory),
        cmocka_unit_test(is_used_for_isolated_sandboxes),
        cmocka_unit_test(takes_no_more_words_than_there_is_room_for),
        cmocka_unit_test(says_when_it_is_gone),
    };

    if (argc > 1 && strcmp(argv[1], SANDBOX_COMMAND) == 0)
        return be_sandbox(argc, argv);
    if (argc > 1 && strcmp(argv[1], LAUNCHER_COMMAND) == 0)
        return launcher_main(argc - 1, argv + 1);
    return cmocka_run_group_tests(tests, begin, end);
}
