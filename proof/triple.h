/* SPDX-License-Identifier: Apache-2.0
 *
 * Up to three inventories read side by side, object by object: what the
 * restored copy says of it, what the baseline does, and what the primary says
 * now.  One record of each is in memory. */
#ifndef ASSAY_PROOF_TRIPLE_H
#define ASSAY_PROOF_TRIPLE_H

#include <stdbool.h>

#include "base/error.h"
#include "proof/inventory.h"

enum triple_side {
    TRIPLE_RESTORED,
    TRIPLE_BASELINE,
    TRIPLE_PRIMARY,
    TRIPLE_SIDES,
};

/* "the restored copy", "the baseline", "the primary". */
const char *triple_side_text(enum triple_side side);

/* One object; NULL where that side does not have it, or was not asked.
 * Records live until the next triple is read. */
struct triple {
    const struct inventory_record *side[TRIPLE_SIDES];
};

struct triple_reader;

/* Files by side; NULL for a side that is not asked.  Errors as of
 * inventory_reader_open. */
int triple_reader_open(const char *const paths[TRIPLE_SIDES],
                       struct triple_reader **out, struct error *err) MUST_USE;
/* NULL for a side that is not asked. */
const struct inventory_head *triple_reader_head(const struct triple_reader *r,
                                                enum triple_side side);
/* 1: *out is the next object, in the order of inventories.  0: that was all.
 * -1: as inventory_reader_next. */
int triple_reader_next(struct triple_reader *r, struct triple *out,
                       struct error *err) MUST_USE;
/* Accepts NULL. */
void triple_reader_close(struct triple_reader *r);

#endif
