/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that keeps our logins alive while nothing happens, and looks
 * whether a credential is one that we refuse to work with. */
#ifndef ASSAY_CLI_WATCH_H
#define ASSAY_CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct vault;
struct watch;

struct watch_cluster {
    const char *name;
    struct vault *vault;
    bool allow_root;
};

/* Whether the credential may be used: 0 yes, -1 ERR_DENIED for one that the
 * server refuses and for a root token that the configuration does not allow,
 * another kind when nobody knows (yet).  Blocks for a few seconds at most. */
int watch_credential(const struct watch_cluster *cluster,
                     struct error *err) MUST_USE;

/* `refused` is called, once, from the thread, when a credential turns out to
 * be one that may not be used and nobody could know that at the start.  The
 * clusters are copied, the names and handles outlive the watch. */
int watch_start(const struct watch_cluster *clusters, size_t count,
                void (*refused)(void), struct watch **out,
                struct error *err) MUST_USE;
/* Ends the thread.  Accepts NULL. */
void watch_stop(struct watch *watch);

#endif
