/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/forward.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "transient/carry.h"
#include "transient/lo_address.h"

enum { BACKLOG = 128, POLL_NS = 5 * 1000 * 1000, FDS_MAX = 256 };

static int connect_to(const void *ctx)
{
    const struct forward *f = ctx;
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr = f->from};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)f->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if ((f->from.s_addr != 0 &&
         bind(fd, (const struct sockaddr *)&from, sizeof from) != 0) ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        int why = errno;

        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* So that whoever finds the socket finds the server. */
static void wait_for_server(const struct forward *f)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    int fd;

    while ((fd = connect_to(f)) < 0) {
        if (errno != ECONNREFUSED)
            _exit(1);
        (void)nanosleep(&pause, NULL);
    }
    (void)close(fd);
}

static int listen_at(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* One of the same server's former life may be there. */
    if (fd < 0 || !text_copy(un.sun_path, sizeof un.sun_path, path) ||
        (unlink(path) != 0 && errno != ENOENT) ||
        bind(fd, (struct sockaddr *)&un, sizeof un) != 0 ||
        listen(fd, BACKLOG) != 0)
        _exit(1);
    return fd;
}

/* Above all the pipe whose end tells that the server was executed. */
static void let_go(void)
{
    int fd;

    if (dup2(STDIN_FILENO, STDERR_FILENO) < 0)
        _exit(1);
    if (syscall(SYS_close_range, 3, ~0U, 0) == 0)
        return;
    for (fd = 3; fd < FDS_MAX; fd++)
        (void)close(fd);
}

int forward_prepare(const struct forward *f, struct error *err)
{
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = f->from};

    return f->from.s_addr == 0 ? 0 : lo_address_add("lo:2", &in, err);
}

int forward_start(const struct forward *f, struct error *err)
{
    const struct carry_service service = {
        .connect = connect_to, .ctx = f, .callers = FORWARD_CALLERS};
    pid_t parent = getpid();
    pid_t child = fork();

    if (child < 0)
        return error_errno(err, ERR_INTERNAL, "cannot fork a forwarder");
    if (child > 0)
        return 0;
    carry_die_with(parent);
    let_go();
    (void)prctl(PR_SET_NAME, "assay-forward", 0, 0, 0);
    wait_for_server(f);
    carry_serve(listen_at(f->socket_path), &service);
}
