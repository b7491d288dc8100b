/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the sandbox: what a process in new namespaces must do before
 * it may become the server.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_SANDBOX_ROOM_H
#define ASSAY_TRANSIENT_SANDBOX_ROOM_H

#include <stddef.h>

#include "base/error.h"

/* All paths absolute, as the outside sees them. */
struct sandbox_room {
    const char *name;   /* one path segment that nothing else is called */
    const char *root;   /* an empty directory to mount the new root on */
    const char *data;   /* becomes /<name>, writable */
    const char *server; /* becomes /<name>.server, read-only */
    /* Called in the new root, before the rights are given up; or NULL. */
    int (*arrange)(void *ctx, struct error *err);
    void *ctx;
};

/* Turn the calling process - single-threaded, first of its pid namespace,
 * with all capabilities in its own user namespace - into one that sees an
 * empty writable root with the room's two things in it, the libraries
 * (read-only), /proc (read-only) and four devices; whose only network is its
 * own loopback; and that has no capability and cannot get any.
 *
 * -1: the system does not allow it; the process is of no use then. */
int sandbox_room_enter(const struct sandbox_room *room,
                       struct error *err) MUST_USE;

/* What to tell somebody whose system refuses: the setting that is in the way
 * as far as it can be seen, appended to the text of `err`. */
void sandbox_hint(struct error *err);

#endif
