/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be asked for: tables of routes.  A new endpoint is a function and
 * one line here; matching, fields, help and the OpenAPI object all come from
 * the table. */
#ifndef ASSAY_SERVER_ROUTE_H
#define ASSAY_SERVER_ROUTE_H

#include "base/error.h"

struct request;
struct reply;

/* Vault's operations.  PUT and POST are both WRITE; GET with ?list=true is
 * LIST. */
enum verb {
    VERB_READ,
    VERB_LIST,
    VERB_WRITE,
    VERB_DELETE,
};

enum route_flag {
    ROUTE_SUDO = 1,    /* needs Vault's `sudo` capability as well */
    ROUTE_OPEN = 2,    /* no token needed, authorize is not called */
    ROUTE_OWN_RUN = 4, /* a token that Vault refuses still gets in, for the
                          run it created: the handler must call
                          request_require_owner() */
    ROUTE_ENTITY = 8,  /* the caller must have an entity_id */
    ROUTE_AUDIT = 16,  /* reads what is sensitive: written down like a change
                          (server/audited.h) */
};

enum field_type {
    FIELD_STRING,
    FIELD_BOOL,     /* true, "true", "1", … (Go's ParseBool) */
    FIELD_INT,      /* 5 or "5", may be negative */
    FIELD_DURATION, /* seconds, or "1h30m" */
    FIELD_LIST,     /* ["a","b"] or "a,b": strings */
    FIELD_SECRET,   /* a string, and only in the body: URLs end in logs */
};

struct field {
    const char *name;
    enum field_type type;
    const char *help;
};

/* A route without `pattern` ends a table; a field without `name` ends its
 * list. */
struct route {
    /* Relative to the mount, "snapshots/:id/diff/:other"; for a table
     * outside the mount, from the root ("livez").  A literal segment wins
     * over a parameter. */
    const char *pattern;
    enum verb verb;
    unsigned flags;
    const struct field *fields; /* NULL: none */

    /* Answer `request` through `reply` (server/reply.h) and return 0, or
     * return -1 with `err` filled: its kind becomes the status, its text the
     * one error of the answer.  Must not wait on the network; may be called
     * by any thread, and again for a parked request.  `app` is the pointer
     * from server_options. */
    int (*handle)(void *app, struct request *request, struct reply *reply,
                  struct error *err);
    const char *help; /* one sentence */
};

const char *route_verb_name(enum verb verb); /* "read", "list", … */

#endif
