/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts per prefix while the entries go by: at most LIMIT_SNAPSHOT_PREFIXES
 * rows, so that no archive can make them grow without end. */
#ifndef ASSAY_SNAPSHOT_PREFIXES_H
#define ASSAY_SNAPSHOT_PREFIXES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "snapshot/facts.h"

struct prefixes;

/* NULL without memory. */
struct prefixes *prefixes_new(void);
void prefixes_free(struct prefixes *p);
/* Count one entry. */
int prefixes_add(struct prefixes *p, const uint8_t *key, size_t key_len,
                 uint64_t bytes, struct error *err) MUST_USE;
/* Hand the rows over to facts->prefixes; nothing is left here. */
int prefixes_take(struct prefixes *p, struct snapshot_facts *facts,
                  struct error *err) MUST_USE;

#endif
