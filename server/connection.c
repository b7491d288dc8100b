/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connection.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/net.h"

static void name_v4(const struct sockaddr *address, char *out)
{
    struct net n = {.bits = 32};
    struct sockaddr_in in;

    memcpy(&in, address, sizeof(in));
    memcpy(n.bytes, &in.sin_addr, sizeof(in.sin_addr));
    net_text(&n, out);
}

/* A listener on [::] may be reached by IPv4 too. */
static void name_v6(const struct sockaddr *address, char *out)
{
    struct net n = {.bits = 128, .v6 = true};
    struct sockaddr_in6 in;
    char text[NET_TEXT_MAX];

    memcpy(&in, address, sizeof(in));
    memcpy(n.bytes, &in.sin6_addr, sizeof(in.sin6_addr));
    net_text(&n, text);
    if (net_parse_address(text, &n))
        net_text(&n, out);
}

/* Of a socket in the file system the kernel knows the user. */
static void name_user(int fd, char *out)
{
    struct ucred user = {0};
    socklen_t len = sizeof(user);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &len) == 0)
        (void)snprintf(out, FORWARDED_FROM_MAX, "unix uid=%u", user.uid);
}

static void name_other_end(struct MHD_Connection *con, int fd, char *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;

    static_assert((int)NET_TEXT_MAX <= (int)FORWARDED_FROM_MAX,
                  "an address fits");
    if (address != NULL && address->sa_family == AF_INET)
        name_v4(address, out);
    else if (address != NULL && address->sa_family == AF_INET6)
        name_v6(address, out);
    else
        name_user(fd, out);
}

static int begin_tls(struct connection *c, struct MHD_Connection *con)
{
    const union MHD_ConnectionInfo *info;

    if (c->door->tls == NULL)
        return 0;
    info = MHD_get_connection_info(con, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info != NULL && info->tls_session != NULL)
        c->keys = tls_begin(c->door->tls, info->tls_session);
    return c->keys != NULL ? 0 : -1;
}

static void end(struct connection *c)
{
    if (c == NULL)
        return;
    sweeper_forget(c->door->lobby->sweeper, c->watched);
    tls_end(c->keys);
    free(c);
}

static struct connection *begin(const struct door *door,
                                struct MHD_Connection *con, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->door = door;
    name_other_end(con, fd, c->from);
    c->watched = sweeper_watch(door->lobby->sweeper, fd,
                               door->lobby->options.request_ms);
    if (c->watched == NULL || begin_tls(c, con) < 0) {
        end(c);
        return NULL;
    }
    return c;
}

void connection_notify(void *cls, struct MHD_Connection *con, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *info;
    const struct door *door = cls;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        end(*context);
        *context = NULL;
        acceptor_closed(door->acceptor);
        return;
    }
    info = MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context = begin(door, con, info->connect_fd);
    if (*context == NULL)
        (void)shutdown(info->connect_fd, SHUT_RDWR);
}

struct connection *connection_of(struct MHD_Connection *con)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}
