/* SPDX-License-Identifier: Apache-2.0
 *
 * Raw deflate data (RFC 1951), decompressed as it arrives.
 *
 * An archive is nearly all ciphertext, which compressors turn into literals
 * and nothing else: the slowest thing for zlib's streaming decoder, and most
 * of the time a verification takes.  This one refills its bits 56 at a time
 * without a branch and takes three literals per refill, which is a third
 * faster; it accepts and refuses exactly what zlib does (a fuzzer compares
 * them). */
#ifndef ASSAY_SNAPSHOT_INFLATER_H
#define ASSAY_SNAPSHOT_INFLATER_H

#include <stdbool.h>

#include "base/error.h"
#include "snapshot/span.h"

struct inflater;

/* NULL without memory. */
struct inflater *inflater_new(void);
void inflater_free(struct inflater *s);

/* Consume from the front of `in` and set `out` to what it gives (about 64
 * KiB at most), which stays valid until the next call.  Returns when `in` is
 * used up, `out` is full or the last block has ended; `in` then begins with
 * the byte behind the deflate data.  -1 with ERR_CORRUPT. */
int inflater_step(struct inflater *s, struct span *in, struct span *out,
                  struct error *err) MUST_USE;
bool inflater_ended(const struct inflater *s);
/* More output may be had without more input. */
bool inflater_pending(const struct inflater *s);

#endif
