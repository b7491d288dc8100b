/* SPDX-License-Identifier: Apache-2.0
 *
 * Give up rights that are never needed, for good: this process and all that
 * it starts from then on.  Both set no_new_privs, so that set-user-id
 * programs (sudo) run as their caller does. */
#ifndef ASSAY_BASE_CONFINE_H
#define ASSAY_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* System calls that neither Assay nor a server or program that it starts has
 * a use for are refused with EPERM: those that reach into other processes,
 * the kernel, its keys, modules, clock and swap space.  What sandboxes are
 * made of (clone, unshare, mount) is not among them.
 *
 * 0: in force, in all threads.  ERR_PRECONDITION: not on this machine. */
int confine_calls(struct error *err) MUST_USE;

enum confine_right {
    CONFINE_TREE,    /* change everything below, but make no devices */
    CONFINE_SOCKETS, /* make sockets and remove files anywhere below */
    CONFINE_WRITE,   /* write to what is there already */
};

struct confine_path {
    const char *path;
    enum confine_right right;
    bool optional; /* it need not exist */
};

/* Landlock: nothing can be written, made, renamed or removed but below these
 * paths, which are looked up now.  Reading and executing stay as they are,
 * and so does what is open already.  File systems cannot be mounted any
 * more, user namespace or not.
 *
 * 0: in force.  ERR_PRECONDITION: this kernel cannot do it; ERR_INTERNAL:
 * there are threads already, which would not be held to it; ERR_IO: a path
 * cannot be opened.  -1 changes nothing but no_new_privs. */
int confine_writing(const struct confine_path *paths, size_t count,
                    struct error *err) MUST_USE;

#endif
