/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive's own keys, from the shares that unseal its server.
 *
 *   shares -> key encryption key (Shamir; a single share is that key)
 *          -> SHA256SUMS.sealed, and core/hsm/barrier-unseal-keys: the root
 *             key, in a JSON array, base64
 *          -> core/keyring under the root key: JSON, one AES key per term
 *          -> every other entry, under its term's key
 *
 * OpenBao's static seal has the key encryption key itself in a file.  What the
 * first two are sealed in is in snapshot/blob.h.  An entry is its term (4
 * bytes, big endian), a version byte, nonce, ciphertext and tag; its key is the
 * AAD if the version is 2, nothing is if it is 1.
 *
 * Keys stay in secret memory.  One thread at a time; what is only read may be
 * read by many once it is opened. */
#ifndef ASSAY_SNAPSHOT_UNSEAL_H
#define ASSAY_SNAPSHOT_UNSEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "snapshot/reader.h"
#include "snapshot/span.h"

#define UNSEAL_STATIC "static" /* a type of seal */
#define UNSEAL_CONFIG_KEY "core/seal-config"
#define UNSEAL_ROOT_KEY "core/hsm/barrier-unseal-keys"
#define UNSEAL_KEYRING_KEY "core/keyring"

enum unseal_outcome {
    UNSEAL_OPENED,
    /* The question could not be asked: */
    UNSEAL_TOO_FEW,     /* shares */
    UNSEAL_WRONG,       /* shares: of something else, or replaced */
    UNSEAL_AUTO,        /* the key is in a KMS, not in shares */
    UNSEAL_UNSUPPORTED, /* a seal that this version cannot read */
    /* The shares are right, and the answer is no: */
    UNSEAL_BROKEN_KEYRING, /* root key or keyring do not decrypt */
};

/* What core/seal-config says, in the clear. */
struct unseal_config {
    char type[32]; /* "shamir", "awskms", …; "" if there is none */
    uint64_t shares;
    uint64_t threshold;
};

struct unseal_term {
    uint32_t term;
    int64_t installed_ms; /* Unix; 0: not known */
};

struct unseal;

/* NULL without memory. */
struct unseal *unseal_new(void);
/* Everything is wiped.  Accepts NULL. */
void unseal_free(struct unseal *u);

/* Give an entry, in any order; those that are of use here are copied.  -1
 * without memory. */
int unseal_entry(struct unseal *u, const struct snapshot_entry *entry,
                 struct error *err) MUST_USE;

/* All entries of use have been given.  Shares as text, base64 or hex, as the
 * server printed them.  `why` gets one sentence that says what to do, unless
 * OPENED.  `count` may be 0: the sentence then speaks of the seal.  May be
 * called again until it says OPENED. */
enum unseal_outcome unseal_open(struct unseal *u, const char *const *shares,
                                size_t count, struct error *why);
const struct unseal_config *unseal_config(const struct unseal *u);

/* Keys of a static seal, CIPHER_KEY_SIZE bytes each, one behind the other;
 * secret. */
struct unseal_keys {
    const uint8_t *keys;
    size_t count;
};

/* The same for a seal of type UNSEAL_STATIC, which unseal_open calls AUTO:
 * the first key that fits, of at least one. */
enum unseal_outcome unseal_open_static(struct unseal *u,
                                       const struct unseal_keys *keys,
                                       struct error *why);

/* Once OPENED.  Ascending by term; owned by `u`. */
size_t unseal_terms(const struct unseal *u, const struct unseal_term **terms);
/* Once OPENED.  The key of terms[i], CIPHER_KEY_SIZE bytes, secret. */
const uint8_t *unseal_term_key(const struct unseal *u, size_t i);

/* Open a BlobInfo under the key encryption key (the one tried last, if it is
 * not OPENED); *ok says whether it does.
 * `plain` is a secret buffer, appended to.  -1 without memory. */
int unseal_blob(const struct unseal *u, struct span blob, struct buf *plain,
                bool *ok, struct error *err) MUST_USE;

#endif
