/* SPDX-License-Identifier: Apache-2.0
 *
 * Shamir's secret sharing as Vault and OpenBao do it: over GF(2^8) with the
 * polynomial x^8 + x^4 + x^3 + x + 1 (0x11b), byte by byte; a share is the
 * y of every byte of the secret, then the one x of all of them. */
#ifndef ASSAY_SNAPSHOT_SHAMIR_H
#define ASSAY_SNAPSHOT_SHAMIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SHAMIR_SHARES_MAX = 255 };

/* Borrowed.  `bytes` has the length of the secret and one. */
struct shamir_share {
    const uint8_t *bytes;
    size_t len;
};

/* Interpolate at 0 over all the shares: `secret` of share->len - 1 bytes,
 * which the caller wipes.  Whether it is the right one cannot be told here:
 * too few shares give something else.  Time and memory accesses do not depend
 * on the shares' values.
 *
 * ERR_INVALID for shares of different lengths, an x of 0, or the same x
 * twice; fewer than two, or more than there can be. */
int shamir_combine(const struct shamir_share *shares, size_t count,
                   uint8_t *secret, struct error *err) MUST_USE;

#endif
