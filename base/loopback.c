/* SPDX-License-Identifier: Apache-2.0
 *
 * A pair is a connection and its other half behind the socket.  Of each half
 * one buffer is under way; its side is read again when the other has taken
 * all of it.  An end is passed on as an end, so that whoever still has
 * something to say can finish.
 *
 * The thread owns everything but `wake`, whose hanging up ends it, and the
 * counter. */
#include "base/loopback.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/secret.h"

enum { BUFFER = 16 * 1024, FIXED = 2, BACKLOG = 64, PAUSE_MS = 20 };

/* One direction: read from its own side, written to the other. */
struct half {
    int fd;
    bool ended;  /* nothing more to read */
    bool passed; /* and the other side knows */
    size_t from, len;
    char data[BUFFER];
};

struct pair {
    struct half half[2];
};

struct loopback {
    struct sockaddr_un to;
    int port_fd;
    int wake[2]; /* the thread polls the first */
    unsigned port;
    pthread_t thread;
    bool running;
    atomic_uint_fast64_t connections;
    struct pair *pairs[LIMIT_LOOPBACK_CONNECTIONS];
    size_t count;
};

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* What passed through may be secret. */
static void pair_free(struct pair *p)
{
    shut(&p->half[0].fd);
    shut(&p->half[1].fd);
    secret_wipe(p, sizeof *p);
    free(p);
}

/* A unix socket answers at once, or its queue is full: then the caller sees
 * its connection end, and tries again. */
static int connect_to(const struct sockaddr_un *to)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
        shut(&fd);
    return fd;
}

/* Without descriptors or memory it will be asked again, but not at once. */
static void take_one(struct loopback *r)
{
    int fd = accept4(r->port_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct pair *p = fd < 0 ? NULL : calloc(1, sizeof *p);

    if (p == NULL) {
        shut(&fd);
        (void)poll(NULL, 0, PAUSE_MS);
        return;
    }
    p->half[0].fd = fd;
    p->half[1].fd = connect_to(&r->to);
    if (p->half[1].fd < 0) {
        pair_free(p);
        return;
    }
    r->pairs[r->count++] = p;
    atomic_fetch_add(&r->connections, 1);
}

static short wanted(const struct half *own, const struct half *other)
{
    short events = 0;

    if (own->len == 0 && !own->ended)
        events |= POLLIN;
    if (other->len > 0)
        events |= POLLOUT;
    return events;
}

static bool is_trouble(ssize_t n)
{
    return n < 0 && errno != EAGAIN && errno != EINTR;
}

static bool pull(struct half *h)
{
    ssize_t n = recv(h->fd, h->data, BUFFER, 0);

    if (is_trouble(n))
        return false;
    h->ended = n == 0;
    h->from = 0;
    h->len = n > 0 ? (size_t)n : 0;
    return true;
}

static bool push(struct half *h, int to)
{
    if (h->len > 0) {
        ssize_t n = send(to, h->data + h->from, h->len, MSG_NOSIGNAL);

        if (is_trouble(n))
            return false;
        if (n > 0) {
            h->from += (size_t)n;
            h->len -= (size_t)n;
        }
    }
    if (h->len == 0 && h->ended && !h->passed) {
        (void)shutdown(to, SHUT_WR);
        h->passed = true;
    }
    return true;
}

/* False when it is over. */
static bool serve(struct pair *p, const struct pollfd *seen)
{
    for (int i = 0; i < 2; i++) {
        struct half *h = &p->half[i];

        if (h->len == 0 && !h->ended && seen[i].revents != 0 && !pull(h))
            return false;
        if (!push(h, p->half[1 - i].fd))
            return false;
    }
    return !(p->half[0].passed && p->half[1].passed);
}

static void serve_all(struct loopback *r, const struct pollfd *seen)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct pair *p = r->pairs[i];

        if (serve(p, seen + 2 * i))
            r->pairs[kept++] = p;
        else
            pair_free(p);
    }
    r->count = kept;
}

