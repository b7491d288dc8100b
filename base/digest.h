/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests, keyed hashes and randomness, over GnuTLS (FIPS 180-4, RFC 2104).
 * No cryptography of our own. */
#ifndef ASSAY_BASE_DIGEST_H
#define ASSAY_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    DIGEST_SHA256_SIZE = 32,
    DIGEST_SHA256_HEX = 65, /* with the final NUL */
    DIGEST_SIGNATURE_SIZE = 64,
    DIGEST_PUBLIC_KEY_SIZE = 32,
    DIGEST_SEED_SIZE = 32,
};

struct digest; /* a running SHA-256 */

struct digest *digest_new(void); /* NULL without memory */
void digest_update(struct digest *d, const void *data, size_t len);
/* The sum so far, and start over. */
void digest_final(struct digest *d, uint8_t out[DIGEST_SHA256_SIZE]);
void digest_final_hex(struct digest *d, char out[DIGEST_SHA256_HEX]);
void digest_free(struct digest *d);

void digest_sha256_hex(const void *data, size_t len,
                       char out[DIGEST_SHA256_HEX]);
void digest_hmac_sha256(const void *key, size_t key_len, const void *data,
                        size_t len, uint8_t out[DIGEST_SHA256_SIZE]);
/* Aborts if the system has none: nothing sensible can follow. */
void digest_random(void *out, size_t len);

#endif
