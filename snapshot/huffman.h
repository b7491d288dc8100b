/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical prefix codes of deflate (RFC 1951, 3.2.2), as tables: codes of
 * up to `main_bits` bits are found with one look, the few longer ones bit by
 * bit. */
#ifndef ASSAY_SNAPSHOT_HUFFMAN_H
#define ASSAY_SNAPSHOT_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HUFFMAN_LONGEST = 15,
    HUFFMAN_MAIN_MAX = 11,
    HUFFMAN_SYMBOLS_MAX = 288,
    HUFFMAN_BITS = 0xff,
};

/* Entries: the length of the code in HUFFMAN_BITS, the rest as the payload
 * says; 0 for none. */
struct huffman {
    unsigned main_bits;
    uint32_t main[1 << HUFFMAN_MAIN_MAX]; /* by the next bits of input */
    uint16_t count[HUFFMAN_LONGEST + 1];  /* codes of each length */
    uint32_t sorted[HUFFMAN_SYMBOLS_MAX]; /* in the order of their codes */
};

/* lengths[n] is that of symbol n's code, 0 for none; payloads[n] is put into
 * its entry, where the bits of HUFFMAN_BITS must be free. */
struct huffman_code {
    const uint8_t *lengths;
    const uint32_t *payloads;
    size_t symbols;    /* how many of both */
    bool may_be_empty; /* no code at all is fine */
};

/* Make the table.  False for lengths that make no code: over-subscribed, or
 * incomplete unless it is a single code of one bit, or none at all where
 * `may_be_empty`. */
bool huffman_build(struct huffman *h, unsigned main_bits,
                   const struct huffman_code *code);

/* Look at the lowest `count` of `bits`.  1 and *entry; 0: more bits are
 * needed; -1: no such code. */
int huffman_decode(const struct huffman *h, uint64_t bits, unsigned count,
                   uint32_t *entry);

#endif
