/* SPDX-License-Identifier: Apache-2.0
 *
 * The canaries in a cluster: what only a living copy with the right data can
 * give back.  In mounts of their own, in the handle's namespace:
 *
 *   <mount>/            KV, version 2
 *     marker            the nonce of a backup, a new version each time
 *     ciphertext        what transit made of 32 random bytes, and their
 *                       SHA-256
 *   <mount>-transit/
 *     keys/canary       the key it did that with
 *
 * A backup names the version it wrote, so that another Assay that backs up
 * the same cluster in the same moment disturbs nothing; the last
 * VAULT_CANARY_VERSIONS are kept.  None of it is a secret.
 *
 * Every call waits 5 s at most, nothing that writes is sent twice, and a
 * refusal (ERR_DENIED) ends in the line that the policy lacks.  `mount` has
 * no slash at its ends. */
#ifndef ASSAY_VAULT_CANARY_H
#define ASSAY_VAULT_CANARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "vault/vault.h"

#define VAULT_CANARY_MOUNT "assay-canary" /* unless somebody says otherwise */

enum {
    VAULT_CANARY_MOUNT_MAX = 128,
    VAULT_CANARY_PATH_MAX = 192,
    VAULT_CANARY_NONCE_MAX = 33,       /* 16 bytes in hex */
    VAULT_CANARY_CIPHERTEXT_MAX = 256, /* of 32 bytes: 90 */
    VAULT_CANARY_VERSIONS = 10,
};

struct vault_canary_marker {
    char nonce[VAULT_CANARY_NONCE_MAX];
    uint64_t version;
};

struct vault_canary_cipher {
    char text[VAULT_CANARY_CIPHERTEXT_MAX]; /* "vault:v1:…" */
    char sha256[DIGEST_SHA256_HEX];         /* of the plaintext */
};

/* Write a fresh nonce; *out has it and the version it got.  `snapshot` is
 * written beside it, for people. */
int vault_canary_write(struct vault *v, const char *mount, const char *snapshot,
                       struct vault_canary_marker *out,
                       struct error *err) MUST_USE;
/* The nonce of that version, "" if it holds none.  ERR_NOT_FOUND: there is no
 * such version, or no such mount. */
int vault_canary_read(struct vault *v, const char *mount, uint64_t version,
                      char nonce[VAULT_CANARY_NONCE_MAX],
                      struct error *err) MUST_USE;
/* The ciphertext that setup has left.  ERR_CORRUPT: it is none. */
int vault_canary_cipher(struct vault *v, const char *mount,
                        struct vault_canary_cipher *out,
                        struct error *err) MUST_USE;
/* Have it decrypted, and the SHA-256 of what comes out.  What the key does
 * not open is ERR_UPSTREAM with status 400. */
int vault_canary_decrypt(struct vault *v, const char *mount,
                         const char *ciphertext, char sha256[DIGEST_SHA256_HEX],
                         struct error *err) MUST_USE;

/* A line of a policy. */
struct vault_canary_need {
    char path[VAULT_CANARY_PATH_MAX];
    const char *capabilities; /* as a policy lists them: "\"read\"" */
    const char *why;
};

enum vault_canary_who { VAULT_CANARY_DAEMON, VAULT_CANARY_OPERATOR };

/* What the daemon's role needs for all of the above, or whoever runs setup;
 * false past the end. */
bool vault_canary_need(enum vault_canary_who who, size_t i, const char *mount,
                       struct vault_canary_need *out);

#endif
