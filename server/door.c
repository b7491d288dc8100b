/* SPDX-License-Identifier: Apache-2.0 */
#include "server/door.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "server/connection.h"
#include "server/visit.h"

enum { POOL = 2 }; /* threads that speak HTTP */

int door_open(struct door *d, struct lobby *lobby,
              const struct server_listen *options, struct error *err)
{
    const char *scheme = "";

    *d = (struct door){
        .lobby = lobby, .options = *options, .listener = {.fd = -1}};
    if (forwarded_init(&d->forwarded, &d->options.forwarded, err) < 0)
        return -1;
    if (options->tls.cert_file != NULL &&
        tls_new(&d->options.tls, &d->tls, err) < 0)
        return error_prefix(err, "listener %s", options->address);
    if (listen_open(options->address, &options->socket, &d->listener, err) < 0)
        return -1;
    if (!d->listener.owns_file)
        scheme = d->tls != NULL ? "https://" : "http://";
    (void)snprintf(d->url, sizeof(d->url), "%s%s", scheme, d->listener.address);
    return 0;
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

/* A kind of credentials that we never use: see tls.h. */
static const struct MHD_OptionItem with_tls[] = {
    {MHD_OPTION_HTTPS_CRED_TYPE, GNUTLS_CRD_PSK, NULL},
    {MHD_OPTION_END, 0, NULL},
};
static const struct MHD_OptionItem without_tls[] = {
    {MHD_OPTION_END, 0, NULL},
};

/* Its limit of connections is shared out to the threads, and which of them
 * gets one does not go by who has room: each may have all.  The acceptor
 * keeps the limit. */
int door_start(struct door *d, struct error *err)
{
    const struct server_options *o = &d->lobby->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;

    if (d->tls != NULL)
        flags |= MHD_USE_TLS;
    if (acceptor_new(d->listener.fd, o->connections, &d->acceptor, err) < 0)
        return -1;
    d->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, visit_request, d->lobby,
        MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POOL,
        MHD_OPTION_CONNECTION_LIMIT, o->connections * POOL,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->connections_per_client,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_CONNECTION_MEMORY,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        visit_target, d->lobby, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, visit_completed, d->lobby,
        MHD_OPTION_NOTIFY_CONNECTION, connection_notify, d, MHD_OPTION_ARRAY,
        d->tls != NULL ? with_tls : without_tls, MHD_OPTION_END);
    if (d->daemon == NULL)
        return error_set(err, ERR_INTERNAL, "cannot serve on %s", d->url);
    return acceptor_start(d->acceptor, d->daemon, err);
}

void door_shut(struct door *d)
{
    acceptor_stop(d->acceptor);
    listen_stop(&d->listener);
}

void door_close(struct door *d)
{
    if (d->lobby == NULL)
        return;
    acceptor_stop(d->acceptor);
    if (d->daemon != NULL)
        MHD_stop_daemon(d->daemon);
    acceptor_free(d->acceptor);
    listen_close(&d->listener);
    tls_free(d->tls);
}
