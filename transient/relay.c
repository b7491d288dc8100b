/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* Not 127.0.0.1: the server itself listens there, perhaps on that port. */
#define NAMED_ADDRESS "127.0.0.2"

enum { CHUNK = 16 * 1024, BACKLOG = 16, PORT_TEXT_MAX = 8 };

/* Handing over */

static int send_fd(int handover, int fd)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte = 'l';
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    struct cmsghdr *c;

    memset(&control, 0, sizeof control);
    c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(handover, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int receive_fd(int handover)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    struct cmsghdr *c;
    int fd = -1;

    memset(&control, 0, sizeof control);
    if (recvmsg(handover, &m, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    c = CMSG_FIRSTHDR(&m);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

/* Inside */

static int write_etc(const char *path, const char *text, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int rc;

    if (fd < 0)
        return error_errno(err, ERR_PRECONDITION, "cannot make %s", path);
    rc = file_write_all(fd, text, strlen(text), path, err);
    (void)close(fd);
    return rc;
}

/* So that the server finds the name, and asks nobody else. */
static int know_name(const char *host, struct error *err)
{
    char line[ENDPOINT_HOST_MAX + 32];

    (void)snprintf(line, sizeof line, NAMED_ADDRESS " %s\n", host);
    if (mkdir("/etc", 0755) != 0 && errno != EEXIST)
        return error_errno(err, ERR_PRECONDITION, "cannot make /etc");
    if (write_etc("/etc/hosts", line, err) != 0)
        return -1;
    return write_etc("/etc/nsswitch.conf", "hosts: files\n", err);
}

static int have_address(const struct sockaddr_in *in, struct error *err)
{
    struct ifreq request;
    int fd, rc;

    if (ntohl(in->sin_addr.s_addr) >> 24 == 127)
        return 0;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, ERR_PRECONDITION, "cannot make a socket");
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "lo:1", sizeof "lo:1");
    memcpy(&request.ifr_addr, in, sizeof *in);
    rc = ioctl(fd, SIOCSIFADDR, &request);
    if (rc != 0)
        error_errno(err, ERR_PRECONDITION,
                    "cannot add an address to the loopback interface");
    (void)close(fd);
    return rc;
}

int relay_offer(const struct transient_endpoint *e, int handover,
                struct error *err)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)e->port)};
    int fd = -1;
    int rc = -1;

    if (inet_pton(AF_INET, e->host, &in.sin_addr) != 1) {
        (void)inet_pton(AF_INET, NAMED_ADDRESS, &in.sin_addr);
        if (know_name(e->host, err) != 0)
            return -1;
    } else if (have_address(&in, err) != 0) {
        return -1;
    }
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) != 0 ||
        listen(fd, BACKLOG) != 0 || send_fd(handover, fd) != 0)
        error_errno(err, ERR_PRECONDITION,
                    "cannot offer a way to %s:%u in the sandbox", e->host,
                    e->port);
    else
        rc = 0;
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* Outside: one caller */

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

static void carry(int inside, int outside)
{
    static struct half out, back;

    out = (struct half){.from = inside, .to = outside};
    back = (struct half){.from = outside, .to = inside};
    while (!is_over(&out) || !is_over(&back)) {
        struct pollfd p[2] = {
            {.fd = inside,
             .events = (short)(wants_read(&out) | wants_write(&back))},
            {.fd = outside,
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

static int connect_to(const struct transient_endpoint *e)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_family = AF_UNSPEC};
    struct addrinfo *list = NULL;
    const struct addrinfo *a;
    char port[PORT_TEXT_MAX];
    int fd = -1;

    (void)snprintf(port, sizeof port, "%u", e->port);
    if (getaddrinfo(e->host, port, &hints, &list) != 0)
        return -1;
    for (a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* Outside: all callers */

static void die_with(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
}

__attribute__((noreturn)) static void
serve_one(const struct transient_endpoint *e, int caller, pid_t parent)
{
    int fd;

    die_with(parent);
    fd = connect_to(e);
    if (fd >= 0)
        carry(caller, fd);
    _exit(0);
}

__attribute__((noreturn)) static void serve(const struct transient_endpoint *e,
                                            int listener)
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
        if (caller >= 0 && callers < RELAY_CALLERS)
            pid = fork();
        if (pid == 0)
            serve_one(e, caller, self);
        callers += pid > 0;
        if (caller >= 0)
            (void)close(caller);
    }
}

/* The leash, the sentence and the log are the parent's. */
static void let_go(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(1);
}

int relay_start(const struct transient_endpoint *e, int handover, pid_t *pid,
                struct error *err)
{
    pid_t parent = getpid();
    sigset_t none;
    pid_t child = fork();
    int listener;

    if (child < 0)
        return error_errno(err, ERR_INTERNAL, "cannot fork a relay");
    if (child > 0) {
        *pid = child;
        return 0;
    }
    die_with(parent);
    let_go();
    (void)signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    listener = receive_fd(handover);
    if (listener < 0)
        _exit(1);
    serve(e, listener);
}
