/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that accepts the connections of one listening socket and hands
 * them to libmicrohttpd.
 *
 * The library could listen itself, but could not be told to stop without
 * danger: MHD_quiesce_daemon and a thread of its epoll pool both take the
 * socket out of the thread's epoll set, unlocked, and whichever comes second
 * aborts the process ("Failed to remove listen FD from epoll set"; 0.9.75 to
 * 1.0.1).  A server under way would die instead of draining. */
#ifndef ASSAY_SERVER_ACCEPTOR_H
#define ASSAY_SERVER_ACCEPTOR_H

#include <microhttpd.h>

#include "base/error.h"

struct acceptor;

/* `fd` listens, does not block, and stays the caller's.  Never are more than
 * `limit` connections open: others wait, not accepted, in its backlog. */
int acceptor_new(int fd, unsigned limit, struct acceptor **out,
                 struct error *err) MUST_USE;
/* `daemon` was started with MHD_USE_NO_LISTEN_SOCKET and MHD_USE_ITC, and
 * tells of each connection's end by acceptor_closed.  Once. */
int acceptor_start(struct acceptor *acceptor, struct MHD_Daemon *daemon,
                   struct error *err) MUST_USE;
/* When it returns, nothing is accepted any more; what was accepted lives on.
 * May be called again, and without acceptor_start.  Accepts NULL. */
void acceptor_stop(struct acceptor *acceptor);
/* After the daemon was stopped.  Accepts NULL. */
void acceptor_free(struct acceptor *acceptor);

/* A connection that the daemon was given has ended (any thread). */
void acceptor_closed(struct acceptor *acceptor);

#endif
