/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of the sandbox's only interface.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_LO_ADDRESS_H
#define ASSAY_TRANSIENT_LO_ADDRESS_H

#include <netinet/in.h>

#include "base/error.h"

/* Inside, with the right to change the network: from now on the loopback
 * interface has this address too, which is a lie told to nobody outside.
 * `label`: "lo:1" and so on, one for each. */
int lo_address_add(const char *label, const struct sockaddr_in *in,
                   struct error *err) MUST_USE;

#endif
