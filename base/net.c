/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

enum { V4_BITS = 32, V6_BITS = 128 };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool net_parse_address(const char *text, struct net *out)
{
    struct net n = {.bits = V4_BITS};

    if (inet_pton(AF_INET, text, n.bytes) == 1) {
        *out = n;
        return true;
    }
    if (inet_pton(AF_INET6, text, n.bytes) != 1)
        return false;
    if (memcmp(n.bytes, mapped, sizeof(mapped)) == 0) {
        memmove(n.bytes, n.bytes + sizeof(mapped), 4);
        memset(n.bytes + 4, 0, sizeof(n.bytes) - 4);
    } else {
        n.v6 = true;
        n.bits = V6_BITS;
    }
    *out = n;
    return true;
}

/* Whether the first `bits` bits are the same. */
static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    const unsigned whole = bits / 8;
    const unsigned rest = bits % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* 10.0.0.1/8 may be a slip for /32. */
static bool host_part_is_empty(const struct net *n)
{
    for (unsigned bit = n->bits; bit < (n->v6 ? V6_BITS : V4_BITS); bit++)
        if ((n->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return false;
    return true;
}

bool net_parse(const char *text, struct net *out)
{
    const char *slash = strchr(text, '/');
    char address[NET_TEXT_MAX];
    uint64_t bits = 0;
    struct net n;

    if (slash == NULL)
        return net_parse_address(text, out);
    if ((size_t)(slash - text) >= sizeof(address))
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (!net_parse_address(address, &n) || !text_u64(slash + 1, &bits))
        return false;
    /* ::ffff:10.0.0.0/104 counts its bits from the front of IPv6. */
    if (!n.v6 && strchr(address, ':') != NULL) {
        if (bits < V6_BITS - V4_BITS)
            return false;
        bits -= V6_BITS - V4_BITS;
    }
    if (bits > n.bits)
        return false;
    n.bits = (unsigned)bits;
    if (!host_part_is_empty(&n))
        return false;
    *out = n;
    return true;
}

bool net_holds(const struct net *net, const struct net *address)
{
    return net->v6 == address->v6 &&
           same_prefix(net->bytes, address->bytes, net->bits);
}

void net_text(const struct net *address, char out[NET_TEXT_MAX])
{
    out[0] = '\0';
    (void)inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->bytes, out,
                    NET_TEXT_MAX);
}
