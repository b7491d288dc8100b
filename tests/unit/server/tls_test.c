/* SPDX-License-Identifier: Apache-2.0
 *
 * Handshakes over a pair of sockets, both ends in this thread: who is let in,
 * with what, and what a change of files does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/process.h"
#include "server/tls.h"

/* Two CAs; certificates for a server (twice), for a client, for a client of
 * the other CA, and one that is good for servers only. */
static const char make_certificates[] =
    "set -e; cd \"$1\"\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "ca() { key $1; openssl req -x509 -new -key $1.key -days 2 -subj /CN=$1"
    " -out $1.pem; }\n"
    "leaf() { key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr;"
    " printf '%s\\n' \"$3\" > $1.ext;"
    " openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial"
    " -days 2 -extfile $1.ext -out $1.pem; }\n"
    "ca ca; ca other\n"
    "leaf first ca subjectAltName=DNS:assay.test\n"
    "leaf second ca subjectAltName=DNS:assay.test\n"
    "leaf client ca extendedKeyUsage=clientAuth\n"
    "leaf stranger other extendedKeyUsage=clientAuth\n"
    "leaf server ca extendedKeyUsage=serverAuth\n"
    "echo nothing > empty\n";

static char dir[] = "/tmp/assay-stls-XXXXXX";

static const char *in_dir(const char *name)
{
    static char paths[16][64];
    static unsigned n;
    char *path = paths[n++ % 16];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

static int run_shell(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, "sh", dir, NULL};
    const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
    struct process_options o = {.program = "/bin/sh",
                                .argv = argv,
                                .env = env,
                                .stdin_fd = -1,
                                .stdout_fd = -1,
                                .stderr_fd = -1};
    struct error err = {.text = ""};
    struct buf out;
    int rc;

    buf_init(&out, 65536);
    rc = process_run(&o, 60000, &out, &err);
    buf_done(&out);
    return rc;
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    return run_shell(make_certificates);
}

static int remove_files(void **state)
{
    (void)state;
    return run_shell("rm -rf \"$1\"");
}

/* A listener's options with this certificate. */
static struct server_tls with(const char *name)
{
    char file[32];
    struct server_tls o = {0};

    (void)snprintf(file, sizeof(file), "%s.pem", name);
    o.cert_file = in_dir(file);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    o.key_file = in_dir(file);
    return o;
}

struct peer {
    gnutls_session_t server;
    gnutls_session_t client;
    gnutls_certificate_credentials_t credentials;
    struct tls_keys *keys;
    int fds[2];
};

/* The library's client keeps back a certificate that is not from a CA that was
 * named: here it sends what it has. */
static void connect_peer(struct peer *p, struct tls *tls, const char *client,
                         const char *priority)
{
    const unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;

    *p = (struct peer){.fds = {-1, -1}};
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
    assert_int_equal(gnutls_init(&p->server, GNUTLS_SERVER | flags), 0);
    assert_int_equal(gnutls_init(&p->client, GNUTLS_CLIENT |
                                                 GNUTLS_FORCE_CLIENT_CERT |
                                                 flags),
                     0);
    gnutls_transport_set_int(p->server, p->fds[0]);
    gnutls_transport_set_int(p->client, p->fds[1]);
    assert_int_equal(gnutls_certificate_allocate_credentials(&p->credentials),
                     0);
    if (client != NULL) {
        const struct server_tls files = with(client);

        assert_int_equal(gnutls_certificate_set_x509_key_file(
                             p->credentials, files.cert_file, files.key_file,
                             GNUTLS_X509_FMT_PEM),
                         0);
    }
    (void)gnutls_credentials_set(p->client, GNUTLS_CRD_CERTIFICATE,
                                 p->credentials);
    assert_int_equal(gnutls_priority_set_direct(p->client, priority, NULL), 0);
    if (tls != NULL) {
        p->keys = tls_begin(tls, p->server);
        assert_non_null(p->keys);
    }
}

static void end_peer(struct peer *p)
{
    gnutls_deinit(p->server);
    gnutls_deinit(p->client);
    gnutls_certificate_free_credentials(p->credentials);
    tls_end(p->keys);
    (void)close(p->fds[0]);
    (void)close(p->fds[1]);
}

/* Both ends in turn, until the server has its answer. */
static bool shake_hands(struct peer *p)
{
    int server = GNUTLS_E_AGAIN;
    int client = GNUTLS_E_AGAIN;

    for (int i = 0; i < 1000; i++) {
        if (client == GNUTLS_E_AGAIN)
            client = gnutls_handshake(p->client);
        if (server == GNUTLS_E_AGAIN)
            server = gnutls_handshake(p->server);
        if (server != GNUTLS_E_AGAIN &&
            (client != GNUTLS_E_AGAIN || server < 0))
            break;
    }
    return server == 0 && client == 0;
}

static void says(struct peer *p, const char *text)
{
    char got[32] = "";

    assert_int_equal(gnutls_record_send(p->server, text, strlen(text)),
                     strlen(text));
    assert_int_equal(gnutls_record_recv(p->client, got, sizeof(got) - 1),
                     strlen(text));
    assert_string_equal(got, text);
}

/* The common name in the certificate that the server showed. */
static bool showed(const struct peer *p, const char *name)
{
    unsigned count = 0;
    const gnutls_datum_t *der = gnutls_certificate_get_peers(p->client, &count);
    char wanted[40];

    assert_non_null(der);
    (void)snprintf(wanted, sizeof(wanted), "%s", name);
    return memmem(der[0].data, der[0].size, wanted, strlen(wanted)) != NULL;
}

static bool lets_in(const struct server_tls *options, const char *client,
                    const char *priority)
{
    struct error err = {0};
    struct tls *tls = NULL;
    struct peer p;
    bool in;

    assert_int_equal(tls_new(options, &tls, &err), 0);
    connect_peer(&p, tls, client, priority);
    in = shake_hands(&p);
    end_peer(&p);
    tls_free(tls);
    return in;
}

static void versions(void **state)
{
    struct server_tls o = with("first");

    (void)state;
    assert_true(lets_in(&o, NULL, "NORMAL"));
    assert_true(lets_in(&o, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
    assert_true(lets_in(&o, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.3"));
    assert_false(
        lets_in(&o, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:+SHA1"));
    /* No forward secrecy; no authenticated cipher. */
    assert_false(
        lets_in(&o, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"));
    assert_false(lets_in(&o, NULL,
                         "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:"
                         "+AES-128-CBC"));
    o.only_1_3 = true;
    assert_true(lets_in(&o, NULL, "NORMAL"));
    assert_false(lets_in(&o, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
}

static void clients_certificates(void **state)
{
    static const char *const versions_of[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                              "NORMAL:-VERS-ALL:+VERS-TLS1.3"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server_tls o = with("first");

        /* Nobody asks. */
        assert_true(lets_in(&o, "stranger", versions_of[i]));
        o.client_ca_file = in_dir("ca.pem");
        assert_true(lets_in(&o, NULL, versions_of[i]));
        assert_true(lets_in(&o, "client", versions_of[i]));
        assert_false(lets_in(&o, "server", versions_of[i]));
        o.require_client_cert = true;
        assert_false(lets_in(&o, NULL, versions_of[i]));
        assert_true(lets_in(&o, "client", versions_of[i]));
        assert_false(lets_in(&o, "server", versions_of[i]));
        o.client_ca_file = in_dir("other.pem");
        assert_true(lets_in(&o, "stranger", versions_of[i]));
    }
}

static void a_stranger_is_kept_out(void **state)
{
    struct server_tls o = with("first");

    (void)state;
    o.client_ca_file = in_dir("ca.pem");
    assert_false(lets_in(&o, "stranger", "NORMAL"));
    o.require_client_cert = true;
    assert_false(lets_in(&o, "stranger", "NORMAL"));
}

static void without_our_keys_there_is_no_handshake(void **state)
{
    struct peer p;

    (void)state;
    connect_peer(&p, NULL, NULL, "NORMAL");
    assert_int_equal(gnutls_priority_set_direct(p.server, "NORMAL", NULL), 0);
    assert_false(shake_hands(&p));
    end_peer(&p);
}

/* The files are replaced while a connection is open. */
static void a_new_certificate(void **state)
{
    struct server_tls o = with("first");
    struct tls_keys *keys = NULL;
    struct error err = {0};
    struct tls *tls = NULL;
    struct peer old;
    struct peer young;

    (void)state;
    assert_int_equal(tls_new(&o, &tls, &err), 0);
    connect_peer(&old, tls, NULL, "NORMAL");
    assert_true(shake_hands(&old));
    assert_true(showed(&old, "first"));

    o.cert_file = in_dir("empty");
    assert_int_equal(tls_load(tls, &keys, &err), -1);
    o = with("second");
    assert_int_equal(tls_load(tls, &keys, &err), 0);
    tls_use(tls, keys);
    connect_peer(&young, tls, NULL, "NORMAL");
    assert_true(shake_hands(&young));
    assert_true(showed(&young, "second"));
    says(&young, "new");
    says(&old, "old");
    tls_free(tls);
    says(&old, "still");
    end_peer(&old);
    end_peer(&young);
}

static void files_that_cannot_be_used(void **state)
{
    static const struct {
        const char *cert, *key, *ca;
    } cases[] = {
        {"first.pem", "missing", NULL},     {"missing", "first.key", NULL},
        {"first.pem", "second.key", NULL},  {"empty", "first.key", NULL},
        {"first.pem", "empty", NULL},       {"first.pem", "first.key", "empty"},
        {"first.pem", "first.key", "none"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct server_tls o = {
            .cert_file = in_dir(cases[i].cert),
            .key_file = in_dir(cases[i].key),
            .client_ca_file = cases[i].ca != NULL ? in_dir(cases[i].ca) : NULL};
        struct error err = {0};
        struct tls *tls = NULL;

        assert_int_equal(tls_new(&o, &tls, &err), -1);
        assert_non_null(strstr(err.text, cases[i].ca != NULL ? cases[i].ca
                                                             : cases[i].cert));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(clients_certificates),
        cmocka_unit_test(a_stranger_is_kept_out),
        cmocka_unit_test(without_our_keys_there_is_no_handshake),
        cmocka_unit_test(a_new_certificate),
        cmocka_unit_test(files_that_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
