/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transient/client_address.h"

static void test_the_way_to_this_machine_is_loopback(void **state)
{
    static const char *const urls[] = {
        "http://127.0.0.1",
        "https://127.0.0.1:8200/v1/x",
        "http://localhost:8200",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char out[INET_ADDRSTRLEN] = "x";

        assert_true(client_address_towards(urls[i], out));
        assert_string_equal(out, "127.0.0.1");
    }
}

static void test_no_way_that_has_such_an_address(void **state)
{
    static const char *const urls[] = {
        "unix:///run/vault.sock", "https://[::1]:8200", "", "nothing",
        "ftp://127.0.0.1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char out[INET_ADDRSTRLEN] = "x";

        assert_false(client_address_towards(urls[i], out));
        assert_string_equal(out, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_way_to_this_machine_is_loopback),
        cmocka_unit_test(test_no_way_that_has_such_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
