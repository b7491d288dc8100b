/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listen.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 512 };

static const char unix_scheme[] = "unix://";

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

static int open_tcp(const char *address, struct listener *out,
                    struct error *err)
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

/* A socket that was left behind goes, one that is served stays; and nothing
 * else is touched. */
static int make_room(const struct sockaddr_un *address, struct error *err)
{
    const char *path = address->sun_path;
    struct stat st;
    int fd = -1;
    int rc = -1;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0
                               : error_errno(err, ERR_IO, "socket %s", path);
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, ERR_IO,
                         "cannot listen on unix://%s: there is a file that is "
                         "no socket",
                         path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        error_errno(err, ERR_IO, "cannot make a socket");
        goto done;
    }
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
        errno == EAGAIN) { /* too busy to answer */
        error_set(err, ERR_IO, "cannot listen on unix://%s: somebody else does",
                  path);
        goto done;
    }
    if (errno != ECONNREFUSED || (unlink(path) < 0 && errno != ENOENT)) {
        error_errno(err, ERR_IO, "cannot listen on unix://%s", path);
        goto done;
    }
    rc = 0;
done:
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* Nobody can connect before listen(2), and then it has its mode and owner. */
static int bind_unix(int fd, const struct sockaddr_un *address,
                     const struct server_socket *o, struct listener *out,
                     struct error *err)
{
    const char *path = address->sun_path;
    struct stat st;

    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        return error_errno(err, ERR_IO, "cannot listen on unix://%s", path);
    if (lstat(path, &st) == 0) {
        out->dev = st.st_dev;
        out->ino = st.st_ino;
        out->owns_file = true;
    }
    if (out->owns_file && o->chown && chown(path, o->uid, o->gid) < 0)
        return error_errno(err, ERR_IO,
                           "cannot give unix://%s to the user or group that "
                           "is to have it (who is not root can give it to a "
                           "group of his own only)",
                           path);
    if (!out->owns_file ||
        chmod(path, o->mode != 0 ? o->mode : S_IRUSR | S_IWUSR) < 0 ||
        listen(fd, BACKLOG) < 0)
        return error_errno(err, ERR_IO, "cannot listen on unix://%s", path);
    return 0;
}

static int open_unix(const char *address, const struct server_socket *options,
                     struct listener *out, struct error *err)
{
    static const struct server_socket plain = {0};
    const char *path = address + strlen(unix_scheme);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct listener listener = {.fd = -1};
    int rc = -1;

    static_assert(sizeof(to.sun_path) + sizeof(unix_scheme) <=
                      LISTEN_ADDRESS_MAX,
                  "any path fits");
    if (path[0] != '/' || !text_copy(to.sun_path, sizeof(to.sun_path), path))
        return error_set(err, ERR_INVALID,
                         "listen address \"%s\": expected unix:// and an "
                         "absolute path of at most %zu bytes",
                         address, sizeof(to.sun_path) - 1);
    if (make_room(&to, err) < 0)
        return -1;
    (void)text_copy(listener.address, sizeof(listener.address), address);
    listener.fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener.fd < 0) {
        error_errno(err, ERR_IO, "cannot make a socket");
        goto done;
    }
    if (bind_unix(listener.fd, &to, options != NULL ? options : &plain,
                  &listener, err) < 0)
        goto done;
    *out = listener;
    listener = (struct listener){.fd = -1};
    rc = 0;
done:
    listen_close(&listener);
    return rc;
}

int listen_open(const char *address, const struct server_socket *options,
                struct listener *out, struct error *err)
{
    return text_starts(address, unix_scheme)
               ? open_unix(address, options, out, err)
               : open_tcp(address, out, err);
}

/* While it still listens nobody has taken the place over (see make_room);
 * afterwards the number of a file that is gone may be another's. */
static void remove_file(struct listener *listener)
{
    const char *path = listener->address + strlen(unix_scheme);
    struct stat st;

    if (listener->owns_file && lstat(path, &st) == 0 &&
        st.st_dev == listener->dev && st.st_ino == listener->ino)
        (void)unlink(path);
    listener->owns_file = false;
}

void listen_stop(struct listener *listener)
{
    remove_file(listener);
    (void)shutdown(listener->fd, SHUT_RDWR);
}

void listen_close(struct listener *listener)
{
    remove_file(listener);
    if (listener->fd >= 0)
        (void)close(listener->fd);
    listener->fd = -1;
}
