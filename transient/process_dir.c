/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/process_dir.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "transient/sandbox.h"
#include "transient/server_config.h"

#define SOCKET_BELOW "/" SANDBOX_DATA "/" SERVER_SOCKET

enum {
    CONFIG_MAX = 16 * 1024 + 3 * LIMIT_STANZA_FILE,
    /* In the sandbox nobody else has them, except perhaps its way out. */
    API_PORT = 8200,
    CLUSTER_PORT = 8201,
    OTHER_API_PORT = 8300,
    OTHER_CLUSTER_PORT = 8301,
};

/* The kernel takes no longer path for a socket. */
static bool socket_fits(const char *base)
{
    struct sockaddr_un un;

    return strlen(base) + 1 + (PROCESS_DIR_NAME - 1) + strlen(SOCKET_BELOW) <
           sizeof un.sun_path;
}

/* Absolute, without links: the sandbox looks at it from another directory. */
static char *choose_base(const char *wanted, struct error *err)
{
    const char *const tries[] = {wanted, getenv("XDG_RUNTIME_DIR"), "/tmp"};
    size_t i;

    if (file_make_dirs(wanted, 0700, err) != 0)
        return NULL;
    for (i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        char *base;

        if (tries[i] == NULL || tries[i][0] == '\0')
            continue;
        base = realpath(tries[i], NULL);
        if (base != NULL && socket_fits(base))
            return base;
        free(base);
    }
    error_set(err, ERR_IO, "no directory for transient servers: %s", wanted);
    return NULL;
}

int process_dir_choose(const char *base, struct process_dir *out,
                       struct error *err)
{
    uint8_t random[PROCESS_DIR_RANDOM];
    struct process_dir d;
    char *parent = choose_base(base, err);

    if (parent == NULL)
        return -1;
    memset(&d, 0, sizeof d);
    digest_random(random, sizeof random);
    memcpy(d.name, PROCESS_DIR_PREFIX, sizeof PROCESS_DIR_PREFIX);
    text_hex(random, sizeof random, d.name + strlen(PROCESS_DIR_PREFIX));
    d.path = text_format("%s/%s", parent, d.name);
    d.log_path = text_format("%s/%s/server.log", parent, d.name);
    d.socket_path = text_format("%s/%s" SOCKET_BELOW, parent, d.name);
    d.address = text_format("unix://%s/%s" SOCKET_BELOW, parent, d.name);
    free(parent);
    if (d.path == NULL || d.log_path == NULL || d.socket_path == NULL ||
        d.address == NULL) {
        process_dir_done(&d);
        return error_memory(err);
    }
    *out = d;
    return 0;
}

/* Two ports that nobody has at this moment, for a server that shares our
 * network. */
static int free_ports(unsigned *api, unsigned *cluster, struct error *err)
{
    unsigned *const ports[2] = {api, cluster};
    int fds[2] = {-1, -1};
    int rc = 0;
    int i;

    for (i = 0; i < 2 && rc == 0; i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        socklen_t len = sizeof in;

        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fds[i] < 0 ||
            bind(fds[i], (struct sockaddr *)&in, sizeof in) != 0 ||
            getsockname(fds[i], (struct sockaddr *)&in, &len) != 0)
            rc = error_errno(err, ERR_INTERNAL, "cannot find a free port");
        else
            *ports[i] = ntohs(in.sin_port);
    }
    for (i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
    return rc;
}

static bool taken(unsigned endpoint_port)
{
    return endpoint_port == API_PORT || endpoint_port == CLUSTER_PORT;
}

unsigned process_dir_api_port(unsigned endpoint_port)
{
    return taken(endpoint_port) ? OTHER_API_PORT : API_PORT;
}

static int write_config(const struct process_dir *d,
                        const struct process_dir_server *server,
                        struct error *err)
{
    struct server_config c = {
        .product = server->product,
        .generate_root = server->generate_root,
        .raw_storage = server->raw_storage,
        .api_port = process_dir_api_port(server->endpoint_port),
        .cluster_port =
            taken(server->endpoint_port) ? OTHER_CLUSTER_PORT : CLUSTER_PORT,
        .own_socket = server->shared_network,
    };
    char *data = text_format("%s/" SANDBOX_DATA, d->path);
    char *inside = text_format("/%s", d->name);
    char *path = text_format("%s/" SANDBOX_DATA "/" SANDBOX_CONFIG, d->path);
    struct buf out;
    int rc = -1;

    buf_init_secret(&out, CONFIG_MAX);
    if (data == NULL || inside == NULL || path == NULL) {
        error_memory(err);
        goto done;
    }
    c.dir = server->shared_network ? data : inside;
    if (server->shared_network &&
        free_ports(&c.api_port, &c.cluster_port, err) != 0)
        goto done;
    if (server_config_write(&c, &out, err) != 0)
        goto done;
    if (server->stanzas != NULL)
        buf_str(&out, server->stanzas);
    if (buf_check(&out, "a server configuration", err) != 0 ||
        file_replace(path, out.data, out.len, 0600, err) != 0)
        goto done;
    rc = 0;
done:
    buf_done(&out);
    free(data);
    free(inside);
    free(path);
    return rc;
}

/* mkdir, not file_make_dirs: if the name exists it is not ours. */
static int make_dir(const struct process_dir *d, const char *below,
                    struct error *err)
{
    char *path = text_format("%s%s", d->path, below);
    int rc = 0;

    if (path == NULL)
        return error_memory(err);
    if (mkdir(path, 0700) != 0)
        rc = error_errno(err, ERR_IO, "cannot make the directory %s", path);
    free(path);
    return rc;
}

int process_dir_make(const struct process_dir *d,
                     const struct process_dir_server *server, struct error *err)
{
    static const char *const parts[] = {
        "",
        "/" SANDBOX_ROOT,
        "/" SANDBOX_DATA,
        "/" SANDBOX_DATA "/" SERVER_RAFT,
    };
    size_t i;

    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (make_dir(d, parts[i], err) != 0)
            return -1;
    }
    return write_config(d, server, err);
}

bool process_dir_is_ours(const char *path, const char *name)
{
    uint8_t random[PROCESS_DIR_RANDOM];
    const char *slash = strrchr(path, '/');

    return path[0] == '/' && strcmp(slash + 1, name) == 0 &&
           text_starts(name, PROCESS_DIR_PREFIX) &&
           text_unhex(name + strlen(PROCESS_DIR_PREFIX), random, sizeof random);
}

void process_dir_done(struct process_dir *d)
{
    free(d->path);
    free(d->log_path);
    free(d->socket_path);
    free(d->address);
    memset(d, 0, sizeof *d);
}
