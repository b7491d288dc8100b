/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers without a socket: hand a request to the same routing, coercion
 * and envelope code that the server uses, and look at the answer.  For unit
 * tests only. */
#ifndef ASSAY_SERVER_TESTING_H
#define ASSAY_SERVER_TESTING_H

#include <stdbool.h>

#include "base/principal.h"
#include "server/server.h"

struct origin;

struct testing_call {
    const char *method;             /* "GET", "LIST", "PUT", … */
    const char *uri;                /* "/v1/assay/snapshots?limit=2" */
    const char *body;               /* NULL: none */
    const char *const *headers;     /* name, value, name, value, NULL */
    const struct principal *caller; /* NULL: ask options->authorize, if any */
    const struct origin *origin;    /* server/exchange.h; NULL: not known */
    bool deadline_passed;           /* as a parked request sees it at last */
};

struct testing_answer {
    int status;
    bool parked;   /* the handler wants to wait; nothing else is set */
    char *body;    /* as on the wire, "" when none */
    char *headers; /* "Name: value\n…" */
};

/* Serve one call with `options` (mount, routes, outside, app, authorize).
 * The answer is freed with testing_answer_done. */
void testing_serve(const struct server_options *options,
                   const struct testing_call *call,
                   struct testing_answer *answer);
void testing_answer_done(struct testing_answer *answer);

#endif
