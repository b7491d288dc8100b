/* SPDX-License-Identifier: Apache-2.0
 *
 * From "127.0.0.1:8210" or "unix:///run/assay.sock" to a listening socket. */
#ifndef ASSAY_SERVER_LISTEN_H
#define ASSAY_SERVER_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "server/options.h"

enum { LISTEN_ADDRESS_MAX = 128 };

struct listener {
    int fd;
    char address[LISTEN_ADDRESS_MAX]; /* with the real port */
    /* Of a socket in the file system: which file it is. */
    bool owns_file;
    dev_t dev;
    ino_t ino;
};

/* "host:port" or "[v6]:port"; port 0 lets the system choose.  Or
 * "unix:///path": a socket that is there already is replaced if nobody
 * listens to it, and nobody but its owner can connect before it has the mode
 * and owner of `options`, which may be NULL: its defaults.  ERR_INVALID for
 * text that is no address, ERR_IO when it cannot be had. */
int listen_open(const char *address, const struct server_socket *options,
                struct listener *out, struct error *err) MUST_USE;
/* New connections are refused from now on, and the file of a socket is gone;
 * accepted ones live on. */
void listen_stop(struct listener *listener);
/* The same, for good.  May be called again. */
void listen_close(struct listener *listener);

#endif
