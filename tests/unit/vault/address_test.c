/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "vault/address.h"

static void an_address_is_its_scheme_host_and_port(void **state)
{
    static const struct {
        const char *given, *normal;
    } rows[] = {
        {"http://a", "http://a:80"},
        {"HTTPS://Vault.Example/v1/x?y#z", "https://vault.example:443"},
        {"https://a:8200/", "https://a:8200"},
        {"http://[::1]:8200/v1", "http://[::1]:8200"},
        {"http://[::1]", "http://[::1]:80"},
        {"unix:///run/x.sock", "unix:///run/x.sock"},
    };
    char out[VAULT_ADDRESS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(address_normal(rows[i].given, out));
        assert_string_equal(out, rows[i].normal);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const rows[] = {"",        "a:8200",     "ftp://a",
                                       "http://", "http://u@a", "//a/v1/x"};
    char out[VAULT_ADDRESS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (address_normal(rows[i], out))
            fail_msg("accepted %s as %s", rows[i], out);
        assert_string_equal(out, "");
    }
}

static void addresses_are_compared_by_meaning(void **state)
{
    (void)state;
    assert_true(address_same("http://A:80/", "http://a"));
    assert_false(address_same("http://a", "https://a"));
    assert_false(address_same("http://a", "http://a.test"));
    assert_false(address_same("http://a:8200", "http://a:8201"));
    assert_false(address_same("", ""));
    assert_true(address_same_scheme("http://a", "http://b"));
    assert_false(address_same_scheme("https://a", "http://a"));
    assert_false(address_same_scheme("unix:///a", "http://a"));
}

static void loopback_is_this_machine_and_nothing_like_it(void **state)
{
    static const char *const here[] = {
        "http://127.0.0.1:8200",
        "https://127.9.9.9",
        "localhost:8201",
        "HTTPS://LocalHost/v1",
        "http://[::1]:8200",
        "[::1]:8201",
        "127.0.0.1",
    };
    static const char *const elsewhere[] = {
        "",
        "https://",
        "unix:///127.0.0.1",
        "localhost.example:8201",
        "https://127.example:8200",
        "127.0.0.1.example",
        "http://[::2]:8200",
        "http://[::1",
        "http://10.0.0.1",
        "http://u@localhost",
    };

    (void)state;
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++)
        assert_true(address_is_loopback(here[i]));
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        assert_false(address_is_loopback(elsewhere[i]));
}

static void paths_are_encoded_but_for_their_slashes(void **state)
{
    char *text = address_encode_path("/v1/secret/a b?c#d%e/\xc3\xbc~");

    (void)state;
    assert_string_equal(text, "/v1/secret/a%20b%3Fc%23d%25e/%C3%BC~");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_its_scheme_host_and_port),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_are_compared_by_meaning),
        cmocka_unit_test(loopback_is_this_machine_and_nothing_like_it),
        cmocka_unit_test(paths_are_encoded_but_for_their_slashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
