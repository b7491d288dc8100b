/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes an inventory whose records come in any order and number: what does
 * not fit a chunk of memory waits, sorted, in files without a name, and is
 * merged at the end. */
#ifndef ASSAY_PROOF_INVENTORY_WRITER_H
#define ASSAY_PROOF_INVENTORY_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "proof/inventory.h"

struct inventory_writer;

/* `dir`: a private directory for what waits; nothing stays there.
 * `chunk_bytes`: 0 for LIMIT_INVENTORY_CHUNK. */
int inventory_writer_open(const char *dir, size_t chunk_bytes,
                          struct inventory_writer **out,
                          struct error *err) MUST_USE;
/* Copies the record; its fields may come in any order.  ERR_TOO_LARGE for
 * one over LIMIT_INVENTORY_LINE, ERR_IO. */
int inventory_writer_add(struct inventory_writer *w,
                         const struct inventory_record *record,
                         struct error *err) MUST_USE;
/* Merge all into a new file at `path` (mode 0600), which replaces what was
 * there.  Of records with the same kind and path the first added stays.
 * *records (may be NULL) is how many there are.  Once only.  -1: nothing is
 * left at `path` that was not there before. */
int inventory_writer_finish(struct inventory_writer *w,
                            const struct inventory_head *head, const char *path,
                            uint64_t *records, struct error *err) MUST_USE;
/* Accepts NULL and one that was never finished. */
void inventory_writer_close(struct inventory_writer *w);

#endif
