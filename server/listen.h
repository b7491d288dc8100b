/* SPDX-License-Identifier: Apache-2.0
 *
 * From "127.0.0.1:8210" to a listening socket.  Other kinds of address (a
 * unix socket's path) would be told apart here. */
#ifndef ASSAY_SERVER_LISTEN_H
#define ASSAY_SERVER_LISTEN_H

#include "base/error.h"

enum { LISTEN_ADDRESS_MAX = 80 };

struct listener {
    int fd;
    char address[LISTEN_ADDRESS_MAX]; /* with the real port */
};

/* "host:port" or "[v6]:port"; port 0 lets the system choose.  ERR_INVALID for
 * text that is no address, ERR_IO when it cannot be had. */
int listen_open(const char *address, struct listener *out,
                struct error *err) MUST_USE;
/* New connections are refused from now on; accepted ones live on. */
void listen_stop(const struct listener *listener);
void listen_close(struct listener *listener);

#endif
