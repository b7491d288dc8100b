/* SPDX-License-Identifier: Apache-2.0
 *
 * A deadline for every connection.  libmicrohttpd's own timeout starts over
 * with each byte that arrives, so that one byte a second holds a connection
 * for ever; here a thread shuts down what is over its deadline, and the
 * library then sees an end of stream. */
#ifndef ASSAY_SERVER_SWEEPER_H
#define ASSAY_SERVER_SWEEPER_H

#include <stdint.h>

#include "base/error.h"

struct sweeper;
struct watched; /* one connection */

int sweeper_new(struct sweeper **out, struct error *err) MUST_USE;
/* Ends the thread; all connections are gone by now.  Accepts NULL. */
void sweeper_free(struct sweeper *sweeper);

/* Watch `fd`.  NULL without memory. */
struct watched *sweeper_watch(struct sweeper *sweeper, int fd,
                              int64_t within_ms);
/* Before the descriptor is closed.  Accepts NULL. */
void sweeper_forget(struct sweeper *sweeper, struct watched *watched);
/* From now; 0: no deadline, the delay is ours.  Accepts NULL. */
void sweeper_expect(struct watched *watched, int64_t within_ms);
int sweeper_fd(const struct watched *watched);

#endif
