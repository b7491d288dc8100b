/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes through, how many may come, and that nobody outlives the one who
 * serves.  How it is used is in sandbox_ways_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "transient/carry.h"

enum { CALLERS = 2, LONG = 1000 * 1000, TRIES = 3000 };

static struct sockaddr_un place = {.sun_family = AF_UNIX};
static pid_t server;

/* The far end says everything twice, and then that it has ended. */
static int connect_far(const void *ctx)
{
    int pair[2];

    (void)ctx;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return -1;
    if (fork() == 0) {
        char byte;

        (void)close(pair[0]);
        while (recv(pair[1], &byte, 1, 0) == 1) {
            if (send(pair[1], &byte, 1, MSG_NOSIGNAL) != 1 ||
                send(pair[1], &byte, 1, MSG_NOSIGNAL) != 1)
                break;
        }
        _exit(0);
    }
    (void)close(pair[1]);
    return pair[0];
}

/* Takes in all that comes before it says the first byte of it. */
static int connect_hoarder(const void *ctx)
{
    int pair[2];

    (void)ctx;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return -1;
    if (fork() == 0) {
        static char all[LONG];
        size_t len = 0;
        ssize_t n;

        (void)close(pair[0]);
        while ((n = recv(pair[1], all + len, sizeof all - len, 0)) > 0)
            len += (size_t)n;
        for (size_t at = 0; at < len; at += (size_t)n) {
            n = send(pair[1], all + at, len - at, MSG_NOSIGNAL);
            if (n <= 0)
                break;
        }
        _exit(0);
    }
    (void)close(pair[1]);
    return pair[0];
}

static void serve(int (*connect_to)(const void *ctx))
{
    const struct carry_service service = {.connect = connect_to,
                                          .callers = CALLERS};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t parent = getpid();

    (void)unlink(place.sun_path);
    assert_int_equal(bind(listener, (struct sockaddr *)&place, sizeof place),
                     0);
    assert_int_equal(listen(listener, 8), 0);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        carry_die_with(parent);
        carry_serve(listener, &service);
    }
    (void)close(listener);
}

static int end_server(void **state)
{
    (void)state;
    (void)kill(server, SIGKILL);
    return waitpid(server, NULL, 0) == server ? 0 : -1;
}

static int call(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&place, sizeof place), 0);
    return fd;
}

/* False: hung up on. */
static bool answers(int fd)
{
    char text[2];

    return send(fd, "x", 1, MSG_NOSIGNAL) == 1 &&
           recv(fd, text, 2, MSG_WAITALL) == 2 && text[0] == 'x' &&
           text[1] == 'x';
}

static void test_only_so_many_at_once(void **state)
{
    char byte;
    int first, second, third;

    (void)state;
    serve(connect_far);
    first = call();
    second = call();
    assert_true(answers(first));
    assert_true(answers(second));
    third = call();
    assert_false(answers(third));
    (void)close(third);
    assert_true(answers(first));
    /* Its end reaches the other side, and comes back. */
    assert_int_equal(shutdown(second, SHUT_WR), 0);
    assert_int_equal(recv(second, &byte, 1, 0), 0);
    (void)close(second);
    third = call();
    for (int i = 0; !answers(third); i++) {
        assert_true(i < TRIES);
        (void)close(third);
        clock_sleep_ms(10);
        third = call();
    }
    assert_true(answers(first));
    /* Whoever serves takes them along. */
    (void)kill(server, SIGKILL);
    assert_true(recv(first, &byte, 1, 0) <= 0);
    assert_true(recv(third, &byte, 1, 0) <= 0);
    (void)close(first);
    (void)close(third);
}

/* More than there is room for on the way. */
static void test_much_and_late(void **state)
{
    static char sent[LONG], back[LONG];
    ssize_t n;
    int fd;

    (void)state;
    serve(connect_hoarder);
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)(i % 251);
    fd = call();
    for (size_t at = 0; at < sizeof sent; at += (size_t)n) {
        n = send(fd, sent + at, sizeof sent - at, MSG_NOSIGNAL);
        assert_true(n > 0);
    }
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(recv(fd, back, sizeof back, MSG_WAITALL), LONG);
    assert_memory_equal(sent, back, sizeof sent);
    assert_int_equal(recv(fd, back, 1, 0), 0);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_only_so_many_at_once, end_server),
        cmocka_unit_test_teardown(test_much_and_late, end_server),
    };
    char dir[] = "/tmp/assay-carry-XXXXXX";
    int rc;

    if (mkdtemp(dir) == NULL)
        return 1;
    (void)snprintf(place.sun_path, sizeof place.sun_path, "%s/s", dir);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(place.sun_path);
    (void)rmdir(dir);
    return rc;
}
