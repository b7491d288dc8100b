/* SPDX-License-Identifier: Apache-2.0
 *
 * From root to a user that may do little, for good.
 *
 * In two steps, because a port below 1024 takes a right: privileges_become,
 * before anything is opened, leaves that one right (CAP_NET_BIND_SERVICE),
 * privileges_end takes it when the ports are bound.  Programs started in
 * between have none: it does not outlive an exec.  The calls are those of
 * capabilities(7); rights belong to threads, so there must be none yet. */
#ifndef ASSAY_BASE_PRIVILEGES_H
#define ASSAY_BASE_PRIVILEGES_H

#include <limits.h>
#include <sys/types.h>

#include "base/error.h"

/* Plain data. */
struct privileges_user {
    uid_t uid;
    gid_t gid;
    char name[256];
    char home[PATH_MAX];
};

/* Look a user up, and the group that it is to run with: names or numbers
 * that this machine knows; group NULL: the user's own.  ERR_INVALID: there is
 * none, or the user is root; the text begins with "user" or "group", as the
 * settings are called.  Reads the system's databases, which may block; one
 * thread at a time. */
int privileges_find(const char *user, const char *group,
                    struct privileges_user *out, struct error *err) MUST_USE;

/* Become that user, with its groups and its home directory as $HOME.  As
 * root, once, before there are threads.
 *
 * 0: there is no way back, which has been tried; set-user-id programs give
 * none either (no_new_privs).  The process is hardened (base/secret.h), gets
 * the signal that it was to get at its parent's death, and the memory of
 * secrets is locked as far as root could.  -1: in no state to go on. */
int privileges_become(const struct privileges_user *who,
                      struct error *err) MUST_USE;

/* Give up the last right.  Does nothing without privileges_become.  Once,
 * before there are threads.  -1: there is a right left. */
int privileges_end(struct error *err) MUST_USE;

#endif
