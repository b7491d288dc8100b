/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that is nothing but disk space, to be given up when there is no
 * other.  For store/ only; the caller locks. */
#ifndef ASSAY_STORE_AUDIT_RESERVE_H
#define ASSAY_STORE_AUDIT_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

struct audit_reserve {
    char *path; /* NULL: none is wanted */
    uint64_t bytes;
    bool held;
};

/* Takes over `path` (malloc'd, or NULL). */
void audit_reserve_init(struct audit_reserve *r, char *path, uint64_t bytes);
/* The file stays where it is: the next life holds it again. */
void audit_reserve_done(struct audit_reserve *r);
/* Have it, allocated in full.  False: there is not the space for it, and
 * nothing of it is left. */
bool audit_reserve_hold(struct audit_reserve *r);
/* Give it up.  False: there was none. */
bool audit_reserve_release(struct audit_reserve *r);

#endif
