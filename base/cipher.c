/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cipher.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <stdlib.h>

struct cipher {
    gnutls_aead_cipher_hd_t handle;
};

struct cipher *cipher_new(const uint8_t key[CIPHER_KEY_SIZE])
{
    struct cipher *c = calloc(1, sizeof *c);
    uint8_t copy[CIPHER_KEY_SIZE];
    const gnutls_datum_t datum = {copy, sizeof copy};

    if (c == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof copy; i++)
        copy[i] = key[i];
    if (gnutls_aead_cipher_init(&c->handle, GNUTLS_CIPHER_AES_256_GCM,
                                &datum) != 0) {
        free(c);
        c = NULL;
    }
    gnutls_memset(copy, 0, sizeof copy);
    return c;
}

void cipher_free(struct cipher *c)
{
    if (c == NULL)
        return;
    gnutls_aead_cipher_deinit(c->handle); /* wipes the key schedule */
    free(c);
}

bool cipher_open(struct cipher *c, const struct cipher_text *text, void *out)
{
    size_t out_len;

    assert(text->len >= CIPHER_TAG_SIZE);
    out_len = text->len - CIPHER_TAG_SIZE;
    return gnutls_aead_cipher_decrypt(c->handle, text->nonce, CIPHER_NONCE_SIZE,
                                      text->aad, text->aad_len, CIPHER_TAG_SIZE,
                                      text->data, text->len, out,
                                      &out_len) == 0;
}
