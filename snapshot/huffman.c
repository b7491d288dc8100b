/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/huffman.h"

#include <assert.h>
#include <string.h>

/* How many codes are left over; negative: too many were given out. */
static int codes_left(const uint16_t count[HUFFMAN_LONGEST + 1])
{
    int left = 1;

    for (unsigned len = 1; len <= HUFFMAN_LONGEST && left >= 0; len++) {
        left = left * 2 - count[len];
    }
    return left;
}

static bool acceptable(const struct huffman *h, size_t symbols,
                       bool may_be_empty)
{
    int left = codes_left(h->count);
    size_t used = symbols - h->count[0];

    if (left == 0) {
        return true;
    }
    return left > 0 &&
           ((used == 0 && may_be_empty) || (used == 1 && h->count[1] == 1));
}

/* The next code of its length.  Codes come with their first bit lowest, so
 * the carry runs downwards. */
static unsigned next_code(unsigned code, unsigned len)
{
    unsigned bit = 1U << (len - 1);

    for (; (code & bit) != 0; bit >>= 1) {
        code ^= bit;
    }
    return code | bit;
}

/* Codes are consecutive numbers within one length, and go on in the next one
 * with a zero behind the last: here, above it. */
static void fill_main(struct huffman *h)
{
    size_t size = (size_t)1 << h->main_bits;
    const uint32_t *entry = h->sorted;
    unsigned code = 0;

    for (unsigned len = 1; len <= h->main_bits; len++) {
        for (unsigned n = h->count[len]; n > 0; n--) {
            for (size_t at = code; at < size; at += (size_t)1 << len) {
                h->main[at] = *entry;
            }
            entry++;
            code = next_code(code, len);
        }
    }
}

bool huffman_build(struct huffman *h, unsigned main_bits,
                   const struct huffman_code *code)
{
    uint16_t next[HUFFMAN_LONGEST + 2] = {0};

    assert(main_bits <= HUFFMAN_MAIN_MAX &&
           code->symbols <= HUFFMAN_SYMBOLS_MAX);
    memset(h->main, 0, sizeof(h->main[0]) << main_bits);
    memset(h->count, 0, sizeof(h->count));
    h->main_bits = main_bits;
    for (size_t n = 0; n < code->symbols; n++) {
        assert(code->lengths[n] <= HUFFMAN_LONGEST);
        h->count[code->lengths[n]]++;
    }
    if (!acceptable(h, code->symbols, code->may_be_empty)) {
        return false;
    }
    for (unsigned len = 1; len <= HUFFMAN_LONGEST; len++) {
        next[len + 1] = (uint16_t)(next[len] + h->count[len]);
    }
    for (size_t n = 0; n < code->symbols; n++) {
        if (code->lengths[n] > 0) {
            h->sorted[next[code->lengths[n]]++] =
                code->payloads[n] | code->lengths[n];
        }
    }
    fill_main(h);
    return true;
}

/* Bit by bit: the codes of one length are consecutive numbers, beginning
 * where twice those of the shorter length end. */
static int decode_long(const struct huffman *h, uint64_t bits, unsigned count,
                       uint32_t *entry)
{
    unsigned code = 0;
    unsigned first = 0;
    unsigned index = 0;

    for (unsigned len = 1; len <= HUFFMAN_LONGEST; len++, bits >>= 1) {
        if (len > count) {
            return 0;
        }
        code |= (unsigned)(bits & 1);
        if (code - first < h->count[len]) {
            *entry = h->sorted[index + code - first];
            return 1;
        }
        index += h->count[len];
        first = (first + h->count[len]) << 1;
        code <<= 1;
    }
    return -1;
}

int huffman_decode(const struct huffman *h, uint64_t bits, unsigned count,
                   uint32_t *entry)
{
    uint32_t found = h->main[bits & (((uint64_t)1 << h->main_bits) - 1)];

    if (found == 0) {
        return decode_long(h, bits, count, entry);
    }
    if ((found & HUFFMAN_BITS) > count) {
        return 0;
    }
    *entry = found;
    return 1;
}
