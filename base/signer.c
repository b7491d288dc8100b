/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signer.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

/* gnutls_privkey_t is not documented as safe for several threads at once. */
struct signer {
    pthread_mutex_t lock;
    gnutls_privkey_t key;
    uint8_t public_key[DIGEST_PUBLIC_KEY_SIZE];
    char *seed; /* secret memory, DIGEST_SEED_SIZE bytes; for signer_derive */
};

static int tls_error(struct error *err, const char *what, int code)
{
    return error_set(err, ERR_INTERNAL, "%s: %s", what, gnutls_strerror(code));
}

static int load_pem(gnutls_x509_privkey_t key, const char *path,
                    struct error *err)
{
    struct buf pem;
    gnutls_datum_t datum;
    int code, rc = -1;

    buf_init_secret(&pem, LIMIT_SECRET_FILE);
    if (file_read(path, &pem, err) != 0)
        goto done;
    datum.data = (unsigned char *)pem.data;
    datum.size = (unsigned)pem.len;
    code =
        gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code != 0) {
        error_set(err, ERR_INVALID,
                  "%s: expected an Ed25519 private key in PEM: %s", path,
                  gnutls_strerror(code));
        goto done;
    }
    rc = 0;
done:
    buf_done(&pem);
    return rc;
}

static int make_pem(gnutls_x509_privkey_t key, const char *path,
                    struct error *err)
{
    gnutls_datum_t pem = {NULL, 0};
    int code, rc = -1;

    code = gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
    if (code == 0)
        code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                 GNUTLS_PKCS_PLAIN, &pem);
    if (code != 0) {
        tls_error(err, "cannot make a signing key", code);
        goto done;
    }
    rc = file_replace(path, pem.data, pem.size, 0600, err);
done:
    if (pem.data != NULL)
        secret_wipe(pem.data, pem.size);
    gnutls_free(pem.data);
    return rc;
}

static int export_raw(gnutls_x509_privkey_t key, struct signer *s,
                      const char *path, struct error *err)
{
    gnutls_ecc_curve_t curve;
    gnutls_datum_t x = {NULL, 0}, k = {NULL, 0};
    int code, rc = -1;

    code = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, NULL, &k);
    if (code != 0 || curve != GNUTLS_ECC_CURVE_ED25519 ||
        x.size != sizeof s->public_key || k.size != DIGEST_SEED_SIZE) {
        error_set(err, ERR_INVALID, "%s is not an Ed25519 key", path);
        goto done;
    }
    memcpy(s->public_key, x.data, sizeof s->public_key);
    s->seed = secret_new((const char *)k.data, k.size);
    if (s->seed == NULL) {
        error_memory(err);
        goto done;
    }
    rc = 0;
done:
    if (k.data != NULL)
        secret_wipe(k.data, k.size);
    gnutls_free(k.data);
    gnutls_free(x.data);
    return rc;
}

