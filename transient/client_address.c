/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/client_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "vault/address.h"

/* "https://vault.example:443", as address_normal writes it. */
static bool split(char url[VAULT_ADDRESS_MAX], char **host, char **port)
{
    char *at = strstr(url, "://");

    *port = strrchr(url, ':');
    if (at == NULL || text_starts(url, "unix:") || *port == at)
        return false;
    *host = at + strlen("://");
    *(*port)++ = '\0';
    return true;
}

/* Connecting a datagram socket picks the way and sends nothing. */
static bool ask_kernel(const struct addrinfo *to, char out[INET_ADDRSTRLEN])
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t len = sizeof own;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool known;

    if (fd < 0)
        return false;
    known = connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
            getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
            inet_ntop(AF_INET, &own.sin_addr, out, INET_ADDRSTRLEN) != NULL;
    (void)close(fd);
    return known;
}

bool client_address_towards(const char *url, char out[INET_ADDRSTRLEN])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                                   .ai_family = AF_INET};
    char normal[VAULT_ADDRESS_MAX];
    struct addrinfo *list = NULL;
    char *host = NULL, *port = NULL;
    bool known;

    out[0] = '\0';
    if (!address_normal(url, normal) || !split(normal, &host, &port) ||
        getaddrinfo(host, port, &hints, &list) != 0)
        return false;
    known = ask_kernel(list, out);
    freeaddrinfo(list);
    if (!known)
        out[0] = '\0';
    return known;
}
