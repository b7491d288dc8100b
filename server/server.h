/* SPDX-License-Identifier: Apache-2.0
 *
 * Incoming HTTP over libmicrohttpd (which nothing else may include): Vault's
 * envelope, verbs and status codes for the routes of a table.
 *
 * Threads: two per listening address speak HTTP and run handlers; a small
 * pool asks `authorize` when it would block, and runs handlers again for
 * parked requests; one sweeper ends connections that are too slow. */
#ifndef ASSAY_SERVER_SERVER_H
#define ASSAY_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/principal.h"
#include "server/audited.h"
#include "server/route.h"

struct server;

/* May this request be done, and who asks?  0: yes, `out` is filled.  -1: no,
 * `err` says why.  1: cannot tell without blocking (only when !may_block):
 * it is asked again, by a thread that may. */
typedef int server_authorize_fn(void *ctx, const struct request *request,
                                bool may_block, struct principal *out,
                                struct error *err);

/* Zero means the default where one is named. */
struct server_options {
    const char *const *listen;         /* "127.0.0.1:8210", "[::1]:0" … */
    size_t listen_count;               /* 1 … 8 */
    const char *mount;                 /* "assay": routes are /v1/assay/… */
    const struct route *const *routes; /* tables; ends with NULL */
    const struct route *outside;       /* one table, from "/"; may be NULL */
    void *app;                         /* for handlers */
    server_authorize_fn *authorize;
    void *authorize_ctx;
    struct server_audit audit; /* zero: nothing is written down */

    unsigned connections;            /* 512 in all, per address */
    unsigned connections_per_client; /* 128 from one IP address */
    unsigned parked;                 /* 128 long polls at once */
    int64_t request_ms;              /* 10 s for headers and body */
    int64_t idle_ms;                 /* 60 s between requests */
    int64_t send_ms;                 /* 60 s to take the answer */
};

/* Copies the options; tables and pointers in them must outlive the server.
 * Opens the sockets (so that a port in use is found early) but does not
 * serve yet. */
int server_new(const struct server_options *options, struct server **out,
               struct error *err) MUST_USE;
/* Serve, from now until server_drain. */
int server_start(struct server *server, struct error *err) MUST_USE;
/* The n-th listening address with its real port, "127.0.0.1:34567"; NULL
 * beyond the last. */
const char *server_address(const struct server *server, size_t n);

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
