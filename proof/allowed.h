/* SPDX-License-Identifier: Apache-2.0
 *
 * What a healthy restored server changes by itself, as data: every
 * difference between an archive and a snapshot taken back from the restored
 * copy is either in this table or a fault. */
#ifndef ASSAY_PROOF_ALLOWED_H
#define ASSAY_PROOF_ALLOWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum allowed_change {
    ALLOWED_ADDED = 1,
    ALLOWED_REMOVED = 2,
    ALLOWED_CHANGED = 4,
};

enum allowed_when {
    ALLOWED_ALWAYS,
    ALLOWED_NEWER_SERVER, /* the transient's is newer than the snapshot's */
    /* OpenBao, and its configured audit devices were not given to the copy */
    ALLOWED_UNDECLARED,
    ALLOWED_SERVICE_LOGIN, /* our login got a service token */
    ALLOWED_WITH_TOKENS,   /* at most `limit` for each removed token */
};

struct allowed_row {
    /* Segments of a key: a literal, `*` (one segment of any text), `<uuid>`,
     * or a final `**` (one segment or more).  Every row also holds inside a
     * namespace: below `namespaces/<uuid>/`. */
    const char *pattern;
    unsigned changes; /* enum allowed_change, or-ed */
    enum allowed_when when;
    uint64_t limit;    /* at most so many; 0: no limit */
    const char *noted; /* what to call them in the message; NULL: nothing
                          worth a word */
    const char *why;   /* harmless because … */
};

/* NULL past the end. */
const struct allowed_row *allowed_at(size_t i);
/* The first row whose pattern and changes fit; NULL: a fault.  Whether its
 * `when` and `limit` hold is the caller's business. */
const struct allowed_row *allowed_find(enum allowed_change change,
                                       const void *key, size_t key_len);
bool allowed_match(const char *pattern, const void *key, size_t key_len);

#endif
