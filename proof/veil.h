/* SPDX-License-Identifier: Apache-2.0
 *
 * What an inventory says it did not look at, and so which objects that are
 * missing in it may be there all the same. */
#ifndef ASSAY_PROOF_VEIL_H
#define ASSAY_PROOF_VEIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "proof/inventory.h"

struct veil;

/* Reads the inventory's not_covered records; LIMIT_INVENTORY_VEILS of them
 * are kept, and with more than that nothing missing counts as missing. */
int veil_load(const char *path, struct veil **out, struct error *err) MUST_USE;
/* Accepts NULL. */
void veil_free(struct veil *v);

/* Whether an object of this kind and path may be behind it.  When in doubt,
 * yes.  Accepts NULL. */
bool veil_hides(const struct veil *v, const char *kind, const char *path);

/* Whether what a not_covered record speaks of could have been looked at:
 * false for an engine that nobody knows, which is no reason to doubt the
 * rest. */
bool veil_matters(const struct inventory_record *not_covered);

#endif
