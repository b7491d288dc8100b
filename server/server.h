/* SPDX-License-Identifier: Apache-2.0
 *
 * Incoming HTTP over libmicrohttpd (which nothing else may include): Vault's
 * envelope, verbs and status codes for the routes of a table.
 *
 * Threads: per listening address one accepts, and two speak HTTP and run
 * handlers; a small pool asks `authorize` when it would block, and runs
 * handlers again for parked requests; one sweeper ends connections that are
 * too slow. */
#ifndef ASSAY_SERVER_SERVER_H
#define ASSAY_SERVER_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "server/options.h"

struct server;

/* Reads the certificates and opens the sockets (so that a port in use is found
 * early) but does not serve yet. */
int server_new(const struct server_options *options, struct server **out,
               struct error *err) MUST_USE;
/* Serve, from now until server_drain. */
int server_start(struct server *server, struct error *err) MUST_USE;
/* The n-th listening address with its real port, "127.0.0.1:34567", or
 * "unix:///path"; NULL beyond the last. */
const char *server_address(const struct server *server, size_t n);
/* The same as a URL: "https://127.0.0.1:34567". */
const char *server_url(const struct server *server, size_t n);

/* What can change while it serves, in two steps, so that several parts of a
 * program change together or not at all: the certificate files are read
 * again and `rates` noted (-1: a sentence that names the file); then they
 * count, for connections and requests from now on, and those under way go on
 * undisturbed. */
struct server_change;
int server_prepare(struct server *server, const struct server_rates *rates,
                   struct server_change **out, struct error *err) MUST_USE;
/* Ends `change`.  Cannot fail. */
void server_apply(struct server *server, struct server_change *change);
/* Accepts NULL. */
void server_discard(struct server_change *change);

/* Something changed that a parked request may be waiting for.  Cheap, never
 * blocks on a request; any thread, also from inside a handler. */
void server_wake(struct server *server);

/* Stop accepting, answer everything parked at once, let the others finish
 * for at most `timeout_ms`.  0 if all had finished, -1 if some were cut.
 * Afterwards only server_free is allowed. */
int server_drain(struct server *server, int64_t timeout_ms);
/* Drains without patience if that was not done.  Accepts NULL. */
void server_free(struct server *server);

#endif
