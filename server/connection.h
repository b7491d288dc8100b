/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a connection, from its first byte to its last: who is at
 * the other end, the deadline, the keys that it was made with. */
#ifndef ASSAY_SERVER_CONNECTION_H
#define ASSAY_SERVER_CONNECTION_H

#include "server/door.h"

struct connection {
    const struct door *door;
    struct watched *watched;
    struct tls_keys *keys; /* NULL: in the clear */
    char from[FORWARDED_FROM_MAX];
};

/* MHD_OPTION_NOTIFY_CONNECTION; `cls` is the door.  What could not be prepared
 * is shut down, and connection_of then says NULL: nothing may be done for
 * it. */
void connection_notify(void *cls, struct MHD_Connection *con, void **context,
                       enum MHD_ConnectionNotificationCode code);
struct connection *connection_of(struct MHD_Connection *con);

#endif
