/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sweeper.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

enum { TICK_MS = 200 };

/* `deadline_ms` is written by the thread that serves the connection, the
 * links under the sweeper's lock.  The lock is also held during shutdown(2),
 * and sweeper_forget takes it before the descriptor is closed: a descriptor
 * that was reused is never shut down. */
struct watched {
    struct watched *prev;
    struct watched *next;
    int fd;
    atomic_int_least64_t deadline_ms; /* monotonic; 0: none */
};

struct sweeper {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct watched *first;
    bool stopping;
    pthread_t thread;
};

static void sweep(struct sweeper *s)
{
    const int64_t now = clock_mono_ms();

    for (struct watched *w = s->first; w != NULL; w = w->next) {
        const int64_t deadline = atomic_load(&w->deadline_ms);

        if (deadline != 0 && now > deadline)
            (void)shutdown(w->fd, SHUT_RDWR);
    }
}

static void *run(void *arg)
{
    struct sweeper *s = arg;

    (void)pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        const int64_t next = clock_mono_ms() + TICK_MS;
        const struct timespec ts = {.tv_sec = next / 1000,
                                    .tv_nsec = next % 1000 * 1000000};

        if (s->first == NULL)
            (void)pthread_cond_wait(&s->changed, &s->lock);
        else
            (void)pthread_cond_timedwait(&s->changed, &s->lock, &ts);
        sweep(s);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

int sweeper_new(struct sweeper **out, struct error *err)
{
    struct sweeper *s = calloc(1, sizeof(*s));
    pthread_condattr_t attr;

    if (s == NULL)
        return error_memory(err);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&s->thread, NULL, run, s) != 0) {
        (void)pthread_cond_destroy(&s->changed);
        (void)pthread_mutex_destroy(&s->lock);
        free(s);
        return error_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    *out = s;
    return 0;
}

void sweeper_free(struct sweeper *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    assert(s->first == NULL);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

struct watched *sweeper_watch(struct sweeper *s, int fd, int64_t within_ms)
{
    struct watched *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->fd = fd;
    sweeper_expect(w, within_ms);
    (void)pthread_mutex_lock(&s->lock);
    w->next = s->first;
    if (s->first != NULL)
        s->first->prev = w;
    else
        (void)pthread_cond_signal(&s->changed);
    s->first = w;
    (void)pthread_mutex_unlock(&s->lock);
    return w;
}

void sweeper_forget(struct sweeper *s, struct watched *w)
{
    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        s->first = w->next;
    if (w->next != NULL)
        w->next->prev = w->prev;
    (void)pthread_mutex_unlock(&s->lock);
    free(w);
}

void sweeper_expect(struct watched *w, int64_t within_ms)
{
    if (w == NULL)
        return;
    atomic_store(&w->deadline_ms,
                 within_ms == 0 ? 0 : clock_mono_ms() + within_ms);
}

int sweeper_fd(const struct watched *w)
{
    return w != NULL ? w->fd : -1;
}
