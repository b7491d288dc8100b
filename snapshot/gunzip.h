/* SPDX-License-Identifier: Apache-2.0
 *
 * One gzip stream (RFC 1952), decompressed as it arrives, and checked to its
 * very end: the header (its CRC where it has one), the CRC and the length in
 * the trailer, and that nothing follows.  A second concatenated stream is
 * legal gzip but no server writes one: it counts as bytes that follow. */
#ifndef ASSAY_SNAPSHOT_GUNZIP_H
#define ASSAY_SNAPSHOT_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "snapshot/span.h"

struct gunzip;

enum gunzip_place {
    GUNZIP_HEADER,
    GUNZIP_BODY,
    GUNZIP_TRAILER,
    GUNZIP_END, /* the trailer was there and right */
};

/* NULL without memory. */
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g);

/* Consume from the front of `in` and set `out` to what it gives (about 64
 * KiB at most; maybe nothing), which stays valid until the next call.
 * Returns when there is some, or when `in` is used up.  -1 with
 * ERR_CORRUPT. */
int gunzip_step(struct gunzip *g, struct span *in, struct span *out,
                struct error *err) MUST_USE;
/* More output may be had without more input. */
bool gunzip_pending(const struct gunzip *g);
enum gunzip_place gunzip_where(const struct gunzip *g);

#endif
