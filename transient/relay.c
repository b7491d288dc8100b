/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "transient/carry.h"
#include "transient/lo_address.h"

/* Not 127.0.0.1: the server itself listens there, perhaps on that port. */
#define NAMED_ADDRESS "127.0.0.2"

enum { BACKLOG = 16, PORT_TEXT_MAX = 8 };

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
    } else if (lo_address_add("lo:1", &in, err) != 0) {
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

/* Outside */

static int connect_to(const void *ctx)
{
    const struct transient_endpoint *e = ctx;
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
    const struct carry_service service = {
        .connect = connect_to, .ctx = e, .callers = RELAY_CALLERS};
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
    carry_die_with(parent);
    let_go();
    (void)signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    listener = receive_fd(handover);
    if (listener < 0)
        _exit(1);
    carry_serve(listener, &service);
}
