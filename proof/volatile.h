/* SPDX-License-Identifier: Apache-2.0
 *
 * What a healthy restored server, or Assay's own work, changes in an
 * inventory, as data.  What is not here is compared. */
#ifndef ASSAY_PROOF_VOLATILE_H
#define ASSAY_PROOF_VOLATILE_H

#include <stddef.h>

struct volatile_row {
    const char *kind;  /* of the record */
    const char *path;  /* its end; NULL: any */
    const char *field; /* name, or version, created_ms, changed_ms; NULL: the
                          whole object, also whether it is there */
    const char *why;   /* harmless because … */
};

/* NULL past the end. */
const struct volatile_row *volatile_at(size_t i);
/* The row for a field of an object, or, with `field` NULL, for all of it.
 * NULL: it counts. */
const struct volatile_row *volatile_find(const char *kind, const char *path,
                                         const char *field);

#endif
