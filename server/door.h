/* SPDX-License-Identifier: Apache-2.0
 *
 * Where connections come in, inside server/: what all of them share, and what
 * those of one listening address do. */
#ifndef ASSAY_SERVER_DOOR_H
#define ASSAY_SERVER_DOOR_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "server/acceptor.h"
#include "server/forwarded.h"
#include "server/limiter.h"
#include "server/listen.h"
#include "server/options.h"
#include "server/sweeper.h"
#include "server/tls.h"
#include "server/workers.h"

/* What all connections of a server share. */
struct lobby {
    struct server_options options;
    struct workers *workers;
    struct sweeper *sweeper;
    struct limiter *limiter;
    atomic_bool draining;
    atomic_uint visits; /* requests begun and not answered completely */
};

/* One listening address. */
struct door {
    struct lobby *lobby;
    struct server_listen options;
    struct listener listener;
    struct forwarded forwarded;
    struct tls *tls; /* NULL: in the clear */
    struct MHD_Daemon *daemon;
    struct acceptor *acceptor; /* NULL before door_start */
    char url[LISTEN_ADDRESS_MAX + 8];
};

/* Open the socket and read the files; nothing is served yet. */
int door_open(struct door *d, struct lobby *lobby,
              const struct server_listen *options, struct error *err) MUST_USE;
int door_start(struct door *d, struct error *err) MUST_USE;
/* Accept no more. */
void door_shut(struct door *d);
/* When nothing is suspended any more.  Accepts a zeroed one. */
void door_close(struct door *d);

#endif
