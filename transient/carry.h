/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes carried between callers of a listening socket and whatever they are
 * connected to, by processes: the sandbox has no threads.  Private to
 * transient/. */
#ifndef ASSAY_TRANSIENT_CARRY_H
#define ASSAY_TRANSIENT_CARRY_H

#include <sys/types.h>

struct carry_service {
    int (*connect)(const void *ctx); /* a socket to the far end, or -1 */
    const void *ctx;
    unsigned callers; /* at once; further ones are hung up on */
};

/* Until death: each caller gets a process and a connection of its own, and
 * what either end sends, its end included, reaches the other. */
__attribute__((noreturn)) void carry_serve(int listener,
                                           const struct carry_service *s);

/* In a child, first thing: end when the parent does. */
void carry_die_with(pid_t parent);

#endif
