/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/barrier.h"

#include <string.h>

#include "snapshot/unseal.h"

enum { TERM = 4, HEAD = TERM + 1 + CIPHER_NONCE_SIZE };
enum { VERSION_1 = 1, VERSION_2 = 2 };

/* Exact keys; those of both products, from what they store and from what
 * they write past their barrier. */
static const struct {
    const char *key;
    enum barrier_place place;
} outside[] = {
    /* Read before anything can be unsealed. */
    {UNSEAL_CONFIG_KEY, BARRIER_CLEAR},
    {"core/recovery-config", BARRIER_CLEAR},
    {"core/seal-gen-info", BARRIER_CLEAR},
    {"core/seal-initialization-flag", BARRIER_CLEAR},
    /* Who leads: a standby that is sealed must be able to see it. */
    {"core/lock", BARRIER_CLEAR},
    {"core/initialize-lock", BARRIER_CLEAR},    /* OpenBao */
    {"core/cluster/local/name", BARRIER_CLEAR}, /* Vault */
    /* Headers of a user interface that is served while sealed. */
    {"sys/ui/config_plaintext", BARRIER_CLEAR},
    {"sys/uiconfig_plaintext", BARRIER_CLEAR},
    /* PGP-encrypted shares, kept on request of a rekey. */
    {"core/unseal-keys-backup", BARRIER_CLEAR},
    {"core/recovery-keys-backup", BARRIER_CLEAR},
    /* Under a seal that is gone: kept after a migration from it. */
    {"core/recovery-key", BARRIER_CLEAR},
    {UNSEAL_ROOT_KEY, BARRIER_SEALED},
    {UNSEAL_KEYRING_KEY, BARRIER_SEALED}, /* under the root key */
};

bool barrier_text(const struct snapshot_entry *entry, struct cipher_text *text)
{
    uint8_t version = 0;

    if (entry->value_len < HEAD + CIPHER_TAG_SIZE) {
        return false;
    }
    version = entry->value[TERM];
    if (version != VERSION_1 && version != VERSION_2) {
        return false;
    }
    *text = (struct cipher_text){
        .nonce = entry->value + TERM + 1,
        .aad = version == VERSION_2 ? entry->key : NULL,
        .aad_len = version == VERSION_2 ? entry->key_len : 0,
        .data = entry->value + HEAD,
        .len = entry->value_len - HEAD,
    };
    return true;
}

uint32_t barrier_term(const struct snapshot_entry *entry)
{
    return (uint32_t)entry->value[0] << 24 | (uint32_t)entry->value[1] << 16 |
           (uint32_t)entry->value[2] << 8 | entry->value[3];
}

enum barrier_place barrier_place(const void *key, size_t key_len)
{
    for (size_t n = 0; n < sizeof(outside) / sizeof(outside[0]); n++) {
        if (strlen(outside[n].key) == key_len &&
            memcmp(outside[n].key, key, key_len) == 0) {
            return outside[n].place;
        }
    }
    return BARRIER_INSIDE;
}

bool barrier_namespace(const void *key, size_t key_len, const char **uuid,
                       const char **rest, size_t *rest_len)
{
    static const char prefix[] = "namespaces/";
    const size_t head = sizeof(prefix) - 1 + BARRIER_UUID + 1;
    const char *text = key;

    if (key_len < head || memcmp(text, prefix, sizeof(prefix) - 1) != 0 ||
        text[head - 1] != '/') {
        return false;
    }
    *uuid = text + sizeof(prefix) - 1;
    *rest = text + head;
    *rest_len = key_len - head;
    return true;
}
