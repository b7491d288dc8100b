/* SPDX-License-Identifier: Apache-2.0
 *
 * IP addresses and networks as text and as bytes.  Pure. */
#ifndef ASSAY_BASE_NET_H
#define ASSAY_BASE_NET_H

#include <stdbool.h>
#include <stdint.h>

enum { NET_TEXT_MAX = 64 };

/* Plain data.  An IPv4 address inside IPv6 (::ffff:10.0.0.1) is kept as
 * IPv4: it is the same caller. */
struct net {
    uint8_t bytes[16]; /* in network order; IPv4 uses the first four */
    unsigned bits;     /* of the prefix; 32 or 128 for one address */
    bool v6;
};

/* "10.0.0.0/8", "2001:db8::/32", or one address.  False for anything else,
 * also when there are bits behind the prefix. */
bool net_parse(const char *text, struct net *out);
/* One address alone, without a zone. */
bool net_parse_address(const char *text, struct net *out);
/* Whether `address` lies in `net`. */
bool net_holds(const struct net *net, const struct net *address);
/* The shortest usual form, without the prefix length. */
void net_text(const struct net *address, char out[NET_TEXT_MAX]);

#endif
