/* SPDX-License-Identifier: Apache-2.0
 *
 * Its speed is that of one chain: look up, shift, mask, look up.  Nothing
 * else may stand in it; that is why the length of a code has its entry's
 * lowest byte to itself: a shift looks at no more than that byte anyway. */
#include "snapshot/inflater_fast.h"

#include <endian.h>
#include <string.h>

/* Word by word where source and target are a word apart; writes up to seven
 * bytes too many, into the slack or where output comes next. */
static inline uint8_t *copy_match(uint8_t *out, unsigned length,
                                  unsigned distance)
{
    const uint8_t *from = out - distance;
    uint8_t *end = out + length;

    if (distance >= 8) {
        do {
            memcpy(out, from, 8);
            out += 8;
            from += 8;
        } while (out < end);
    } else {
        do {
            *out++ = *from++;
        } while (out < end);
    }
    return end;
}

/* At least 56 bits.  The bits above `count` are those of the next byte, so
 * that reading it again changes nothing. */
#define REFILL()                                                               \
    do {                                                                       \
        uint64_t word_;                                                        \
        memcpy(&word_, at, sizeof(word_));                                     \
        bits |= le64toh(word_) << count;                                       \
        at += (63 - count) >> 3;                                               \
        count |= 56;                                                           \
    } while (0)
#define CONSUME(n)                                                             \
    do {                                                                       \
        unsigned n_ = (n);                                                     \
        bits >>= n_ & 63;                                                      \
        count -= n_;                                                           \
    } while (0)
#define LOOK_UP() s->literal.main[bits & ((1U << LITERAL_BITS) - 1)]
#define PUT_LITERAL()                                                          \
    do {                                                                       \
        CONSUME(ENTRY_BITS(entry));                                            \
        *out++ = (uint8_t)(entry >> 8);                                        \
        entry = LOOK_UP();                                                     \
    } while (0)
#define VALUE(entry)                                                           \
    (ENTRY_BASE(entry) +                                                       \
     (unsigned)(bits >> ENTRY_BITS(entry) & ((1U << ENTRY_EXTRA(entry)) - 1)))

/* The next entry is looked up before the refill that follows it, so that the
 * chain goes on meanwhile.  Bits between two refills: four literals and the
 * next look, or three and a length, 4 * 11 + 11 or 3 * 11 + 11 + 5 of 56; a
 * distance has 9 + 13. */
void inflater_fast(struct inflater *s, struct span *in)
{
    const uint8_t *at = in->data;
    const uint8_t *last = in->data + in->len - FAST_INPUT;
    uint8_t *out = s->window + s->pos;
    const uint8_t *full = s->window + FULL;
    uint64_t bits = s->bits;
    unsigned count = s->count;
    uint32_t entry = 0;

    REFILL();
    entry = LOOK_UP();
    while (at <= last && out < full) {
        uint32_t distance = 0;

        if ((entry & IS_LITERAL) != 0) {
            PUT_LITERAL();
            if ((entry & IS_LITERAL) != 0) {
                PUT_LITERAL();
                if ((entry & IS_LITERAL) != 0) {
                    PUT_LITERAL();
                    if ((entry & IS_LITERAL) != 0) {
                        PUT_LITERAL();
                        REFILL();
                        continue;
                    }
                }
            }
        }
        if (entry == 0 || (entry & (IS_END | IS_INVALID)) != 0) {
            break;
        }
        s->length = VALUE(entry);
        CONSUME(ENTRY_ALL_BITS(entry));
        REFILL();
        entry = s->distance_code.main[bits & ((1U << DISTANCE_BITS) - 1)];
        distance = VALUE(entry);
        if (entry == 0 || (entry & IS_INVALID) != 0 ||
            distance > (size_t)(out - s->window)) {
            s->state = AT_DISTANCE;
            break;
        }
        CONSUME(ENTRY_ALL_BITS(entry));
        REFILL();
        entry = LOOK_UP();
        out = copy_match(out, s->length, distance);
    }
    at -= count >> 3;
    s->count = count & 7;
    s->bits = bits & ((1U << s->count) - 1);
    s->pos = (size_t)(out - s->window);
    span_skip(in, (size_t)(at - in->data));
}
