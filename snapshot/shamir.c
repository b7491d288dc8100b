/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/shamir.h"

/* Without tables: a look-up would tell its index to whoever shares the
 * cache. */
static uint8_t multiply(uint8_t a, uint8_t b)
{
    unsigned x = a;
    unsigned product = 0;

    for (unsigned bit = 0; bit < 8; bit++) {
        product ^= x & (0U - ((unsigned)b >> bit & 1U));
        x = x << 1 ^ (0x11bU & (0U - (x >> 7)));
    }
    return (uint8_t)product;
}

/* a^254: every element but 0 to the 255th is 1. */
static uint8_t invert(uint8_t a)
{
    uint8_t out = 1;

    for (unsigned n = 0; n < 7; n++) {
        a = multiply(a, a);
        out = multiply(out, a);
    }
    return out;
}

static uint8_t x_of(const struct shamir_share *share)
{
    return share->bytes[share->len - 1];
}

static int check(const struct shamir_share *shares, size_t count,
                 struct error *err)
{
    if (count < 2 || count > SHAMIR_SHARES_MAX) {
        return error_set(err, ERR_INVALID, "2 to %d key shares are needed",
                         SHAMIR_SHARES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (shares[i].len < 2 || shares[i].len != shares[0].len) {
            return error_set(err, ERR_INVALID,
                             "the key shares are not of one length: they "
                             "belong to different keys");
        }
        if (x_of(&shares[i]) == 0) {
            return error_set(err, ERR_INVALID, "key share %zu is not a share",
                             i + 1);
        }
        for (size_t j = 0; j < i; j++) {
            if (x_of(&shares[i]) == x_of(&shares[j])) {
                return error_set(err, ERR_INVALID,
                                 "the key shares %zu and %zu have the same "
                                 "number: given twice, or of different keys",
                                 j + 1, i + 1);
            }
        }
    }
    return 0;
}

int shamir_combine(const struct shamir_share *shares, size_t count,
                   uint8_t *secret, struct error *err)
{
    if (check(shares, count, err) != 0) {
        return -1;
    }
    for (size_t n = 0; n < shares[0].len - 1; n++) {
        secret[n] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t weight = 1; /* of share i at 0; minus is plus here */

        for (size_t j = 0; j < count; j++) {
            uint8_t other = x_of(&shares[j]);

            if (j != i) {
                uint8_t apart = other ^ x_of(&shares[i]);

                weight = multiply(weight, multiply(other, invert(apart)));
            }
        }
        for (size_t n = 0; n < shares[0].len - 1; n++) {
            secret[n] ^= multiply(weight, shares[i].bytes[n]);
        }
    }
    return 0;
}
