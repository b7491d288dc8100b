/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/loopback.h"

enum { PATIENCE_MS = 10 * 1000, MUCH = 3 * 1024 * 1024 };

/* A directory with a socket, and who listens at it. */
struct server {
    char dir[64], path[80];
    int fd;
    struct loopback *port;
};

static int setup(void **state)
{
    struct server *s = calloc(1, sizeof *s);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct error err;

    assert_non_null(s);
    snprintf(s->dir, sizeof s->dir, "/tmp/assay-loopback-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof s->path, "%s/sock", s->dir);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", s->path);
    s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 128), 0);
    assert_int_equal(loopback_open(s->path, &s->port, &err), 0);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct server *s = *state;

    loopback_close(s->port);
    if (s->fd >= 0)
        close(s->fd);
    unlink(s->path);
    rmdir(s->dir);
    free(s);
    return 0;
}

static int call_at(const char *address, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static int call(const struct server *s)
{
    int fd = call_at("127.0.0.1", loopback_port(s->port));

    assert_true(fd >= 0);
    return fd;
}

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) == 1;
}

static int answer(const struct server *s)
{
    assert_true(readable(s->fd, PATIENCE_MS));
    return accept(s->fd, NULL, NULL);
}

static void expect(int fd, const char *text)
{
    char got[64] = "";
    size_t len = 0;

    while (len < strlen(text)) {
        ssize_t n;

        assert_true(readable(fd, PATIENCE_MS));
        n = read(fd, got + len, sizeof got - 1 - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    assert_string_equal(got, text);
}

static void expect_end(int fd)
{
    char byte;

    assert_true(readable(fd, PATIENCE_MS));
    assert_true(read(fd, &byte, 1) <= 0);
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void test_bytes_go_both_ways(void **state)
{
    struct server *s = *state;
    int out = call(s);
    int in = answer(s);

    say(out, "hello");
    expect(in, "hello");
    say(in, "and back");
    expect(out, "and back");
    say(out, "again");
    expect(in, "again");
    assert_int_equal(loopback_connections(s->port), 1);
    close(out);
    expect_end(in);
    close(in);
}

static void test_who_has_ended_may_still_be_answered(void **state)
{
    struct server *s = *state;
    int out = call(s);
    int in = answer(s);

    say(out, "question");
    shutdown(out, SHUT_WR);
    expect(in, "question");
    expect_end(in);
    say(in, "answer");
    close(in);
    expect(out, "answer");
    expect_end(out);
    close(out);
}

struct flood {
    int fd;
    size_t sent;
};

static void *flood(void *arg)
{
    struct flood *f = arg;
    unsigned char chunk[4093];

    while (f->sent < MUCH) {
        ssize_t n;

        for (size_t i = 0; i < sizeof chunk; i++)
            chunk[i] = (unsigned char)((f->sent + i) % 251);
        n = write(f->fd, chunk, sizeof chunk);
        if (n <= 0)
            break;
        f->sent += (size_t)n;
    }
    shutdown(f->fd, SHUT_WR);
    return NULL;
}

/* More than the buffers hold, to a reader who takes his time. */
static void test_much_arrives_whole(void **state)
{
    struct server *s = *state;
    struct flood f = {.fd = call(s)};
    int in = answer(s);
    unsigned char chunk[8192];
    size_t got = 0;
    bool right = true;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, flood, &f), 0);
    poll(NULL, 0, 100);
    for (;;) {
        ssize_t n = read(in, chunk, sizeof chunk);

        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            right = right && chunk[i] == (got + (size_t)i) % 251;
        got += (size_t)n;
    }
    pthread_join(thread, NULL);
    assert_int_equal(got, f.sent);
    assert_true(got >= MUCH && right);
    close(f.fd);
    close(in);
}

static void test_only_so_many_at_once(void **state)
{
    struct server *s = *state;
    int out[LIMIT_LOOPBACK_CONNECTIONS + 1];
    int in[LIMIT_LOOPBACK_CONNECTIONS + 1];

    for (int i = 0; i < LIMIT_LOOPBACK_CONNECTIONS; i++) {
        out[i] = call(s);
        in[i] = answer(s);
    }
    out[LIMIT_LOOPBACK_CONNECTIONS] = call(s);
    assert_false(readable(s->fd, 200));
    assert_int_equal(loopback_connections(s->port), LIMIT_LOOPBACK_CONNECTIONS);
    /* One goes, and the next one's turn has come. */
    close(out[0]);
    expect_end(in[0]);
    close(in[0]);
    in[LIMIT_LOOPBACK_CONNECTIONS] = answer(s);
    say(out[LIMIT_LOOPBACK_CONNECTIONS], "here");
    expect(in[LIMIT_LOOPBACK_CONNECTIONS], "here");
    for (int i = 1; i <= LIMIT_LOOPBACK_CONNECTIONS; i++) {
        close(out[i]);
        close(in[i]);
    }
}

static void test_nobody_behind_it(void **state)
{
    struct server *s = *state;
    int out;

    close(s->fd);
    s->fd = -1;
    out = call(s);
    expect_end(out);
    close(out);
    assert_int_equal(loopback_connections(s->port), 0);
}

static void test_only_on_loopback(void **state)
{
    struct server *s = *state;

    /* Any address of this machine but the one. */
    assert_int_equal(call_at("127.0.0.2", loopback_port(s->port)), -1);
}

static void test_closing_ends_everything(void **state)
{
    struct server *s = *state;
    unsigned port = loopback_port(s->port);
    int64_t started = clock_mono_ms();
    int out = call(s);
    int in = answer(s);

    say(out, "x");
    expect(in, "x");
    loopback_close(s->port);
    s->port = NULL;
    assert_true(clock_mono_ms() - started < PATIENCE_MS);
    expect_end(out);
    expect_end(in);
    assert_int_equal(call_at("127.0.0.1", port), -1);
    close(out);
    close(in);
}

static void test_a_path_that_no_socket_has(void **state)
{
    char path[200];
    struct loopback *r = NULL;
    struct error err;

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(loopback_open(path, &r, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(loopback_open("", &r, &err), -1);
    assert_null(r);
    loopback_close(NULL);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_bytes_go_both_ways),
        ON(test_who_has_ended_may_still_be_answered),
        ON(test_much_arrives_whole),
        ON(test_only_so_many_at_once),
        ON(test_nobody_behind_it),
        ON(test_only_on_loopback),
        ON(test_closing_ends_everything),
        cmocka_unit_test(test_a_path_that_no_socket_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
