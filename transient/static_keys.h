/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of OpenBao's `static` seal, in secret memory.
 *
 * A key file is what the server itself reads: 32 bytes, or their hex or
 * base64.  The server takes no end of line behind them; here one is. */
#ifndef ASSAY_TRANSIENT_STATIC_KEYS_H
#define ASSAY_TRANSIENT_STATIC_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { STATIC_KEYS_MAX = 16, STATIC_KEYS_SIZE = 32 };

/* Zeroed: none. */
struct static_keys {
    char *bytes; /* secret; STATIC_KEYS_SIZE for each */
    size_t count;
};

/* Read those of the files that hold a key; *skipped of them hold something
 * else (a CA certificate, say).  -1: a file cannot be read. */
int static_keys_read(const char *const *files, size_t count,
                     struct static_keys *out, size_t *skipped,
                     struct error *err) MUST_USE;
/* Wiped.  Accepts a zeroed one. */
void static_keys_done(struct static_keys *k);

/* What one file holds.  False: no key. */
bool static_keys_parse(const char *data, size_t len,
                       uint8_t out[STATIC_KEYS_SIZE]);

#endif
