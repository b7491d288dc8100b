/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "transient/process_options.h"

static void test_a_copy_is_whole(void **state)
{
    char name[] = "/etc/seal.key";
    const char *files[] = {name, "/etc/ca.pem"};
    const struct transient_process from = {.seal_file = name,
                                           .seal_files = files,
                                           .seal_files_count = 2,
                                           .license_file = "",
                                           .client_address = name,
                                           .memory_limit = 7,
                                           .time_limit_ms = 9};
    struct transient_process *copy = NULL;
    struct error err;

    (void)state;
    assert_int_equal(transient_process_copy(&from, &copy, &err), 0);
    name[0] = 'x';
    files[1] = NULL;
    assert_string_equal(copy->seal_file, "/etc/seal.key");
    assert_string_equal(copy->client_address, "/etc/seal.key");
    assert_string_equal(copy->seal_files[0], "/etc/seal.key");
    assert_string_equal(copy->seal_files[1], "/etc/ca.pem");
    assert_null(copy->license_file);
    assert_null(copy->seal_endpoint);
    assert_int_equal(copy->memory_limit, 7);
    assert_int_equal(copy->time_limit_ms, 9);
    transient_process_free(copy);
    transient_process_free(NULL);
}

static void test_endpoints(void **state)
{
    static const char *const bad[] = {
        "",           "host",      ":443",      "host:",   "host:0",
        "host:65536", "ho st:443", "[::1]:443", "a:b:443", "http://host:443",
    };
    struct transient_endpoint e;
    struct error err;

    (void)state;
    assert_int_equal(transient_endpoint_parse("kms.example:443", &e, &err), 0);
    assert_string_equal(e.host, "kms.example");
    assert_int_equal(e.port, 443);
    assert_int_equal(transient_endpoint_parse("10.0.0.1:8200", &e, &err), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(transient_endpoint_parse(bad[i], &e, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_is_whole),
        cmocka_unit_test(test_endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
