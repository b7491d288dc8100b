/* SPDX-License-Identifier: Apache-2.0
 *
 * Inventories for tests, from a few words each. */
#ifndef ASSAY_TESTS_INVENTORIES_H
#define ASSAY_TESTS_INVENTORIES_H

#include <stdint.h>

#include "proof/inventory.h"

enum { INVENTORIES_TAKEN = 1000000 }; /* when the snapshot was begun, ms */

/* "kind path version created changed a=1 b=no~good": a record.  Times are
 * seconds relative to the snapshot; "-" for none. */
struct inventories_spec {
    const char *key, *cluster_id, *version; /* NULL: the usual */
    int64_t started_ms;                     /* 0: a second before it */
    const char *const *lines;               /* NULL-terminated, any order */
};

/* Parse one into static storage that lives until the next but seven. */
const struct inventory_record *inventories_record(const char *line);
/* Write <dir>/<name>; its path is malloc'd. */
char *inventories_write(const char *dir, const char *name,
                        const struct inventories_spec *spec);

#endif
