/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/process.h"
#include "http/http.h"
#include "standin.h"

/* A CA, a server certificate for vault.test alone, a client certificate, and
 * a CA that signed none of them. */
static const char make_certificates[] =
    "set -e; cd \"$1\"\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "ca() { key $1; openssl req -x509 -new -key $1.key -days 2 -subj /CN=$1"
    " -out $1.pem; }\n"
    "leaf() { key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr;"
    " printf '%s\\n' \"$2\" > $1.ext;"
    " openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
    " -days 2 -extfile $1.ext -out $1.pem; }\n"
    "ca ca; ca other\n"
    "leaf server subjectAltName=DNS:vault.test\n"
    "leaf client extendedKeyUsage=clientAuth\n";

static char dir[] = "/tmp/assay-tls-XXXXXX";
static char ca[64], other[64], cert[64], key[64], client[64], client_key[64];
static struct standin plain, strict; /* strict wants a client certificate */

struct fixture {
    struct http_client *client;
    struct http_response r;
    struct error err;
};

static void name(char out[64], const char *file)
{
    (void)snprintf(out, 64, "%s/%s", dir, file);
}

static int start_servers(void **state)
{
    const char *const argv[] = {"sh", "-c", make_certificates, "sh", dir, NULL};
    const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", NULL};
    struct process_options o = {.program = "/bin/sh",
                                .argv = argv,
                                .env = env,
                                .stdin_fd = -1,
                                .stdout_fd = -1,
                                .stderr_fd = -1};
    struct buf out;
    struct error err = {.text = ""};

    (void)state;
    assert_non_null(mkdtemp(dir));
    buf_init(&out, 65536);
    if (process_run(&o, 30000, &out, &err) != 0)
        fail_msg("openssl: %s", err.text);
    buf_done(&out);
    name(ca, "ca.pem");
    name(other, "other.pem");
    name(cert, "server.pem");
    name(key, "server.key");
    name(client, "client.pem");
    name(client_key, "client.key");
    standin_start(&plain, (const char *const[]){"--tls-cert", cert, "--tls-key",
                                                key, NULL});
    standin_start(&strict,
                  (const char *const[]){"--tls-cert", cert, "--tls-key", key,
                                        "--tls-client-ca", ca, NULL});
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    standin_stop(&plain);
    standin_stop(&strict);
    return file_remove_tree(dir, NULL);
}

static int ask(struct fixture *f, const struct standin *s,
               const struct http_tls *tls)
{
    struct http_request q = {.method = "GET", .path = "/v1/sys/leader"};

    http_client_free(f->client);
    f->client = NULL;
    assert_int_equal(
        http_client_new(
            &(struct http_options){.address = s->address, .tls = *tls},
            &f->client, &f->err),
        0);
    http_response_done(&f->r);
    http_response_init(&f->r);
    error_clear(&f->err);
    return http_call(f->client, &q, &f->r, &f->err);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    http_response_init(&f->r);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_response_done(&f->r);
    http_client_free(f->client);
    free(f);
    return 0;
}

static void our_ca_and_the_right_name_are_trusted(void **state)
{
    struct fixture *f = *state;

    if (ask(f, &plain,
            &(struct http_tls){.ca_file = ca, .server_name = "vault.test"}) !=
        0)
        fail_msg("%s", f->err.text);
    assert_int_equal(f->r.status, 200);
}

static void a_directory_of_cas_replaces_the_system_s(void **state)
{
    struct fixture *f = *state;

    if (ask(f, &plain,
            &(struct http_tls){.ca_dir = dir, .server_name = "vault.test"}) !=
        0)
        fail_msg("%s", f->err.text);
}

static void a_wrong_name_is_refused_and_said(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, &plain, &(struct http_tls){.ca_file = ca}), -1);
    assert_int_equal(f->r.failure, HTTP_TLS_REFUSED);
    assert_int_equal(f->err.kind, ERR_UPSTREAM);
    assert_non_null(strstr(f->err.text, "another name"));
    assert_int_equal(f->r.status, 0);
}

static void a_foreign_ca_is_refused_and_said(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        ask(f, &plain,
            &(struct http_tls){.ca_file = other, .server_name = "vault.test"}),
        -1);
    assert_int_equal(f->r.failure, HTTP_TLS_REFUSED);
    assert_non_null(strstr(f->err.text, "not signed by the CA"));
    assert_int_equal(
        ask(f, &plain, &(struct http_tls){.server_name = "vault.test"}), -1);
    assert_int_equal(f->r.failure, HTTP_TLS_REFUSED);
}

static void skip_verify_takes_anything(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, &plain, &(struct http_tls){.skip_verify = true}),
                     0);
}

static void a_client_certificate_is_shown(void **state)
{
    struct fixture *f = *state;
    struct http_tls tls = {.ca_file = ca, .server_name = "vault.test"};

    assert_int_equal(ask(f, &strict, &tls), -1);
    assert_int_equal(f->r.status, 0);
    assert_non_null(strstr(f->err.text, "client certificate"));
    tls.cert_file = client;
    tls.key_file = client_key;
    if (ask(f, &strict, &tls) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(f->r.status, 200);
}

#define TLS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(our_ca_and_the_right_name_are_trusted),
        TLS_TEST(a_directory_of_cas_replaces_the_system_s),
        TLS_TEST(a_wrong_name_is_refused_and_said),
        TLS_TEST(a_foreign_ca_is_refused_and_said),
        TLS_TEST(skip_verify_takes_anything),
        TLS_TEST(a_client_certificate_is_shown),
    };

    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
