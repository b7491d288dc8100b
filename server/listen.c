/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 512 };

/* Split at the last colon, without the brackets of a v6 address. */
static int split(const char *address, char *host, size_t size,
                 const char **port, struct error *err)
{
    const char *colon = strrchr(address, ':');
    const char *begin = address;
    size_t len;
    uint64_t number;

    if (colon == NULL || !text_u64(colon + 1, &number) || number > 65535)
        return error_set(err, ERR_INVALID,
                         "listen address \"%s\" is not host:port", address);
    len = (size_t)(colon - address);
    if (len >= 2 && begin[0] == '[' && begin[len - 1] == ']') {
        begin++;
        len -= 2;
    } else if (memchr(begin, ':', len) != NULL) {
        return error_set(err, ERR_INVALID,
                         "listen address \"%s\": put the IPv6 address in "
                         "brackets",
                         address);
    }
    if (len >= size)
        return error_set(err, ERR_INVALID, "listen address \"%s\" is too long",
                         address);
    memcpy(host, begin, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

static int real_address(int fd, char *out, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    char host[64];
    char port[8];
    bool v6;

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -1;
    v6 = address.ss_family == AF_INET6;
    (void)snprintf(out, size, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
                   port);
    return 0;
}

int listen_open(const char *address, struct listener *out, struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct listener listener = {.fd = -1};
    const int one = 1;
    const char *port = NULL;
    char host[256];
    int rc = -1;

    if (split(address, host, sizeof(host), &port, err) < 0)
        goto done;
    if (getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found) != 0) {
        error_set(err, ERR_INVALID, "listen address \"%s\" is not known",
                  address);
        goto done;
    }
    listener.fd =
        socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener.fd < 0 ||
        setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) <
            0 ||
        bind(listener.fd, found->ai_addr, found->ai_addrlen) < 0 ||
        listen(listener.fd, BACKLOG) < 0 ||
        real_address(listener.fd, listener.address, sizeof(listener.address)) <
            0) {
        error_errno(err, ERR_IO, "cannot listen on %s", address);
        goto done;
    }
    *out = listener;
    listener.fd = -1;
    rc = 0;
done:
    if (found != NULL)
        freeaddrinfo(found);
    listen_close(&listener);
    return rc;
}

void listen_stop(const struct listener *listener)
{
    (void)shutdown(listener->fd, SHUT_RDWR);
}

void listen_close(struct listener *listener)
{
    if (listener->fd >= 0)
        (void)close(listener->fd);
    listener->fd = -1;
}
