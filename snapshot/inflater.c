/* SPDX-License-Identifier: Apache-2.0
 *
 * Two ways through the same data.  `slow` is a state machine that may run out
 * of input anywhere; it takes a byte only when a code cannot be told without
 * it, so that fewer than eight bits are ever left over.  `fast` runs where
 * input and room are plenty, and gives whole unused bytes back when it stops.
 *
 * The window holds the 32 KiB that copies may reach back to, and the output
 * behind it; when that is full, its last 32 KiB move to the front. */
#include "snapshot/inflater.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/inflater_fast.h"

/* RFC 1951, 3.2.5: bases rise by two to the number of extra bits. */
static void make_payloads(struct inflater *s)
{
    unsigned base = 3;

    for (unsigned n = 0; n < 256; n++) {
        s->literal_payloads[n] = IS_LITERAL | n << 8;
    }
    s->literal_payloads[256] = IS_END;
    for (unsigned n = 257; n < LITERALS; n++) {
        unsigned extra = n < 265 ? 0 : (n - 261) / 4;

        s->literal_payloads[n] = base << 8 | extra << 23;
        base += 1U << extra;
    }
    s->literal_payloads[285] = 258U << 8;
    s->literal_payloads[286] = s->literal_payloads[287] = IS_INVALID;
    base = 1;
    for (unsigned n = 0; n < DISTANCES; n++) {
        unsigned extra = n < 4 ? 0 : n / 2 - 1;

        s->distance_payloads[n] =
            n < 30 ? (base << 8 | extra << 23) : IS_INVALID;
        base += 1U << extra;
    }
    for (unsigned n = 0; n < CODE_LENGTHS; n++) {
        static const uint8_t repeats[] = {2, 3, 7}; /* extra bits */

        s->length_payloads[n] =
            n << 8 | (n < 16 ? 0U : (unsigned)repeats[n - 16] << 23);
    }
}

struct inflater *inflater_new(void)
{
    struct inflater *s = calloc(1, sizeof(*s));

    if (s != NULL) {
        make_payloads(s);
    }
    return s;
}

void inflater_free(struct inflater *s)
{
    free(s);
}

bool inflater_ended(const struct inflater *s)
{
    return s->state == ENDED;
}

bool inflater_pending(const struct inflater *s)
{
    return s->state != ENDED && s->pos >= FULL;
}

static int damaged(const char *what, struct error *err)
{
    return error_set(err, ERR_CORRUPT, "the compressed data is damaged: %s",
                     what);
}

/* Whether `wanted` bits are there, after taking what is needed of `in`. */
static bool need(struct inflater *s, struct span *in, unsigned wanted)
{
    while (s->count < wanted && in->len > 0) {
        s->bits |= (uint64_t)in->data[0] << s->count;
        s->count += 8;
        span_skip(in, 1);
    }
    return s->count >= wanted;
}

static unsigned take(struct inflater *s, unsigned wanted)
{
    unsigned out = (unsigned)(s->bits & (((uint64_t)1 << wanted) - 1));

    s->bits >>= wanted;
    s->count -= wanted;
    return out;
}

/* The next code with its extra bits, all of them there and none taken yet.
 * 1, 0 for more input, or -1. */
static int peek_code(struct inflater *s, struct span *in,
                     const struct huffman *h, uint32_t *entry)
{
    int rc = 0;

    while ((rc = huffman_decode(h, s->bits, s->count, entry)) == 0) {
        if (!need(s, in, s->count + 1)) {
            return 0;
        }
    }
    if (rc == 1 && !need(s, in, ENTRY_ALL_BITS(*entry))) {
        return 0;
    }
    return rc;
}

static unsigned take_value(struct inflater *s, uint32_t entry)
{
    (void)take(s, ENTRY_BITS(entry));
    return ENTRY_BASE(entry) + take(s, ENTRY_EXTRA(entry));
}

static bool build(struct inflater *s)
{
    const struct huffman_code literals = {
        .lengths = s->lengths,
        .payloads = s->literal_payloads,
        .symbols = s->literals,
        .may_be_empty = true,
    };
    const struct huffman_code distances = {
        .lengths = s->lengths + s->literals,
        .payloads = s->distance_payloads,
        .symbols = s->distances,
        .may_be_empty = true,
    };

    return huffman_build(&s->literal, LITERAL_BITS, &literals) &&
           huffman_build(&s->distance_code, DISTANCE_BITS, &distances);
}

