/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/carry.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

/* One caller */

struct half {
    int from;
    int to;
    bool ended; /* nothing more will come from there */
    size_t at;
    size_t len;
    char data[CHUNK];
};

static bool is_over(const struct half *h)
{
    return h->ended && h->at == h->len;
}

/* False: broken. */
static bool fill(struct half *h)
{
    ssize_t n = recv(h->from, h->data, sizeof h->data, MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    h->at = 0;
    h->len = (size_t)n;
    h->ended = n == 0;
    if (h->ended)
        (void)shutdown(h->to, SHUT_WR);
    return true;
}

static bool drain(struct half *h)
{
    ssize_t n = send(h->to, h->data + h->at, h->len - h->at,
                     MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    h->at += (size_t)n;
    return true;
}

/* 0, or what to wait for at the one end or the other. */
static short wants_read(const struct half *h)
{
    return !h->ended && h->at == h->len ? POLLIN : 0;
}

static short wants_write(const struct half *h)
{
    return h->at < h->len ? POLLOUT : 0;
}

/* What can be done at once, in one direction.  False: broken. */
static bool move(struct half *h, const struct pollfd *from)
{
    if (wants_read(h) != 0 && from->revents != 0 && !fill(h))
        return false;
    return wants_write(h) == 0 || drain(h);
}

static void carry(int caller, int far)
{
    static struct half out, back;

    out.from = back.to = caller;
    out.to = back.from = far;
    while (!is_over(&out) || !is_over(&back)) {
        struct pollfd p[2] = {
            {.fd = caller,
             .events = (short)(wants_read(&out) | wants_write(&back))},
            {.fd = far,
             .events = (short)(wants_read(&back) | wants_write(&out))},
        };

        /* One that has hung up would wake us again and again. */
        for (int i = 0; i < 2; i++)
            p[i].fd = p[i].events == 0 ? -1 : p[i].fd;
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return;
        if (((p[0].revents | p[1].revents) & (POLLERR | POLLNVAL)) != 0 ||
            !move(&out, &p[0]) || !move(&back, &p[1]))
            return;
    }
}

/* All callers */

void carry_die_with(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
}

__attribute__((noreturn)) static void serve_one(const struct carry_service *s,
                                                int caller, pid_t parent)
{
    int fd;

    carry_die_with(parent);
    fd = s->connect(s->ctx);
    if (fd >= 0)
        carry(caller, fd);
    _exit(0);
}

void carry_serve(int listener, const struct carry_service *s)
{
    pid_t self = getpid();
    unsigned callers = 0;

    for (;;) {
        int caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        pid_t pid = -1;

        while (waitpid(-1, NULL, WNOHANG) > 0)
            callers--;
        if (caller < 0 && errno != EINTR && errno != ECONNABORTED)
            _exit(1);
        if (caller >= 0 && callers < s->callers)
            pid = fork();
        if (pid == 0)
            serve_one(s, caller, self);
        callers += pid > 0;
        if (caller >= 0)
            (void)close(caller);
    }
}
