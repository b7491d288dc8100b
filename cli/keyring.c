/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"
#include "cli/settings.h"

void keyring_done(struct keyring *ring)
{
    free(ring->keys);
    *ring = (struct keyring){0};
}

static int add_key(struct keyring *ring,
                   const uint8_t key[DIGEST_PUBLIC_KEY_SIZE], struct error *err)
{
    void *grown = realloc(ring->keys, (ring->count + 1) * sizeof(*ring->keys));

    if (grown == NULL)
        return error_memory(err);
    ring->keys = grown;
    memcpy(ring->keys[ring->count++], key, DIGEST_PUBLIC_KEY_SIZE);
    return 0;
}

int keyring_own(const struct config *config,
                uint8_t out[DIGEST_PUBLIC_KEY_SIZE], struct error *err)
{
    char *path = settings_data_path(config, "signing-key.pem");
    struct signer *signer = NULL;
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    if (!file_exists(path))
        (void)error_set(err, ERR_NOT_FOUND,
                        "%s is not there (yet): the server makes it when it "
                        "is first started",
                        path);
    else if (signer_open(path, &signer, err) == 0)
        rc = 0;
    if (rc == 0)
        signer_public_key(signer, out);
    signer_free(signer);
    free(path);
    return rc;
}

int keyring_add_named(struct keyring *ring, const char *name, struct error *err)
{
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    struct buf text;
    int rc = -1;

    if (signer_public_parse(name, key))
        return add_key(ring, key, err);
    buf_init(&text, LIMIT_SECRET_FILE);
    if (file_read(name, &text, err) != 0)
        goto done;
    if (!signer_public_parse(buf_text(&text), key)) {
        (void)error_set(err, ERR_INVALID,
                        "%s: expected an Ed25519 public key, as `assay "
                        "evidence key` prints it",
                        name);
        goto done;
    }
    rc = add_key(ring, key, err);
done:
    buf_done(&text);
    return rc;
}

int keyring_add_own(struct keyring *ring, const struct config *config,
                    struct error *err)
{
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];

    if (keyring_own(config, key, err) != 0)
        return -1;
    return add_key(ring, key, err);
}

int keyring_add_configured(struct keyring *ring, const struct config *config,
                           struct error *err)
{
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    uint8_t(*trusted)[32] = NULL;
    struct error why = {0};
    size_t count = 0;
    int rc = 0;

    if (keyring_own(config, key, &why) == 0)
        rc = add_key(ring, key, err);
    if (rc != 0 || settings_trusted_keys(config, &trusted, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_key(ring, trusted[i], err);
    free(trusted);
    if (rc == 0 && ring->count == 0)
        return error_set(err, ERR_INVALID,
                         "there is no key to verify with: give one with -key "
                         "(%s)",
                         why.text);
    return rc;
}
