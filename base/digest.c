/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

struct digest {
    gnutls_hash_hd_t hash;
};

struct digest *digest_new(void)
{
    struct digest *d = calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    if (gnutls_hash_init(&d->hash, GNUTLS_DIG_SHA256) != 0) {
        free(d);
        return NULL;
    }
    return d;
}

void digest_update(struct digest *d, const void *data, size_t len)
{
    if (len > 0 && gnutls_hash(d->hash, data, len) != 0)
        abort(); /* cannot fail for SHA-256 once initialised */
}

void digest_final(struct digest *d, uint8_t out[DIGEST_SHA256_SIZE])
{
    gnutls_hash_output(d->hash, out);
}

void digest_final_hex(struct digest *d, char out[DIGEST_SHA256_HEX])
{
    uint8_t sum[DIGEST_SHA256_SIZE];

    digest_final(d, sum);
    text_hex(sum, sizeof sum, out);
}

void digest_free(struct digest *d)
{
    if (d == NULL)
        return;
    gnutls_hash_deinit(d->hash, NULL);
    free(d);
}

void digest_sha256_hex(const void *data, size_t len,
                       char out[DIGEST_SHA256_HEX])
{
    uint8_t sum[DIGEST_SHA256_SIZE];

    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, sum) != 0)
        abort();
    text_hex(sum, sizeof sum, out);
}

void digest_hmac_sha256(const void *key, size_t key_len, const void *data,
                        size_t len, uint8_t out[DIGEST_SHA256_SIZE])
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_len, data, len, out) != 0)
        abort();
}

void digest_random(void *out, size_t len)
{
    uint8_t *p = out;

    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            abort();
        }
        p += n;
        len -= (size_t)n;
    }
}
