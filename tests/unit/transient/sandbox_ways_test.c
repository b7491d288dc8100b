/* SPDX-License-Identifier: Apache-2.0
 *
 * The ways out of a sandbox and into it, bytes and all. */
#include "stage.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* Repeats what it hears, to everybody. */
static void *echo(void *arg)
{
    static char chunk[64 * 1024];
    const int *listener = arg;

    for (;;) {
        int fd = accept(*listener, NULL, NULL);
        ssize_t n;

        if (fd < 0)
            return NULL;
        while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0) {
            if (send(fd, chunk, (size_t)n, MSG_NOSIGNAL) != n)
                break;
        }
        (void)close(fd);
    }
}

/* `host` leads to the machine's own loopback, from outside. */
static void talk_to(const char *host, const char *expected_hosts)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    char word[96], where[128], text[128];
    const char *const words[] = {word, NULL};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct stage s;
    pthread_t thread;

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &len), 0);
    assert_int_equal(pthread_create(&thread, NULL, echo, &listener), 0);
    stage_prepare(&s);
    (void)snprintf(word, sizeof word, "endpoint:%s:%u", host,
                   (unsigned)ntohs(in.sin_port));
    (void)snprintf(where, sizeof where, "%s/data/where", s.dir.path);
    (void)snprintf(text, sizeof text, "%s %u\n", host,
                   (unsigned)ntohs(in.sin_port));
    stage_put(where, text);
    stage_start(&s, words);
    stage_read_facts(&s);
    SEES("talk: 300000\n");
    SEES("again: 300000\n");
    SEES("elsewhere: -1\n");
    SEES(expected_hosts);
    stage_end(&s);
    (void)shutdown(listener, SHUT_RDWR);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(listener);
}

static void test_the_one_way_out(void **state)
{
    (void)state;
    talk_to("localhost", "/etc/hosts: 127.0.0.2 localhost\n");
    talk_to("127.0.0.1", "/etc/hosts: none\n");
}

/* The socket is there once the server listens. */
static int enter(const struct stage *s)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(text_copy(un.sun_path, sizeof un.sun_path, s->dir.socket_path));
    for (int i = 0; connect(fd, (struct sockaddr *)&un, sizeof un) != 0; i++) {
        assert_true(i < 2000);
        clock_sleep_ms(10);
    }
    return fd;
}

/* What it says of our address; then much there and back. */
static void converse(int fd, const char *from)
{
    char line[64], byte;
    size_t len = 0;
    int sent = 0, back = 0;

    do
        assert_int_equal(recv(fd, &line[len], 1, 0), 1);
    while (line[len] != '\n' && ++len < sizeof line);
    line[len] = '\0';
    assert_string_equal(line, from);
    for (; sent < STAGE_LONG; sent += (int)len) {
        static const char data[1000];

        len = sizeof data;
        assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
        for (size_t got = 0; got < len;) {
            static char answer[1000];
            ssize_t n = recv(fd, answer, len - got, 0);

            assert_true(n > 0);
            got += (size_t)n;
            back += (int)n;
        }
    }
    assert_int_equal(back, sent);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void come_from(const char *word, const char *from)
{
    const char *const words[] = {"api:8300", word, NULL};
    char where[128];
    struct error err;
    struct stage s;
    int first, second;

    stage_prepare(&s);
    (void)snprintf(where, sizeof where, "%s/data/listen", s.dir.path);
    stage_put(where, "");
    for (int life = 0; life < 2; life++) {
        stage_start(&s, words);
        stage_read_facts(&s);
        first = enter(&s);
        second = enter(&s);
        converse(second, from);
        converse(first, from);
        (void)close(first);
        (void)close(second);
        if (life == 0)
            assert_int_equal(helper_stop(&s.helper, true, &err), 0);
    }
    stage_end(&s);
}

static void test_the_way_in(void **state)
{
    (void)state;
    come_from("client:10.9.8.7", "10.9.8.7");
    come_from(NULL, "127.0.0.1");
}

/* The KMS may be on this very machine. */
static void test_one_address_for_both_ways(void **state)
{
    static const char *const words[] = {"endpoint:10.9.8.7:443", "api:8300",
                                        "client:10.9.8.7", NULL};
    struct stage s;

    (void)state;
    stage_prepare(&s);
    stage_start(&s, words);
    stage_read_facts(&s);
    stage_end(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_one_way_out),
        cmocka_unit_test(test_the_way_in),
        cmocka_unit_test(test_one_address_for_both_ways),
    };
    int code = stage_begin(argc, argv);

    return code >= 0 ? code
                     : stage_over(cmocka_run_group_tests(tests, NULL, NULL));
}
