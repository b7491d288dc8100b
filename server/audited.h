/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be written down before it is done.  Audited is every route that
 * changes something, by its verb, and those that read what is sensitive
 * (ROUTE_AUDIT); and whatever somebody asks for whom Vault does not know
 * (principal.break_glass). */
#ifndef ASSAY_SERVER_AUDITED_H
#define ASSAY_SERVER_AUDITED_H

#include <stdbool.h>

#include "base/error.h"
#include "server/route.h"

struct request;

/* All may block for the disk, not for the network; any thread. */
struct server_audit {
    /* The request is allowed and complete, and will be done if this returns
     * 0.  NULL: nothing is audited. */
    int (*begin)(void *ctx, const struct request *request, struct error *err);
    /* It has been done: the answer's status, and what was wrong, or NULL.
     * status 0: nobody is there any more to take the answer.  -1 if that
     * cannot be written down. */
    int (*end)(void *ctx, const struct request *request, int status,
               const struct error *why, struct error *err);
    /* It was not allowed; `end` is not called. */
    void (*refused)(void *ctx, const struct request *request,
                    const struct error *why);
    void *ctx;
};

bool audited_route(const struct route *route);

/* The steps of a request, for exchange.c.  Those whose route is not audited
 * do nothing. */
int audited_begin(struct request *request, struct error *err) MUST_USE;
/* -1: it was something to read, and must not be answered.  Whatever could not
 * be written down has been logged. */
int audited_end(struct request *request, int status, const struct error *why,
                struct error *err);
void audited_refused(struct request *request, const struct error *why);
/* It goes without an answer. */
void audited_abandon(struct request *request);

#endif