static void begin_fixed(struct inflater *s)
{
    memset(s->lengths, 8, 144);
    memset(s->lengths + 144, 9, 112);
    memset(s->lengths + 256, 7, 24);
    memset(s->lengths + 280, 8, 8);
    memset(s->lengths + LITERALS, 5, DISTANCES);
    s->literals = LITERALS;
    s->distances = DISTANCES;
    (void)build(s);
    s->state = AT_SYMBOL;
}

static int at_block(struct inflater *s, struct span *in, struct error *err)
{
    if (!need(s, in, 3)) {
        return 0;
    }
    s->last_block = take(s, 1) == 1;
    switch (take(s, 2)) {
    case 0:
        (void)take(s, s->count % 8); /* up to the next byte */
        s->state = AT_STORED_LENGTH;
        return 1;
    case 1:
        begin_fixed(s);
        return 1;
    case 2:
        s->state = AT_COUNTS;
        return 1;
    default:
        return damaged("invalid block type", err);
    }
}

static void end_block(struct inflater *s)
{
    s->state = s->last_block ? ENDED : AT_BLOCK;
}

static int at_stored_length(struct inflater *s, struct span *in,
                            struct error *err)
{
    unsigned complement = 0;

    if (!need(s, in, 32)) {
        return 0;
    }
    s->stored = take(s, 16);
    complement = take(s, 16);
    if (s->stored != (complement ^ 0xffff)) {
        return damaged("invalid stored block lengths", err);
    }
    s->state = AT_STORED;
    return 1;
}

static int at_stored(struct inflater *s, struct span *in)
{
    size_t piece = s->stored < in->len ? s->stored : in->len;

    if (piece > FULL - s->pos) {
        piece = FULL - s->pos;
    }
    if (piece > 0) {
        memcpy(s->window + s->pos, in->data, piece);
    }
    span_skip(in, piece);
    s->pos += piece;
    s->stored -= piece;
    if (s->stored == 0) {
        end_block(s);
        return 1;
    }
    return 0;
}

static int at_counts(struct inflater *s, struct span *in, struct error *err)
{
    if (!need(s, in, 14)) {
        return 0;
    }
    s->literals = take(s, 5) + 257;
    s->distances = take(s, 5) + 1;
    s->code_lengths = take(s, 4) + 4;
    if (s->literals > 286 || s->distances > 30) {
        return damaged("too many length or distance symbols", err);
    }
    s->have = 0;
    memset(s->lengths, 0, CODE_LENGTHS);
    s->state = AT_CODE_LENGTHS;
    return 1;
}

static int at_code_lengths(struct inflater *s, struct span *in,
                           struct error *err)
{
    static const uint8_t order[CODE_LENGTHS] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const struct huffman_code code_lengths = {
        .lengths = s->lengths,
        .payloads = s->length_payloads,
        .symbols = CODE_LENGTHS,
    };

    while (s->have < s->code_lengths) {
        if (!need(s, in, 3)) {
            return 0;
        }
        s->lengths[order[s->have++]] = (uint8_t)take(s, 3);
    }
    /* One code of one bit would do for zlib's other tables, not here. */
    if (!huffman_build(&s->distance_code, CODE_LENGTH_BITS, &code_lengths) ||
        s->distance_code.count[0] == CODE_LENGTHS - 1) {
        return damaged("invalid code lengths set", err);
    }
    s->have = 0;
    s->state = AT_LENGTHS;
    return 1;
}

/* All code lengths of a dynamic block are there. */
static int begin_dynamic(struct inflater *s, struct error *err)
{
    if (s->lengths[256] == 0) {
        return damaged("no code for the end of the block", err);
    }
    if (!build(s)) {
        return damaged("invalid literal, length or distance codes", err);
    }
    s->state = AT_SYMBOL;
    return 1;
}

