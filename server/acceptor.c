/* SPDX-License-Identifier: Apache-2.0 */
#include "server/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* How long to wait when the system has no descriptors or memory left: one
 * that closes tells nobody. */
enum { SHORT_MS = 100, FULL_MS = 1000 };

struct acceptor {
    int fd;
    int wake; /* readable: look again at what follows */
    struct MHD_Daemon *daemon;
    unsigned limit;
    atomic_uint open;
    atomic_bool stopping;
    bool running; /* the thread is to be joined */
    bool told;    /* the thread's: a shortage is said once */
    pthread_t thread;
};

static void wake(const struct acceptor *a)
{
    const uint64_t one = 1;

    (void)!write(a->wake, &one, sizeof(one));
}

void acceptor_closed(struct acceptor *a)
{
    if (atomic_fetch_sub(&a->open, 1) >= a->limit)
        wake(a);
}

/* -1: not now, `err` says why. */
static int accept_one(struct acceptor *a, struct error *err)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    const int fd = accept4(a->fd, (struct sockaddr *)&from, &len,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
        return 0;
    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot accept a connection");
    atomic_fetch_add(&a->open, 1); /* before it can end */
    if (MHD_add_connection(a->daemon, fd, (struct sockaddr *)&from, len) !=
        MHD_YES)
        acceptor_closed(a);
    return 0;
}

/* A connection that the library took and then had no memory for ends without
 * a word.  After a while in which none has ended it knows better. */
static void count_anew(struct acceptor *a)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(a->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    if (info != NULL && info->num_connections < a->limit)
        atomic_store(&a->open, info->num_connections);
}

static int patience_ms(bool full, bool shortage)
{
    if (shortage)
        return SHORT_MS;
    return full ? FULL_MS : -1;
}

static void *run(void *arg)
{
    struct acceptor *a = arg;
    bool shortage = false;
    uint64_t count;

    while (!atomic_load(&a->stopping)) {
        const bool full = atomic_load(&a->open) >= a->limit;
        struct error err = {0};
        struct pollfd fds[] = {
            {.fd = a->wake, .events = POLLIN},
            {.fd = full || shortage ? -1 : a->fd, .events = POLLIN},
        };

        if (poll(fds, sizeof(fds) / sizeof(fds[0]),
                 patience_ms(full, shortage)) == 0 &&
            full)
            count_anew(a);
        if (fds[0].revents != 0)
            (void)!read(a->wake, &count, sizeof(count));
        shortage = fds[1].revents != 0 && accept_one(a, &err) < 0;
        if (shortage && !a->told)
            log_warn("%s", err.text);
        a->told = shortage || (a->told && fds[1].revents == 0);
    }
    return NULL;
}

int acceptor_new(int fd, unsigned limit, struct acceptor **out,
                 struct error *err)
{
    struct acceptor *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return error_memory(err);
    a->fd = fd;
    a->limit = limit;
    a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->wake < 0) {
        free(a);
        return error_errno(err, ERR_INTERNAL, "cannot make an eventfd");
    }
    *out = a;
    return 0;
}

int acceptor_start(struct acceptor *a, struct MHD_Daemon *daemon,
                   struct error *err)
{
    a->daemon = daemon;
    if (pthread_create(&a->thread, NULL, run, a) != 0)
        return error_set(err, ERR_INTERNAL, "cannot start a thread");
    a->running = true;
    return 0;
}

void acceptor_stop(struct acceptor *a)
{
    if (a == NULL || !a->running)
        return;
    atomic_store(&a->stopping, true);
    wake(a);
    (void)pthread_join(a->thread, NULL);
    a->running = false;
}

void acceptor_free(struct acceptor *a)
{
    if (a == NULL)
        return;
    acceptor_stop(a);
    (void)close(a->wake);
    free(a);
}
