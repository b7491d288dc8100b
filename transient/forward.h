/* SPDX-License-Identifier: Apache-2.0
 *
 * The way into a sandbox: a unix socket, which crosses the border of its
 * network, that leads to its server's TCP listener.  Private to transient/.
 *
 * The server could listen on that socket itself, but then its callers have
 * no address, and a login without one is refused by any rate-limit quota and
 * by roles that are bound to addresses.  Through here they come from the
 * address that production knows the caller by. */
#ifndef ASSAY_TRANSIENT_FORWARD_H
#define ASSAY_TRANSIENT_FORWARD_H

#include <netinet/in.h>

#include "base/error.h"

enum { FORWARD_CALLERS = 256 }; /* at once; further ones are hung up on */

struct forward {
    const char *socket_path; /* made anew once the server listens */
    unsigned port;           /* of the server, on 127.0.0.1 */
    struct in_addr from;     /* all zeroes: 127.0.0.1 too */
};

/* Inside, still with the right to change the network. */
int forward_prepare(const struct forward *f, struct error *err) MUST_USE;

/* Inside, in the process that is about to become the server: fork the one
 * that forwards, as bare of rights as this one is by now.  It holds no
 * descriptor of ours, and dies with us. */
int forward_start(const struct forward *f, struct error *err) MUST_USE;

#endif
