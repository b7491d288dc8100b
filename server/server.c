/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "server/door.h"
#include "server/router.h"
#include "server/visit.h"

enum { WORKERS = 4 }; /* may all wait for Vault at once */

struct server {
    struct lobby lobby;
    size_t count;
    struct door doors[SERVER_LISTEN_MAX];
    bool drained;
};

static void set_defaults(struct server_options *o)
{
    if (o->connections == 0)
        o->connections = 512;
    if (o->connections_per_client == 0)
        o->connections_per_client = 128;
    if (o->parked == 0)
        o->parked = 128;
    if (o->request_ms == 0)
        o->request_ms = 10 * 1000;
    if (o->idle_ms == 0)
        o->idle_ms = 60 * 1000;
    if (o->send_ms == 0)
        o->send_ms = 60 * 1000;
}

static void check_options(const struct server_options *o)
{
    const struct route *const outside[] = {o->outside, NULL};

    assert(o->listen_count > 0 && o->listen_count <= SERVER_LISTEN_MAX);
    assert(o->mount != NULL && o->mount[0] != '\0' && o->routes != NULL);
    assert(o->authorize != NULL);
    router_check(o->routes);
    router_check(outside);
}

int server_new(const struct server_options *options, struct server **out,
               struct error *err)
{
    struct server *s = calloc(1, sizeof(*s));
    int rc = -1;

    if (s == NULL)
        return error_memory(err);
    check_options(options);
    s->lobby.options = *options;
    set_defaults(&s->lobby.options);
    for (size_t i = 0; i < options->listen_count; i++) {
        s->count++;
        if (door_open(&s->doors[i], &s->lobby, &options->listen[i], err) < 0)
            goto done;
    }
    if (options->bound != NULL && options->bound(err) < 0)
        goto done;
    s->lobby.options.listen = NULL; /* each door has its own copy */
    if (limiter_new(&options->rates, &s->lobby.limiter, err) < 0 ||
        sweeper_new(&s->lobby.sweeper, err) < 0 ||
        workers_new(&(struct workers_options){.threads = WORKERS,
                                              .parked = s->lobby.options.parked,
                                              .run = visit_work},
                    &s->lobby.workers, err) < 0)
        goto done;
    *out = s;
    s = NULL;
    rc = 0;
done:
    server_free(s);
    return rc;
}

int server_start(struct server *s, struct error *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (door_start(&s->doors[i], err) < 0)
            return -1;
    return 0;
}

const char *server_address(const struct server *s, size_t n)
{
    return n < s->count ? s->doors[n].listener.address : NULL;
}

const char *server_url(const struct server *s, size_t n)
{
    return n < s->count ? s->doors[n].url : NULL;
}

struct server_change {
    struct server_rates rates;
    struct tls_keys *keys[SERVER_LISTEN_MAX];
};

int server_prepare(struct server *s, const struct server_rates *rates,
                   struct server_change **out, struct error *err)
{
    struct server_change *change = calloc(1, sizeof(*change));
    int rc = -1;

    if (change == NULL)
        return error_memory(err);
    change->rates = *rates;
    for (size_t i = 0; i < s->count; i++) {
        const struct door *d = &s->doors[i];

        if (d->tls == NULL || tls_load(d->tls, &change->keys[i], err) == 0)
            continue;
        error_prefix(err, "listener %s", d->options.address);
        goto done;
    }
    *out = change;
    change = NULL;
    rc = 0;
done:
    server_discard(change);
    return rc;
}

void server_apply(struct server *s, struct server_change *change)
{
    limiter_set(s->lobby.limiter, &change->rates);
    for (size_t i = 0; i < s->count; i++) {
        if (change->keys[i] != NULL)
            tls_use(s->doors[i].tls, change->keys[i]);
        change->keys[i] = NULL;
    }
    server_discard(change);
}

void server_discard(struct server_change *change)
{
    if (change == NULL)
        return;
    for (size_t i = 0; i < SERVER_LISTEN_MAX; i++)
        tls_end(change->keys[i]);
    free(change);
}

void server_wake(struct server *s)
{
    workers_wake(s->lobby.workers);
}

int server_drain(struct server *s, int64_t timeout_ms)
{
    const int64_t until = clock_mono_ms() + timeout_ms;

    assert(!s->drained);
    s->drained = true;
    for (size_t i = 0; i < s->count; i++)
        door_shut(&s->doors[i]);
    atomic_store(&s->lobby.draining, true);
    workers_expire(s->lobby.workers);
    while (atomic_load(&s->lobby.visits) > 0 && clock_mono_ms() < until)
        clock_sleep_ms(5);
    return atomic_load(&s->lobby.visits) > 0 ? -1 : 0;
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    if (s->lobby.workers != NULL && !s->drained)
        (void)server_drain(s, 0);
    /* Workers first: they resume what is suspended, and the library must
     * not be stopped while anything is.  Until then its threads call them. */
    workers_stop(s->lobby.workers);
    for (size_t i = 0; i < s->count; i++)
        door_close(&s->doors[i]);
    workers_free(s->lobby.workers);
    sweeper_free(s->lobby.sweeper);
    limiter_free(s->lobby.limiter);
    free(s);
}
