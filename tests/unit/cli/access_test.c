/* SPDX-License-Identifier: Apache-2.0
 *
 * The command as somebody runs it, with standard output elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/access.h"

static int new_token_into(const char *path)
{
    char *argv[] = {(char[]){"access"}, (char[]){"new-token"},
                    (char[]){"-name=ann"}, NULL};
    int status = 0;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (freopen(path, "w", stdout) == NULL)
            _exit(99);
        _exit(cli_access(3, argv));
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_token_that_nobody_got_is_no_success(void **state)
{
    (void)state;
    assert_int_equal(new_token_into("/dev/null"), 0);
    assert_int_equal(new_token_into("/dev/full"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_that_nobody_got_is_no_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
