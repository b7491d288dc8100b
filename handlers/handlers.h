/* SPDX-License-Identifier: Apache-2.0
 *
 * What the API means: tables of routes for server/, one file per resource.
 *
 * Handlers never wait on Vault or on storage: they read the catalog, put
 * runs into its queue, and answer.  Whoever adds an endpoint adds a function
 * to the file of its resource and a line to routes.c. */
#ifndef ASSAY_HANDLERS_HANDLERS_H
#define ASSAY_HANDLERS_HANDLERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/route.h"

struct store;
struct jobs;
struct break_glass_box;

/* What the process has given up: "on", "off" or "unavailable". */
struct handlers_hardening {
    const char *seccomp; /* NULL: not looked at */
    const char *landlock;
    bool memory_locked;
};

/* The `app` of server_options.  Filled in by whoever composes; outlives the
 * server. */
struct handlers_app {
    struct store *store;
    struct jobs *jobs;
    struct break_glass_box *break_glass; /* NULL: none */
    struct handlers_hardening hardening;
    int64_t started_ms;   /* Unix ms */
    atomic_bool stopping; /* not ready any more */
};

/* Under the mount, and outside of it.  The tables end with an empty route. */
extern const struct route handlers_routes[];
extern const struct route handlers_outside[];

#endif