int signer_open(const char *path, struct signer **out, struct error *err)
{
    struct signer *s = NULL;
    gnutls_x509_privkey_t key = NULL;
    int code, rc = -1;

    s = calloc(1, sizeof *s);
    if (s == NULL || gnutls_x509_privkey_init(&key) != 0 ||
        gnutls_privkey_init(&s->key) != 0) {
        error_memory(err);
        goto done;
    }
    pthread_mutex_init(&s->lock, NULL);
    if (file_exists(path) ? load_pem(key, path, err) : make_pem(key, path, err))
        goto done;
    if (export_raw(key, s, path, err) != 0)
        goto done;
    code = gnutls_privkey_import_x509(s->key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
    if (code != 0) {
        tls_error(err, path, code);
        goto done;
    }
    *out = s;
    s = NULL;
    rc = 0;
done:
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    signer_free(s);
    return rc;
}

void signer_public_key(const struct signer *s,
                       uint8_t out[DIGEST_PUBLIC_KEY_SIZE])
{
    memcpy(out, s->public_key, sizeof s->public_key);
}

int signer_sign(struct signer *s, const void *data, size_t len,
                uint8_t out[DIGEST_SIGNATURE_SIZE], struct error *err)
{
    gnutls_datum_t in, sig = {NULL, 0};
    struct buf copy;
    int code, rc = -1;

    /* GnuTLS wants a writable pointer for what it only reads. */
    buf_init(&copy, len + 1);
    buf_add(&copy, data, len);
    if (buf_check(&copy, "what is to be signed", err) != 0)
        goto done;
    in.data = (unsigned char *)copy.data;
    in.size = (unsigned)copy.len;
    pthread_mutex_lock(&s->lock);
    code = gnutls_privkey_sign_data2(s->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &in,
                                     &sig);
    pthread_mutex_unlock(&s->lock);
    if (code != 0 || sig.size != DIGEST_SIGNATURE_SIZE) {
        tls_error(err, "cannot sign", code);
        goto done;
    }
    memcpy(out, sig.data, DIGEST_SIGNATURE_SIZE);
    rc = 0;
done:
    gnutls_free(sig.data);
    buf_done(&copy);
    return rc;
}

void signer_derive(const struct signer *s, const char *label,
                   uint8_t out[DIGEST_SHA256_SIZE])
{
    digest_hmac_sha256(s->seed, DIGEST_SEED_SIZE, label, strlen(label), out);
}

void signer_free(struct signer *s)
{
    if (s == NULL)
        return;
    secret_free(s->seed);
    if (s->key != NULL)
        gnutls_privkey_deinit(s->key);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool signer_verify(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE], const void *data,
                   size_t len, const uint8_t signature[DIGEST_SIGNATURE_SIZE])
{
    uint8_t key_copy[DIGEST_PUBLIC_KEY_SIZE];
    uint8_t sig_copy[DIGEST_SIGNATURE_SIZE];
    gnutls_datum_t x = {key_copy, sizeof key_copy};
    gnutls_datum_t sig = {sig_copy, sizeof sig_copy};
    gnutls_datum_t in;
    gnutls_pubkey_t pub = NULL;
    struct buf copy;
    bool good = false;

    memcpy(key_copy, key, sizeof key_copy);
    memcpy(sig_copy, signature, sizeof sig_copy);
    buf_init(&copy, len + 1);
    buf_add(&copy, data, len);
    if (buf_failed(&copy) || gnutls_pubkey_init(&pub) != 0)
        goto done;
    in.data = (unsigned char *)copy.data;
    in.size = (unsigned)copy.len;
    if (gnutls_pubkey_import_ecc_raw(pub, GNUTLS_ECC_CURVE_ED25519, &x, NULL) !=
        0)
        goto done;
    good = gnutls_pubkey_verify_data2(pub, GNUTLS_SIGN_EDDSA_ED25519, 0, &in,
                                      &sig) >= 0;
done:
    if (pub != NULL)
        gnutls_pubkey_deinit(pub);
    buf_done(&copy);
    return good;
}

static const char pem_begin[] = "-----BEGIN PUBLIC KEY-----\n";
static const char pem_end[] = "\n-----END PUBLIC KEY-----";
/* What stands before the 32 bytes of every Ed25519 key (RFC 8410). */
static const uint8_t spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                               0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

int signer_public_pem(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE],
                      char out[SIGNER_PEM_MAX], struct error *err)
{
    uint8_t der[sizeof spki + DIGEST_PUBLIC_KEY_SIZE];
    char *base64 = NULL;

    memcpy(der, spki, sizeof spki);
    memcpy(der + sizeof spki, key, DIGEST_PUBLIC_KEY_SIZE);
    base64 = text_base64(der, sizeof der);
    if (base64 == NULL)
        return error_memory(err);
    (void)snprintf(out, SIGNER_PEM_MAX, "%s%s%s\n", pem_begin, base64, pem_end);
    free(base64);
    return 0;
}

static bool parse_pem(const char *body, uint8_t out[DIGEST_PUBLIC_KEY_SIZE])
{
    uint8_t der[sizeof spki + DIGEST_PUBLIC_KEY_SIZE];
    char base64[SIGNER_PEM_MAX];
    const char *end = strstr(body, pem_end);
    size_t len = 0;

    if (end == NULL || (size_t)(end - body) >= sizeof base64 ||
        end[strlen(pem_end)] != '\0')
        return false;
    memcpy(base64, body, (size_t)(end - body));
    base64[end - body] = '\0';
    if (!text_unbase64(base64, der, sizeof der, &len) || len != sizeof der ||
        memcmp(der, spki, sizeof spki) != 0)
        return false;
    memcpy(out, der + sizeof spki, DIGEST_PUBLIC_KEY_SIZE);
    return true;
}

bool signer_public_parse(const char *text, uint8_t out[DIGEST_PUBLIC_KEY_SIZE])
{
    char *copy = text_dup(text);
    const char *trimmed = NULL;
    bool good = false;

    if (copy == NULL)
        return false;
    trimmed = text_trim(copy);
    good = text_starts(trimmed, pem_begin)
               ? parse_pem(trimmed + strlen(pem_begin), out)
               : text_unhex(trimmed, out, DIGEST_PUBLIC_KEY_SIZE);
    free(copy);
    return good;
}
