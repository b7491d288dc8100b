/* SPDX-License-Identifier: Apache-2.0
 *
 * A source that gives its last bytes away only if all of them had the right
 * digest.
 *
 * Between the check of a stored archive and its upload there is time, and
 * whoever can write to the storage could use it.  A server applies nothing
 * before it has the whole archive, so an upload that stops just before its
 * end has changed nothing. */
#ifndef ASSAY_JOBS_GUARD_H
#define ASSAY_JOBS_GUARD_H

#include <stdint.h>

#include "base/digest.h"
#include "base/stream.h"

/* Caller's storage; the fields are guard.c's. */
struct guard {
    const struct source *inner;
    struct digest *digest;
    char sha256[DIGEST_SHA256_HEX];
    uint64_t size;
    uint64_t given;
};

/* `inner`, at its first byte, must give exactly `size` (> 0) bytes with that
 * sha256 (hex).  It stays the caller's and outlives the guard. */
int guard_init(struct guard *g, const struct source *inner, const char *sha256,
               uint64_t size, struct error *err) MUST_USE;
/* Accepts a zeroed guard. */
void guard_done(struct guard *g);
/* Reads through the guard: ERR_CORRUPT instead of the last bytes when they
 * do not fit.  Rewinds if `inner` can.  Lives as long as the guard. */
struct source guard_source(struct guard *g);

#endif
