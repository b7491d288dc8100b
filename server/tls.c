/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only: what
 * every client of the last ten years speaks, and what Vault offers. */
#include "server/tls.h"

#include <assert.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define OURS                                                                   \
    "SECURE128:-VERS-ALL:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:"         \
    "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:%SERVER_PRECEDENCE"

static const char from_1_2[] = OURS ":+VERS-TLS1.3:+VERS-TLS1.2";
static const char only_1_3[] = OURS ":+VERS-TLS1.3";

struct tls_keys {
    atomic_uint holders;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gnutls_certificate_request_t ask;
};

/* `lock` guards `current`. */
struct tls {
    const struct server_tls *options;
    pthread_mutex_t lock;
    struct tls_keys *current;
};

/* Called when a client has shown a certificate, or that it has none.  Without
 * one the handshake goes on only where none is required. */
static int check_client(gnutls_session_t session)
{
    unsigned char oid[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = oid};
    unsigned status = 0;
    unsigned count = 0;
    int rc;

    if (gnutls_certificate_get_peers(session, &count) == NULL)
        return 0; /* with GNUTLS_CERT_REQUIRE the library has refused */
    rc = gnutls_certificate_verify_peers(session, &purpose, 1, &status);
    return rc < 0 || status != 0 ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

static int load_client_ca(const struct server_tls *o, struct tls_keys *keys,
                          struct error *err)
{
    int rc;

    if (o->client_ca_file == NULL)
        return 0;
    rc = gnutls_certificate_set_x509_trust_file(
        keys->credentials, o->client_ca_file, GNUTLS_X509_FMT_PEM);
    if (rc < 0)
        return error_set(err, ERR_IO, "tls_client_ca_file %s: %s",
                         o->client_ca_file, gnutls_strerror(rc));
    if (rc == 0)
        return error_set(err, ERR_IO,
                         "tls_client_ca_file %s: there is no certificate in it",
                         o->client_ca_file);
    keys->ask =
        o->require_client_cert ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST;
    gnutls_certificate_set_verify_function(keys->credentials, check_client);
    return 0;
}

int tls_load(const struct tls *tls, struct tls_keys **out, struct error *err)
{
    const struct server_tls *o = tls->options;
    struct tls_keys *keys = calloc(1, sizeof(*keys));
    int code;
    int rc = -1;

    if (keys == NULL)
        return error_memory(err);
    atomic_init(&keys->holders, 1);
    keys->ask = GNUTLS_CERT_IGNORE;
    if (gnutls_certificate_allocate_credentials(&keys->credentials) < 0 ||
        gnutls_priority_init(&keys->priority, o->only_1_3 ? only_1_3 : from_1_2,
                             NULL) < 0) {
        (void)error_memory(err);
        goto done;
    }
    code = gnutls_certificate_set_x509_key_file(
        keys->credentials, o->cert_file, o->key_file, GNUTLS_X509_FMT_PEM);
    if (code < 0) {
        error_set(err, ERR_IO, "tls_cert_file %s with tls_key_file %s: %s",
                  o->cert_file, o->key_file, gnutls_strerror(code));
        goto done;
    }
    if (load_client_ca(o, keys, err) < 0)
        goto done;
    *out = keys;
    keys = NULL;
    rc = 0;
done:
    tls_end(keys);
    return rc;
}

int tls_new(const struct server_tls *options, struct tls **out,
            struct error *err)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return error_memory(err);
    tls->options = options;
    (void)pthread_mutex_init(&tls->lock, NULL);
    if (tls_load(tls, &tls->current, err) < 0) {
        tls_free(tls);
        return -1;
    }
    *out = tls;
    return 0;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    tls_end(tls->current);
    (void)pthread_mutex_destroy(&tls->lock);
    free(tls);
}

void tls_use(struct tls *tls, struct tls_keys *keys)
{
    struct tls_keys *old;

    (void)pthread_mutex_lock(&tls->lock);
    old = tls->current;
    tls->current = keys;
    (void)pthread_mutex_unlock(&tls->lock);
    tls_end(old);
}

struct tls_keys *tls_begin(struct tls *tls, gnutls_session_t session)
{
    struct tls_keys *keys;

    (void)pthread_mutex_lock(&tls->lock);
    keys = tls->current;
    atomic_fetch_add(&keys->holders, 1);
    (void)pthread_mutex_unlock(&tls->lock);
    if (gnutls_priority_set(session, keys->priority) < 0 ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                               keys->credentials) < 0) {
        tls_end(keys);
        return NULL;
    }
    gnutls_certificate_server_set_request(session, keys->ask);
    return keys;
}

void tls_end(struct tls_keys *keys)
{
    if (keys == NULL || atomic_fetch_sub(&keys->holders, 1) > 1)
        return;
    if (keys->credentials != NULL)
        gnutls_certificate_free_credentials(keys->credentials);
    if (keys->priority != NULL)
        gnutls_priority_deinit(keys->priority);
    free(keys);
}
