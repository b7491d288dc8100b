/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way out of a sandbox: to the KMS that unseals its server, and to
 * nothing else.  Private to transient/.
 *
 * A socket belongs to the network it was made in, whoever holds it.  So a
 * process outside accepts, on a listening socket that was made inside and
 * handed over, and connects each caller to the endpoint; nothing of ours
 * runs inside.  There the endpoint's own name (in /etc/hosts) or address (on
 * the loopback interface) leads to that socket: a seal stanza and its TLS
 * need no change. */
#ifndef ASSAY_TRANSIENT_RELAY_H
#define ASSAY_TRANSIENT_RELAY_H

#include <sys/types.h>

#include "base/error.h"
#include "transient/process_options.h"

enum { RELAY_CALLERS = 32 }; /* at once; further ones are hung up on */

/* Outside, in a process with a single thread: fork the process that relays,
 * which waits for the socket at `handover`.  It dies with its parent. */
int relay_start(const struct transient_endpoint *e, int handover, pid_t *pid,
                struct error *err) MUST_USE;

/* Inside, in its own network and root and still with the right to change
 * both: make the socket and hand it over. */
int relay_offer(const struct transient_endpoint *e, int handover,
                struct error *err) MUST_USE;

#endif
