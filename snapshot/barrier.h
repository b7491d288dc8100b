/* SPDX-License-Identifier: Apache-2.0
 *
 * How the server's barrier writes a value, and which keys lie outside of it. */
#ifndef ASSAY_SNAPSHOT_BARRIER_H
#define ASSAY_SNAPSHOT_BARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cipher.h"
#include "snapshot/reader.h"

enum { BARRIER_UUID = 36 };

/* Take a value apart: term (4 bytes, big endian), version, nonce, ciphertext
 * with tag; the entry's key is the AAD in version 2, nothing is in version 1.
 * `text` points into `entry`.  False if it cannot be one. */
bool barrier_text(const struct snapshot_entry *entry, struct cipher_text *text);
/* Of a value that barrier_text accepts. */
uint32_t barrier_term(const struct snapshot_entry *entry);

enum barrier_place {
    BARRIER_INSIDE,
    BARRIER_CLEAR,  /* stored in the clear by every healthy server */
    BARRIER_SEALED, /* under the seal's own key, not the keyring's */
};
enum barrier_place barrier_place(const void *key, size_t key_len);

/* "namespaces/<uuid>/…": where the uuid is and what comes after it.  False
 * for a key outside of every namespace but the root. */
bool barrier_namespace(const void *key, size_t key_len, const char **uuid,
                       const char **rest, size_t *rest_len);

#endif