static int at_lengths(struct inflater *s, struct span *in, struct error *err)
{
    static const uint8_t least[] = {3, 3, 11}; /* repeats for 16, 17, 18 */

    while (s->have < s->literals + s->distances) {
        uint32_t entry = 0;
        unsigned symbol = 0;
        unsigned times = 1;
        uint8_t length = 0;
        int rc = peek_code(s, in, &s->distance_code, &entry);

        if (rc <= 0) {
            return rc == 0 ? 0 : damaged("invalid code length", err);
        }
        symbol = ENTRY_BASE(entry);
        (void)take(s, ENTRY_BITS(entry));
        if (symbol < 16) {
            length = (uint8_t)symbol;
        } else {
            times = least[symbol - 16] + take(s, ENTRY_EXTRA(entry));
            if (symbol == 16 && s->have == 0) {
                return damaged("invalid bit length repeat", err);
            }
            length = symbol == 16 ? s->lengths[s->have - 1] : 0;
        }
        if (times > s->literals + s->distances - s->have) {
            return damaged("invalid bit length repeat", err);
        }
        memset(s->lengths + s->have, length, times);
        s->have += times;
    }
    return begin_dynamic(s, err);
}

static int at_symbol(struct inflater *s, struct span *in, struct error *err)
{
    uint32_t entry = 0;
    int rc = peek_code(s, in, &s->literal, &entry);

    if (rc == 0) {
        return 0;
    }
    if (rc < 0 || (entry & IS_INVALID) != 0) {
        return damaged("invalid literal/length code", err);
    }
    if ((entry & IS_LITERAL) != 0) {
        (void)take(s, ENTRY_BITS(entry));
        s->window[s->pos++] = (uint8_t)(entry >> 8);
    } else if ((entry & IS_END) != 0) {
        (void)take(s, ENTRY_BITS(entry));
        end_block(s);
    } else {
        s->length = take_value(s, entry);
        s->state = AT_DISTANCE;
    }
    return 1;
}

static int at_distance(struct inflater *s, struct span *in, struct error *err)
{
    uint32_t entry = 0;
    int rc = peek_code(s, in, &s->distance_code, &entry);

    if (rc == 0) {
        return 0;
    }
    if (rc < 0 || (entry & IS_INVALID) != 0) {
        return damaged("invalid distance code", err);
    }
    s->distance = take_value(s, entry);
    s->state = AT_COPY;
    return 1;
}

/* `pos` is how much there is to reach back to: it starts at 0, and never
 * falls below HISTORY once it was there. */
static int at_copy(struct inflater *s, struct error *err)
{
    if (s->distance > s->pos) {
        return damaged("invalid distance too far back", err);
    }
    for (; s->length > 0; s->length--, s->pos++) {
        s->window[s->pos] = s->window[s->pos - s->distance];
    }
    s->state = AT_SYMBOL;
    return 1;
}

static int slow(struct inflater *s, struct span *in, struct error *err)
{
    switch (s->state) {
    case AT_BLOCK:
        return at_block(s, in, err);
    case AT_STORED_LENGTH:
        return at_stored_length(s, in, err);
    case AT_STORED:
        return at_stored(s, in);
    case AT_COUNTS:
        return at_counts(s, in, err);
    case AT_CODE_LENGTHS:
        return at_code_lengths(s, in, err);
    case AT_LENGTHS:
        return at_lengths(s, in, err);
    case AT_SYMBOL:
        return at_symbol(s, in, err);
    case AT_DISTANCE:
        return at_distance(s, in, err);
    case AT_COPY:
        return at_copy(s, err);
    case ENDED:
        break;
    }
    return 0;
}

int inflater_step(struct inflater *s, struct span *in, struct span *out,
                  struct error *err)
{
    size_t from = 0;
    int rc = 1;

    if (s->pos >= FULL) {
        memmove(s->window, s->window + s->pos - HISTORY, HISTORY);
        s->pos = HISTORY;
    }
    from = s->pos;
    while (rc > 0 && s->state != ENDED && s->pos < FULL) {
        if (s->state == AT_SYMBOL && s->count < 8 && in->len >= FAST_INPUT) {
            inflater_fast(s, in);
        }
        if (s->pos < FULL) {
            rc = slow(s, in, err);
        }
    }
    *out = (struct span){s->window + from, s->pos - from};
    return rc < 0 ? -1 : 0;
}
