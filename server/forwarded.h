/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a request really came from, when something stands in front.
 *
 * The rules are those of Vault's listener (x_forwarded_for_…), so that the
 * same proxy configuration serves both: the header counts only from
 * authorised addresses, and of its entries the last one that those did not
 * write themselves. */
#ifndef ASSAY_SERVER_FORWARDED_H
#define ASSAY_SERVER_FORWARDED_H

#include "base/error.h"
#include "base/net.h"
#include "server/options.h"

enum { FORWARDED_NETS_MAX = 64 };

/* Plain data. */
struct forwarded {
    const struct server_forwarded *options;
    struct net nets[FORWARDED_NETS_MAX];
    size_t count; /* 0: nobody is authorised, the header is not looked at */
};

/* Room for the text of an address, and for "unix uid=4294967295 …". */
enum { FORWARDED_FROM_MAX = 64 };

/* `options` is borrowed.  ERR_INVALID for what is no address and no
 * network. */
int forwarded_init(struct forwarded *f, const struct server_forwarded *options,
                   struct error *err) MUST_USE;

/* `from` holds the address of the connection's other end, and afterwards that
 * of whoever asked.  `values` are those of all X-Forwarded-For headers, in
 * order, separated by commas; NULL when there is none.  ERR_INVALID when the
 * request must be refused. */
int forwarded_resolve(const struct forwarded *f, const char *values,
                      char from[FORWARDED_FROM_MAX],
                      struct error *err) MUST_USE;

#endif
