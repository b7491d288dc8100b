/* SPDX-License-Identifier: Apache-2.0
 *
 * The row of entries in state.bin, taken apart as it arrives: a uvarint
 * length, then a protobuf message (key = 1, value = 2, both of wire type 2,
 * the key first).  The two fields must be unique; fields that a later server
 * might add behind them are walked over, as protobuf asks. */
#ifndef ASSAY_SNAPSHOT_ENTRIES_H
#define ASSAY_SNAPSHOT_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "snapshot/span.h"

/* One entry; valid until the next call. */
struct entries_item {
    const uint8_t *key;
    size_t key_len;
    const uint8_t *value; /* NULL unless values are kept */
    size_t value_len;
    uint64_t message_len;
};

struct entries;

/* `keep_values`: item.value is wanted.  A value that arrives in one piece is
 * not copied.  NULL without memory. */
struct entries *entries_new(bool keep_values);
void entries_free(struct entries *e);

/* Consume from the front of `in` up to the end of the next entry; then
 * *found is true and `item` set.  Otherwise all of `in` was consumed.  -1
 * with ERR_CORRUPT for an entry that is malformed or not greater than the one
 * before it. */
int entries_next(struct entries *e, struct span *in, bool *found,
                 struct entries_item *item, struct error *err) MUST_USE;
/* How many were found. */
uint64_t entries_count(const struct entries *e);
/* -1 if state.bin, which ends here, ends inside an entry. */
int entries_end(const struct entries *e, struct error *err) MUST_USE;

#endif
