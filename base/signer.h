/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 signatures (RFC 8032), over GnuTLS. */
#ifndef ASSAY_BASE_SIGNER_H
#define ASSAY_BASE_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

/* A signer holds the private key, wiped on free; it
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
/* A secret of 32 bytes for the purpose that `label` names: HMAC-SHA256 of
 * the label, keyed with the private key's seed.  The same key and label give
 * the same secret; it tells nothing about the key or about other labels. */
void signer_derive(const struct signer *s, const char *label,
                   uint8_t out[DIGEST_SHA256_SIZE]);
void signer_free(struct signer *s);
/* True only for a good signature by that key. */
bool signer_verify(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE], const void *data,
                   size_t len, const uint8_t signature[DIGEST_SIGNATURE_SIZE]);

enum { SIGNER_PEM_MAX = 128 };

/* The public key as others read it: PEM of a SubjectPublicKeyInfo (RFC 8410),
 * with a final newline. */
int signer_public_pem(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE],
                      char out[SIGNER_PEM_MAX], struct error *err) MUST_USE;
/* Such a PEM, or 64 hex digits; white space around it is skipped.  False for
 * anything else. */
bool signer_public_parse(const char *text, uint8_t out[DIGEST_PUBLIC_KEY_SIZE]);

#endif
