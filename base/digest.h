/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests, keyed hashes, randomness and Ed25519 signatures, over GnuTLS
 * (FIPS 180-4, RFC 2104, RFC 8032).  No cryptography of our own. */
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

/* Ed25519 (RFC 8032).  A signer holds the private key, wiped on free; it
 * may be used by any thread. */
struct signer;

/* Read the key from `path` (PEM, PKCS#8), or make one there with mode 0600
 * if the file does not exist. */
int signer_open(const char *path, struct signer **out,
                struct error *err) MUST_USE;
void signer_public_key(const struct signer *s,
                       uint8_t out[DIGEST_PUBLIC_KEY_SIZE]);
int signer_sign(struct signer *s, const void *data, size_t len,
                uint8_t out[DIGEST_SIGNATURE_SIZE], struct error *err) MUST_USE;
void signer_free(struct signer *s);
/* True only for a good signature by that key. */
bool signature_verify(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE],
                      const void *data, size_t len,
                      const uint8_t signature[DIGEST_SIGNATURE_SIZE]);

#endif
