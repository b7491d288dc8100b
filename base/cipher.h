/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-256-GCM, opening only (NIST SP 800-38D), over GnuTLS: nothing here
 * ever seals. */
#ifndef ASSAY_BASE_CIPHER_H
#define ASSAY_BASE_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CIPHER_KEY_SIZE = 32,
    CIPHER_NONCE_SIZE = 12,
    CIPHER_TAG_SIZE = 16,
};

/* One key, ready to use.  One thread at a time. */
struct cipher;

/* Copies the key.  NULL without memory. */
struct cipher *cipher_new(const uint8_t key[CIPHER_KEY_SIZE]);
/* The key is wiped.  Accepts NULL. */
void cipher_free(struct cipher *c);

/* What is sealed: borrowed bytes; `aad` may be NULL when its length is 0. */
struct cipher_text {
    const uint8_t *nonce; /* CIPHER_NONCE_SIZE bytes */
    const void *aad;
    size_t aad_len;
    const uint8_t *data; /* ciphertext, then the tag */
    size_t len;          /* of both: at least CIPHER_TAG_SIZE */
};

/* True: the tag verifies, and `out` (text->len - CIPHER_TAG_SIZE bytes, the
 * caller's, elsewhere than the input) holds the plaintext, which the caller
 * wipes.  False: it does not; what `out` holds then means nothing, and is to
 * be wiped all the same.  Allocates nothing. */
bool cipher_open(struct cipher *c, const struct cipher_text *text, void *out);

#endif
