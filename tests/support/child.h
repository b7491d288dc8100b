/* SPDX-License-Identifier: Apache-2.0
 *
 * For what a process does to itself and cannot undo: it is done in a child. */
#ifndef ASSAY_TESTS_CHILD_H
#define ASSAY_TESTS_CHILD_H

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: what is printed is its exit code's only clue. */
#define CHILD_CHECK(expression)                                                \
    do {                                                                       \
        if (!(expression)) {                                                   \
            (void)fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__,        \
                          #expression, errno);                                 \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

/* The child's exit code; 0 when `act` returned.  -1: it did not exit. */
static inline int child_run(void (*act)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        act();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

#endif
