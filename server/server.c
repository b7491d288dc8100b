/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "server/listen.h"
#include "server/router.h"
#include "server/visit.h"

enum {
    ADDRESSES_MAX = 8,
    POOL = 2,    /* threads per address that speak HTTP */
    WORKERS = 4, /* may all wait for Vault at once */
};

struct endpoint {
    struct listener listener;
    struct MHD_Daemon *daemon;
};

struct server {
    struct lobby lobby;
    size_t count;
    struct endpoint endpoints[ADDRESSES_MAX];
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

    assert(o->listen_count > 0 && o->listen_count <= ADDRESSES_MAX);
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
        if (listen_open(options->listen[i], &s->endpoints[i].listener, err) < 0)
            goto done;
        s->count++;
    }
    if (sweeper_new(&s->lobby.sweeper, err) < 0 ||
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

/* The library's own complaints about clients; nothing for an operator. */
static void library_log(void *cls, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void library_log(void *cls, const char *fmt, va_list ap)
{
    char line[256];

    (void)cls;
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    log_debug("http: %s", line);
}

/* The library would decode in place and stop at %00: uri.c reads the raw
 * target instead. */
static size_t keep_escapes(void *cls, struct MHD_Connection *con, char *text)
{
    (void)cls;
    (void)con;
    return strlen(text);
}

static int start_endpoint(struct server *s, struct endpoint *e,
                          struct error *err)
{
    const struct server_options *o = &s->lobby.options;
    struct lobby *lobby = &s->lobby;

    e->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, visit_request, lobby, MHD_OPTION_EXTERNAL_LOGGER,
        library_log, NULL, MHD_OPTION_LISTEN_SOCKET, e->listener.fd,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POOL,
        MHD_OPTION_CONNECTION_LIMIT, o->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->connections_per_client,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_CONNECTION_MEMORY,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        visit_target, lobby, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, visit_completed, lobby,
        MHD_OPTION_NOTIFY_CONNECTION, visit_connection, lobby, MHD_OPTION_END);
    if (e->daemon == NULL)
        return error_set(err, ERR_INTERNAL, "cannot serve on %s",
                         e->listener.address);
    return 0;
}

int server_start(struct server *s, struct error *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (start_endpoint(s, &s->endpoints[i], err) < 0)
            return -1;
    return 0;
}

const char *server_address(const struct server *s, size_t n)
{
    return n < s->count ? s->endpoints[n].listener.address : NULL;
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
    for (size_t i = 0; i < s->count; i++) {
        if (s->endpoints[i].daemon != NULL)
            (void)MHD_quiesce_daemon(s->endpoints[i].daemon);
        listen_stop(&s->endpoints[i].listener);
    }
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
     * not be stopped while anything is. */
    workers_free(s->lobby.workers);
    for (size_t i = 0; i < s->count; i++) {
        if (s->endpoints[i].daemon != NULL)
            MHD_stop_daemon(s->endpoints[i].daemon);
        listen_close(&s->endpoints[i].listener);
    }
    sweeper_free(s->lobby.sweeper);
    free(s);
}
