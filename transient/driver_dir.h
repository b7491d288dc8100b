/* SPDX-License-Identifier: Apache-2.0
 *
 * The private directory of a transient cluster that is not a process of
 * ours: what Assay itself keeps about it.  Its name is also the cluster's
 * name towards the outside.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_DRIVER_DIR_H
#define ASSAY_TRANSIENT_DRIVER_DIR_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

#define DRIVER_DIR_PREFIX "x-"

enum {
    DRIVER_DIR_RANDOM = 8, /* bytes */
    DRIVER_DIR_NAME = sizeof DRIVER_DIR_PREFIX + 2 * DRIVER_DIR_RANDOM,
};

struct driver_dir {
    char name[DRIVER_DIR_NAME];
    char *path; /* absolute */
    bool made;
};

/* Think of a name that nobody has, below `base` (made if need be). */
int driver_dir_choose(const char *base, struct driver_dir *out,
                      struct error *err) MUST_USE;
/* The one that somebody named in leftovers: "name" and "dir".  ERR_INVALID
 * unless it is named as we name them. */
int driver_dir_recall(const struct json *leftovers, struct driver_dir *out,
                      struct error *err) MUST_USE;
void driver_dir_leftovers(const struct driver_dir *d, struct jsonw *w);
/* 0700. */
int driver_dir_make(struct driver_dir *d, struct error *err) MUST_USE;
/* `<path>/<name>`, malloc'd; NULL without memory. */
char *driver_dir_file(const struct driver_dir *d, const char *name);
/* With all that is in it; 0 when there is none. */
int driver_dir_remove(const struct driver_dir *d, struct error *err) MUST_USE;
/* Frees, leaves the directory.  Accepts a zeroed one. */
void driver_dir_done(struct driver_dir *d);

#endif
