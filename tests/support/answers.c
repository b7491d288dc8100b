/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 300, REQUEST_MAX = 16 * 1024, BODY_MAX = 64 << 20 };

struct answers {
    answers_fn fn;
    void *ctx;
    char address[64];
    pthread_t thread;
    int stop[2]; /* a pipe: closed when it is time to go */
    struct pollfd fds[PEERS_MAX + 2];
    char *read[PEERS_MAX + 2];
    size_t len[PEERS_MAX + 2];
    nfds_t count;
};

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

static void answer(struct answers *a, int fd, char *request)
{
    char head[200];
    char *method = request, *target, *end;
    struct buf body;
    int status;

    target = strchr(method, ' ');
    if (target == NULL)
        return;
    *target++ = '\0';
    end = strchr(target, ' ');
    if (end == NULL)
        return;
    *end = '\0';
    buf_init(&body, BODY_MAX);
    status = a->fn(a->ctx, method, target, &body);
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   status, body.len);
    send_all(fd, head, strlen(head));
    send_all(fd, buf_text(&body), body.len);
    buf_done(&body);
}

/* False when the peer is gone. */
static bool serve(struct answers *a, nfds_t i)
{
    char *data = a->read[i], *end;
    ssize_t n =
        recv(a->fds[i].fd, data + a->len[i], REQUEST_MAX - 1 - a->len[i], 0);

    if (n <= 0)
        return false;
    a->len[i] += (size_t)n;
    data[a->len[i]] = '\0';
    while ((end = strstr(data, "\r\n\r\n")) != NULL) {
        size_t used = (size_t)(end + 4 - data);

        answer(a, a->fds[i].fd, data);
        a->len[i] -= used;
        memmove(data, data + used, a->len[i] + 1);
    }
    return true;
}

static void welcome(struct answers *a)
{
    int fd = accept(a->fds[1].fd, NULL, NULL);

    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (a->count == PEERS_MAX + 2) {
        close(fd);
        return;
    }
    a->fds[a->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    a->read[a->count] = malloc(REQUEST_MAX);
    a->len[a->count] = 0;
    a->count++;
}

static void *run(void *ctx)
{
    struct answers *a = ctx;

    for (;;) {
        (void)poll(a->fds, a->count, -1);
        if (a->fds[0].revents != 0)
            return NULL;
        for (nfds_t i = a->count - 1; i >= 2; i--) {
            if (a->fds[i].revents == 0 || serve(a, i))
                continue;
            close(a->fds[i].fd);
            free(a->read[i]);
            a->count--;
            a->fds[i] = a->fds[a->count];
            a->read[i] = a->read[a->count];
            a->len[i] = a->len[a->count];
        }
        if (a->fds[1].revents != 0)
            welcome(a);
    }
}

struct answers *answers_start(answers_fn fn, void *ctx)
{
    struct answers *a = calloc(1, sizeof *a);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_non_null(a);
    assert_true(fd >= 0);
    assert_int_equal(pipe(a->stop), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, PEERS_MAX), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    (void)snprintf(a->address, sizeof a->address, "http://127.0.0.1:%d",
                   ntohs(at.sin_port));
    a->fn = fn;
    a->ctx = ctx;
    a->fds[0] = (struct pollfd){.fd = a->stop[0], .events = POLLIN};
    a->fds[1] = (struct pollfd){.fd = fd, .events = POLLIN};
    a->count = 2;
    assert_int_equal(pthread_create(&a->thread, NULL, run, a), 0);
    return a;
}

const char *answers_address(const struct answers *a)
{
    return a->address;
}

void answers_stop(struct answers *a)
{
    if (a == NULL)
        return;
    close(a->stop[1]);
    (void)pthread_join(a->thread, NULL);
    for (nfds_t i = 0; i < a->count; i++) {
        close(a->fds[i].fd);
        free(a->read[i]);
    }
    free(a);
}
