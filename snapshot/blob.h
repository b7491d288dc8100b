/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal wraps: a protobuf BlobInfo, AES-256-GCM without AAD.  Private
 * to snapshot/.
 *
 *   1  ciphertext and tag; the nonce in front of them if there is no 2
 *   2  nonce
 *   5  about the key; in it 3: its name
 *
 * Key shares leave out 2 and 5, OpenBao's static seal writes both.  A KMS
 * puts what it likes into 1. */
#ifndef ASSAY_SNAPSHOT_BLOB_H
#define ASSAY_SNAPSHOT_BLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cipher.h"
#include "base/error.h"
#include "snapshot/span.h"

/* Point `out` into `blob`.  False if it cannot be one. */
bool blob_text(struct span blob, struct cipher_text *out);

/* The name of the key that it was sealed with, as far as it is printable and
 * fits; "" if it has none. */
void blob_key_name(struct span blob, char *out, size_t size);

/* Append the plaintext to `plain`, a secret buffer; *ok says whether it
 * opens.  -1 without memory. */
int blob_open(struct cipher *kek, struct span blob, struct buf *plain, bool *ok,
              struct error *err) MUST_USE;

#endif
