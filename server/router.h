/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a route: pure functions over the tables of route.h. */
#ifndef ASSAY_SERVER_ROUTER_H
#define ASSAY_SERVER_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "server/route.h"
#include "server/uri.h"

enum { ROUTER_PARAMS_MAX = 4 };

struct router_path {
    const char *const *segments;
    size_t count;
};

struct router_match {
    const struct route *route; /* NULL: none with that verb */
    unsigned verbs;            /* bit per verb that this path has */
    size_t count;
    struct {
        const char *name; /* as in the pattern, ends at '/' or NUL */
        size_t name_len;
        const char *value; /* one of the path's segments */
    } params[ROUTER_PARAMS_MAX];
};

/* The most literal route for the path and the verb.  `tables` ends with
 * NULL. */
void router_find(const struct route *const *tables,
                 const struct router_path *path, enum verb verb,
                 struct router_match *out);
/* Whether the pattern fits the path at all. */
bool router_fits(const char *pattern, const struct router_path *path);
/* Tables can be wrong; ours are asserted once, at start: no empty segment,
 * no more than ROUTER_PARAMS_MAX parameters, a handler, fields with names
 * that the server itself does not use ("list", "help"). */
void router_check(const struct route *const *tables);

#endif
