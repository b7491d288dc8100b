/* SPDX-License-Identifier: Apache-2.0
 *
 * The fastest server that a client can be measured against: one thread, one
 * answer.  Prints its address and serves until it is killed.
 *
 * Whatever is asked for is a secret of KV version 2 whose data name the path,
 * so that every answer is another one. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 128, REQUEST_MAX = 8192, FDS_MAX = 4096, PATH_MAX_ = 200 };

struct peer {
    size_t len;
    char data[REQUEST_MAX];
};

static struct peer *peers[FDS_MAX];

static const char body_form[] =
    "{\"request_id\":\"7b1ff4ea-0cb4-9a35-7b5c-1f6ad6e4d4f0\",\"lease_id\":"
    "\"\","
    "\"renewable\":false,\"lease_duration\":0,\"data\":{\"data\":{"
    "\"username\":\"user-of-%.*s\",\"password\":\"correct horse battery\","
    "\"host\":\"db-01.example.internal\",\"port\":\"5432\"},\"metadata\":{"
    "\"created_time\":\"2026-11-25T16:13:49.127079474Z\","
    "\"custom_metadata\":null,\"deletion_time\":\"\",\"destroyed\":false,"
    "\"version\":3}},\"wrap_info\":null,\"warnings\":null,\"auth\":null,"
    "\"mount_type\":\"kv\"}\n";

static int answer(int fd, const char *request)
{
    char body[2048], out[4096];
    const char *path = strchr(request, ' ');
    int len, total;

    path = path != NULL ? path + 1 : "";
    len = snprintf(body, sizeof body, body_form,
                   (int)(strcspn(path, " ") % PATH_MAX_), path);
    total = snprintf(out, sizeof out,
                     "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %d\r\n\r\n%s",
                     len, body);
    return send(fd, out, (size_t)total, MSG_NOSIGNAL) == total ? 0 : -1;
}

/* Answers every whole request that has arrived. */
static int serve(int fd)
{
    struct peer *p = peers[fd];
    ssize_t n = recv(fd, p->data + p->len, REQUEST_MAX - 1 - p->len, 0);
    char *end;

    if (n <= 0)
        return n < 0 && errno == EAGAIN ? 0 : -1;
    p->len += (size_t)n;
    p->data[p->len] = '\0';
    while ((end = strstr(p->data, "\r\n\r\n")) != NULL) {
        if (answer(fd, p->data) != 0)
            return -1;
        end += 4;
        p->len -= (size_t)(end - p->data);
        memmove(p->data, end, p->len + 1);
    }
    return 0;
}

static void welcome(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    int one = 1;

    if (fd < 0)
        return;
    if (fd >= FDS_MAX || (peers[fd] == NULL &&
                          (peers[fd] = malloc(sizeof(struct peer))) == NULL)) {
        (void)close(fd);
        return;
    }
    peers[fd]->len = 0;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct epoll_event events[EVENTS];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};

    if (listener < 0 || epoll < 0 ||
        bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, 512) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) != 0) {
        perror("kv_server");
        return 1;
    }
    printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                welcome(epoll, listener);
            else if (serve(events[i].data.fd) != 0)
                (void)close(events[i].data.fd);
        }
    }
}
