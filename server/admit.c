/* SPDX-License-Identifier: Apache-2.0
 *
 * Too many requests?  A token is believed to be somebody's only when Vault
 * has said so: whoever makes tokens up is counted by his address, however
 * many he makes up.  Once it has a count of its own, Vault is not asked about
 * a request that is one too many.  Whoever is refused for himself uses up
 * nothing of what all share: one caller cannot lock out the others. */
#include "server/admit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "server/exchange.h"

enum { WHO_MAX = 128, V6_HOST_BITS = 64 };

/* Of IPv6 the network: a host has as many addresses as it likes. */
static void by_address(const struct request *r, char who[WHO_MAX])
{
    char text[NET_TEXT_MAX];
    struct net n;

    if (net_parse_address(r->origin.from, &n) && n.v6) {
        memset(n.bytes + V6_HOST_BITS / 8, 0, V6_HOST_BITS / 8);
        net_text(&n, text);
        (void)snprintf(who, WHO_MAX, "net %s", text);
        return;
    }
    (void)snprintf(who, WHO_MAX, "from %s", r->origin.from);
}

/* No token has a space in it (headers.c), and every address here has. */
static const char *by_token(const struct request *r)
{
    return request_token(r);
}

static int refuse(struct request *r, int64_t wait_ms, const char *whose,
                  struct error *err)
{
    r->retry_ms = wait_ms;
    return error_set(err, ERR_TOO_MANY,
                     "rate limit exceeded: too many "
                     "requests from %s",
                     whose);
}

int admit_unknown(struct request *r, struct error *err)
{
    const int64_t now = clock_mono_ms();
    struct limiter *l = r->origin.limiter;
    char who[WHO_MAX];
    int64_t wait;

    if (l == NULL)
        return 0;
    wait = limiter_look(l, by_token(r), now);
    if (wait > 0)
        return refuse(r, wait, "this token", err);
    by_address(r, who);
    wait = limiter_take(l, who, now);
    if (wait > 0)
        return refuse(r, wait, "this address", err);
    wait = limiter_take_all(l, now);
    if (wait == 0)
        return 0;
    limiter_give_back(l, who, now);
    return refuse(r, wait, "all callers together", err);
}

int admit_known(struct request *r, struct error *err)
{
    const int64_t now = clock_mono_ms();
    struct limiter *l = r->origin.limiter;
    char who[WHO_MAX];
    int64_t wait;

    if (l == NULL)
        return 0;
    by_address(r, who);
    limiter_give_back(l, who, now);
    wait = limiter_take(l, by_token(r), now);
    if (wait == 0)
        return 0;
    limiter_give_back_all(l, now);
    return refuse(r, wait, "this token", err);
}
