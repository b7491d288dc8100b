/* SPDX-License-Identifier: Apache-2.0 */
#include "server/workers.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

enum {
    THREADS_MAX = 16,
    LOOK_MS = 1000, /* how often a parked client is looked after */
};

/* A list with a head of its own: head.next is the first. */
struct workers {
    struct workers_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct work queue;
    struct work parked;
    unsigned parked_count;
    uint64_t generation;
    int64_t next_look_ms; /* monotonic */
    bool expiring;
    bool stopping;
    unsigned started;
    pthread_t threads[THREADS_MAX];
};

static void list_init(struct work *head)
{
    head->prev = head->next = head;
}

static void list_append(struct work *head, struct work *w)
{
    w->prev = head->prev;
    w->next = head;
    head->prev->next = w;
    head->prev = w;
}

static void list_remove(struct work *w)
{
    w->prev->next = w->next;
    w->next->prev = w->prev;
}

static void unpark(struct workers *ws, struct work *w)
{
    list_remove(w);
    ws->parked_count--;
    list_append(&ws->queue, w);
}

/* A client that is gone leaves no event: its connection is suspended.  Half
 * a close looks the same; such a client gets its answer early. */
static bool is_gone(const struct work *w)
{
    struct pollfd p = {.fd = w->fd, .events = POLLRDHUP};

    return w->fd >= 0 && poll(&p, 1, 0) > 0;
}

static void expire_due(struct workers *ws)
{
    const int64_t now = clock_mono_ms();
    const bool look = now >= ws->next_look_ms;
    struct work *next;

    for (struct work *w = ws->parked.next; w != &ws->parked; w = next) {
        next = w->next;
        if (!ws->expiring && now < w->until_mono_ms && !(look && is_gone(w)))
            continue;
        w->expired = true;
        unpark(ws, w);
    }
    if (look)
        ws->next_look_ms = now + LOOK_MS;
}

static void wait_for_change(struct workers *ws)
{
    int64_t until = ws->next_look_ms;
    struct timespec ts;

    if (ws->parked_count == 0) {
        (void)pthread_cond_wait(&ws->changed, &ws->lock);
        return;
    }
    for (struct work *w = ws->parked.next; w != &ws->parked; w = w->next)
        if (w->until_mono_ms < until)
            until = w->until_mono_ms;
    ts.tv_sec = until / 1000;
    ts.tv_nsec = until % 1000 * 1000000;
    (void)pthread_cond_timedwait(&ws->changed, &ws->lock, &ts);
}

static void *work_on(void *arg)
{
    struct workers *ws = arg;

    (void)pthread_mutex_lock(&ws->lock);
    for (;;) {
        struct work *w;

        expire_due(ws);
        w = ws->queue.next;
        if (w == &ws->queue) {
            if (ws->stopping)
                break;
            wait_for_change(ws);
            continue;
        }
        list_remove(w);
        (void)pthread_mutex_unlock(&ws->lock);
        ws->options.run(ws->options.ctx, w);
        (void)pthread_mutex_lock(&ws->lock);
    }
    (void)pthread_mutex_unlock(&ws->lock);
    return NULL;
}

static void init_condition(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

int workers_new(const struct workers_options *options, struct workers **out,
                struct error *err)
{
    struct workers *ws;

    assert(options->threads > 0 && options->threads <= THREADS_MAX);
    ws = calloc(1, sizeof(*ws));
    if (ws == NULL)
        return error_memory(err);
    ws->options = *options;
    list_init(&ws->queue);
    list_init(&ws->parked);
    (void)pthread_mutex_init(&ws->lock, NULL);
    init_condition(&ws->changed);
    for (; ws->started < options->threads; ws->started++) {
        if (pthread_create(&ws->threads[ws->started], NULL, work_on, ws) != 0) {
            workers_free(ws);
            return error_set(err, ERR_INTERNAL, "cannot start a thread");
        }
    }
    *out = ws;
    return 0;
}

void workers_stop(struct workers *ws)
{
    if (ws == NULL)
        return;
    (void)pthread_mutex_lock(&ws->lock);
    ws->expiring = true;
    ws->stopping = true;
    (void)pthread_cond_broadcast(&ws->changed);
    (void)pthread_mutex_unlock(&ws->lock);
    for (unsigned i = 0; i < ws->started; i++)
        (void)pthread_join(ws->threads[i], NULL);
    ws->started = 0;
    assert(ws->parked_count == 0 && ws->queue.next == &ws->queue);
}

void workers_free(struct workers *ws)
{
    if (ws == NULL)
        return;
    workers_stop(ws);
    (void)pthread_cond_destroy(&ws->changed);
    (void)pthread_mutex_destroy(&ws->lock);
    free(ws);
}

uint64_t workers_generation(struct workers *ws)
{
    uint64_t generation;

    (void)pthread_mutex_lock(&ws->lock);
    generation = ws->generation;
    (void)pthread_mutex_unlock(&ws->lock);
    return generation;
}

bool workers_submit(struct workers *ws, struct work *w)
{
    bool taken;

    (void)pthread_mutex_lock(&ws->lock);
    taken = !ws->stopping;
    if (taken) {
        list_append(&ws->queue, w);
        (void)pthread_cond_signal(&ws->changed);
    }
    (void)pthread_mutex_unlock(&ws->lock);
    return taken;
}

static void park(struct workers *ws, struct work *w, int64_t until_mono_ms)
{
    w->until_mono_ms = until_mono_ms;
    if (ws->expiring || ws->parked_count >= ws->options.parked) {
        w->expired = true;
        list_append(&ws->queue, w);
    } else if (w->seen != ws->generation) {
        list_append(&ws->queue, w);
    } else {
        list_append(&ws->parked, w);
        ws->parked_count++;
    }
    /* Also for one that is parked: its deadline may be the earliest. */
    (void)pthread_cond_signal(&ws->changed);
}

bool workers_park(struct workers *ws, struct work *w, int64_t until_mono_ms)
{
    bool taken;

    (void)pthread_mutex_lock(&ws->lock);
    taken = !ws->stopping;
    if (taken)
        park(ws, w, until_mono_ms);
    (void)pthread_mutex_unlock(&ws->lock);
    return taken;
}

void workers_wake(struct workers *ws)
{
    (void)pthread_mutex_lock(&ws->lock);
    ws->generation++;
    while (ws->parked.next != &ws->parked)
        unpark(ws, ws->parked.next);
    (void)pthread_cond_broadcast(&ws->changed);
    (void)pthread_mutex_unlock(&ws->lock);
}

void workers_expire(struct workers *ws)
{
    (void)pthread_mutex_lock(&ws->lock);
    ws->expiring = true;
    (void)pthread_cond_broadcast(&ws->changed);
    (void)pthread_mutex_unlock(&ws->lock);
}
