/* SPDX-License-Identifier: Apache-2.0
 *
 * The two long SHA-256 sums of a reader, computed where the bytes are or in a
 * thread of its own.  One thread at a time may call these. */
#ifndef ASSAY_SNAPSHOT_HASHER_H
#define ASSAY_SNAPSHOT_HASHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"

enum hasher_stream { HASHER_ARCHIVE, HASHER_STATE, HASHER_STREAMS };

struct hasher;

/* `threaded`: try to have a thread; without one the work is done in place.
 * NULL without memory. */
struct hasher *hasher_new(bool threaded);
/* Ends the thread.  Accepts NULL. */
void hasher_free(struct hasher *h);

/* The bytes are not kept.  Waits when the thread is far behind. */
void hasher_update(struct hasher *h, enum hasher_stream stream,
                   const void *data, size_t len);
/* The sum of all that was given; waits for the thread. */
void hasher_final_hex(struct hasher *h, enum hasher_stream stream,
                      char out[DIGEST_SHA256_HEX]);

#endif
