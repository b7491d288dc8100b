/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server sees of us.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_CLIENT_ADDRESS_H
#define ASSAY_TRANSIENT_CLIENT_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

/* This machine's IPv4 address on its way to the server of this URL, "" and
 * false where it has none, the name is not known now, or the way is a unix
 * socket or IPv6.  Asks the resolver; sends nothing to the server. */
bool client_address_towards(const char *url, char out[INET_ADDRSTRLEN]);

#endif