static nfds_t list(const struct loopback *r, struct pollfd *out)
{
    bool room = r->count < LIMIT_LOOPBACK_CONNECTIONS;

    out[0] = (struct pollfd){.fd = r->wake[0], .events = POLLIN};
    out[1] = (struct pollfd){.fd = room ? r->port_fd : -1, .events = POLLIN};
    for (size_t i = 0; i < r->count; i++) {
        const struct half *h = r->pairs[i]->half;

        out[FIXED + 2 * i] =
            (struct pollfd){.fd = h[0].fd, .events = wanted(&h[0], &h[1])};
        out[FIXED + 2 * i + 1] =
            (struct pollfd){.fd = h[1].fd, .events = wanted(&h[1], &h[0])};
    }
    return FIXED + 2 * r->count;
}

/* A side that has hung up says so for ever, wanted or not: it is not looked
 * at while nothing is to be done with it. */
static void leave_out_idle(struct pollfd *fds, nfds_t count)
{
    for (nfds_t i = FIXED; i < count; i++)
        if (fds[i].events == 0)
            fds[i].fd = -1;
}

static void *loopback_main(void *arg)
{
    struct pollfd fds[FIXED + 2 * LIMIT_LOOPBACK_CONNECTIONS];
    struct loopback *r = arg;

    for (;;) {
        nfds_t count = list(r, fds);

        leave_out_idle(fds, count);
        if (poll(fds, count, -1) < 0)
            continue; /* EINTR, or no memory for a moment */
        if (fds[0].revents != 0)
            return NULL;
        serve_all(r, fds + FIXED);
        if (fds[1].revents != 0)
            take_one(r);
    }
}

static int listen_on(struct loopback *r, struct error *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    r->port_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (r->port_fd < 0 ||
        bind(r->port_fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(r->port_fd, BACKLOG) != 0 ||
        getsockname(r->port_fd, (struct sockaddr *)&at, &len) != 0)
        return error_errno(err, ERR_INTERNAL,
                           "cannot listen on a port of 127.0.0.1");
    r->port = ntohs(at.sin_port);
    return 0;
}

static int start(struct loopback *r, struct error *err)
{
    int rc;

    if (listen_on(r, err) != 0)
        return -1;
    if (pipe2(r->wake, O_CLOEXEC) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot make a pipe");
    rc = pthread_create(&r->thread, NULL, loopback_main, r);
    if (rc != 0) {
        errno = rc;
        return error_errno(err, ERR_INTERNAL, "cannot start a thread");
    }
    r->running = true;
    return 0;
}

int loopback_open(const char *socket_path, struct loopback **out,
                  struct error *err)
{
    struct loopback *r = NULL;

    assert(socket_path != NULL && out != NULL);
    if (socket_path[0] == '\0' || strlen(socket_path) >= sizeof r->to.sun_path)
        return error_set(err, ERR_INVALID, "no socket can be at \"%s\"",
                         socket_path);
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_memory(err);
    r->port_fd = r->wake[0] = r->wake[1] = -1;
    r->to.sun_family = AF_UNIX;
    memcpy(r->to.sun_path, socket_path, strlen(socket_path));
    if (start(r, err) != 0) {
        loopback_close(r);
        return -1;
    }
    *out = r;
    return 0;
}

unsigned loopback_port(const struct loopback *r)
{
    return r->port;
}

uint64_t loopback_connections(const struct loopback *r)
{
    return atomic_load(&r->connections);
}

void loopback_close(struct loopback *r)
{
    if (r == NULL)
        return;
    shut(&r->wake[1]);
    if (r->running)
        (void)pthread_join(r->thread, NULL);
    shut(&r->wake[0]);
    shut(&r->port_fd);
    for (size_t i = 0; i < r->count; i++)
        pair_free(r->pairs[i]);
    free(r);
}
