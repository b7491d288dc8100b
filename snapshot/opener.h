/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens entries under the key of their term.  Private to snapshot/; one
 * thread at a time each. */
#ifndef ASSAY_SNAPSHOT_OPENER_H
#define ASSAY_SNAPSHOT_OPENER_H

#include "snapshot/prove.h"

enum opener_result {
    OPENER_OPENED,
    OPENER_FAULT,
    OPENER_NO_MEMORY,
};

struct opener;

/* `u` is opened and outlives it.  NULL without memory. */
struct opener *opener_new(const struct unseal *u);
/* The last plaintext is wiped.  Accepts NULL. */
void opener_free(struct opener *o);

/* Open one.  `plain` may be NULL, or gets the plaintext, which stays until
 * the next call. */
enum opener_result opener_open(struct opener *o,
                               const struct snapshot_entry *entry,
                               enum snapshot_fault *fault,
                               struct snapshot_entry *plain);
/* Wipe what the calls so far have decrypted. */
void opener_wipe(struct opener *o);

#endif
