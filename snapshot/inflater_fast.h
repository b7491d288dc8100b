/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of the inflater share.  Only for them. */
#ifndef ASSAY_SNAPSHOT_INFLATER_FAST_H
#define ASSAY_SNAPSHOT_INFLATER_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/huffman.h"
#include "snapshot/inflater.h"

enum {
    HISTORY = 32 * 1024,
    FULL = HISTORY + 64 * 1024,
    /* What one turn of `fast` may write past FULL: literals, the longest
     * copy, and that rounded up to whole words. */
    SLACK = 512,
    FAST_INPUT = 16, /* bytes that one turn of `fast` may read */
};
enum { LITERALS = 288, DISTANCES = 32, CODE_LENGTHS = 19 };
enum { LITERAL_BITS = 11, DISTANCE_BITS = 9, CODE_LENGTH_BITS = 7 };

/* Entries: bits of the code 0-7, base or literal 8-22, extra bits 23-26. */
#define IS_LITERAL 0x80000000U
#define IS_END 0x40000000U
#define IS_INVALID 0x20000000U
#define ENTRY_BITS(e) ((e)&HUFFMAN_BITS)
#define ENTRY_EXTRA(e) ((e) >> 23 & 0xf)
#define ENTRY_BASE(e) ((e) >> 8 & 0x7fff)
#define ENTRY_ALL_BITS(e) (ENTRY_BITS(e) + ENTRY_EXTRA(e))

enum inflater_state {
    AT_BLOCK,
    AT_STORED_LENGTH,
    AT_STORED,
    AT_COUNTS,
    AT_CODE_LENGTHS,
    AT_LENGTHS,
    AT_SYMBOL,
    AT_DISTANCE,
    AT_COPY,
    ENDED,
};

struct inflater {
    enum inflater_state state;
    bool last_block;
    uint64_t bits; /* not yet used, the next one lowest */
    unsigned count;
    size_t pos;    /* in the window: where output goes */
    size_t stored; /* bytes of a stored block still to come */
    /* A copy. */
    unsigned length;
    unsigned distance;
    /* The header of a dynamic block. */
    unsigned literals;
    unsigned distances;
    unsigned code_lengths;
    unsigned have;
    uint8_t lengths[LITERALS + DISTANCES];
    uint32_t literal_payloads[LITERALS];
    uint32_t distance_payloads[DISTANCES];
    uint32_t length_payloads[CODE_LENGTHS];
    struct huffman literal;
    struct huffman distance_code; /* also the code for the code lengths */
    uint8_t window[FULL + SLACK];
};

/* Take literals and copies while both sides have room; whatever is not common
 * (long codes, ends, errors) is left alone.  The state is AT_SYMBOL, or
 * AT_DISTANCE afterwards.  Less than a byte of bits must be left over (so that
 * all that is given back came from `in`), and at least FAST_INPUT bytes given.
 */
void inflater_fast(struct inflater *s, struct span *in);

#endif
