/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/http.h"

static void good_addresses_are_kept_without_their_final_slash(void **state)
{
    static const struct {
        const char *given, *kept;
    } rows[] = {
        {"http://127.0.0.1:8200", "http://127.0.0.1:8200"},
        {"https://vault.example/", "https://vault.example"},
        {"http://[::1]:8200//", "http://[::1]:8200"},
        {"unix:///run/vault.sock", "unix:///run/vault.sock"},
    };
    struct http_client *c = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            http_client_new(&(struct http_options){.address = rows[i].given},
                            &c, &err),
            0);
        assert_string_equal(http_client_address(c), rows[i].kept);
        http_client_free(c);
    }
}

static void bad_addresses_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "vault.example:8200",
        "ftp://vault.example",
        "file:///etc/passwd",
        "https://",
        "https://vault.example:99999",
        "https://vault.example?x=y",
        "https://vault.example#x",
        "https://vault.example/a b",
        "https://vault.example\r\nX-Y: z",
        "unix://relative.sock",
    };
    struct http_client *c = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        error_clear(&err);
        if (http_client_new(&(struct http_options){.address = rows[i]}, &c,
                            &err) == 0)
            fail_msg("accepted: %s", rows[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(err.text);
    }
}

static void a_password_in_an_address_is_not_repeated(void **state)
{
    struct http_client *c = NULL;
    struct error err;

    (void)state;
    assert_int_equal(
        http_client_new(
            &(struct http_options){.address = "https://me:hunter2@host"}, &c,
            &err),
        -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_null(strstr(err.text, "hunter2"));
}

static void missing_certificate_files_are_named(void **state)
{
    struct http_options o = {.address = "https://127.0.0.1:1"};
    struct http_client *c = NULL;
    struct error err;

    (void)state;
    o.tls.ca_file = "/nowhere/ca.pem";
    assert_int_equal(http_client_new(&o, &c, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "/nowhere/ca.pem"));
    o.tls.ca_file = NULL;
    o.tls.cert_file = "/dev/null";
    assert_int_equal(http_client_new(&o, &c, &err), -1);
    assert_non_null(strstr(err.text, "go together"));
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    http_client_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_kept_without_their_final_slash),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(a_password_in_an_address_is_not_repeated),
        cmocka_unit_test(missing_certificate_files_are_named),
        cmocka_unit_test(freeing_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
