/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers for a few seconds, in a table that cannot grow: each key has a few
 * places, and the one that expires first makes room.  Times are monotonic
 * ms, given by the caller.  One thread at a time. */
#ifndef ASSAY_ACCESS_CACHE_H
#define ASSAY_ACCESS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CACHE_KEY_SIZE = 32 };

struct cache;

/* `sets` is a power of two; values of `value_size` bytes are copied in and
 * out.  NULL without memory. */
struct cache *cache_new(size_t sets, size_t value_size);
void cache_free(struct cache *cache);
/* True if there is one that has not expired at `now_ms`. */
bool cache_get(const struct cache *cache, const uint8_t key[CACHE_KEY_SIZE],
               int64_t now_ms, void *value);
void cache_put(struct cache *cache, const uint8_t key[CACHE_KEY_SIZE],
               int64_t expires_ms, const void *value);
void cache_clear(struct cache *cache);

#endif
