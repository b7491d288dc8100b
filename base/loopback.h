/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP port on loopback that leads to a unix socket, for programs that do
 * not speak to one, and for as long as they run.
 *
 * While it is open every local user can talk to whoever listens behind it,
 * who must ask for credentials himself.  Nothing from another machine gets
 * in.  One thread moves the bytes and looks at none of
 * them; memory is bounded by LIMIT_LOOPBACK_CONNECTIONS, and whoever comes when
 * there are so many waits. */
#ifndef ASSAY_BASE_LOOPBACK_H
#define ASSAY_BASE_LOOPBACK_H

#include <stdint.h>

#include "base/error.h"

struct loopback;

/* On a port that was free.  ERR_INVALID for a path that no socket can have.
 * Nobody need be listening there yet. */
int loopback_open(const char *socket_path, struct loopback **out,
                  struct error *err) MUST_USE;
/* Of 127.0.0.1. */
unsigned loopback_port(const struct loopback *r);
/* Connections that were led through, until now; from any thread. */
uint64_t loopback_connections(const struct loopback *r);
/* Closes the port and every connection.  Accepts NULL. */
void loopback_close(struct loopback *r);

#endif
