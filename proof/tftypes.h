/* SPDX-License-Identifier: Apache-2.0
 *
 * What the resource types of Terraform's Vault provider are called in an
 * inventory: a table.  A new type is a row; a type without one is counted as
 * not covered. */
#ifndef ASSAY_PROOF_TFTYPES_H
#define ASSAY_PROOF_TFTYPES_H

#include <stddef.h>

#include "base/tape.h"

enum {
    /* Of a type's rows any one will do: what it is depends on its mount. */
    TFTYPES_EITHER = 1 << 0,
};

struct tftype {
    const char *type; /* "vault_policy" */
    const char *kind; /* of its record (proof/probes.h) */
    /* Of its record, below its namespace: {name} is that attribute without
     * slashes at its ends, {^name} the same in lower case, as the server
     * keeps it. */
    const char *path;
    /* Attributes that must say the same as the record's field, with spaces
     * between them: "attribute" or "attribute:field"; with a '#' in front it
     * is a field that is a hash whatever it holds; of an object each member
     * is a field ("options.version").  Attributes that are null, and what
     * another resource adds to (external_…), are not looked at. */
    const char *same;
    /* "attribute" or "attribute.member": the object's version may be later
     * than that, but not earlier; or NULL. */
    const char *version;
    unsigned flags;
};

/* Rows of one type follow each other. */
extern const struct tftype tftypes[];
extern const size_t tftypes_count;

/* The first row of that type; NULL: none. */
const struct tftype *tftypes_find(const char *type);
/* The next one of the same type, or NULL. */
const struct tftype *tftypes_next(const struct tftype *row);

/* The path of the resource's record, malloc'd, its namespace in front (or
 * `ns` when it names none).  NULL when an attribute that it is made of is
 * missing, or memory. */
char *tftypes_path(const struct tftype *row, const struct tape *tape,
                   const struct tape_node *attributes, const char *ns);

#endif
