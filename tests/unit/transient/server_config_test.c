/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "transient/server_config.h"

static void test_both_products_get_what_they_need(void **state)
{
    struct server_config c = {.dir = "/t-1",
                              .product = "vault",
                              .api_port = 8200,
                              .cluster_port = 8201};
    struct error err;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(server_config_write(&c, &out, &err), 0);
    assert_non_null(strstr(out.data, "path = \"/t-1/raft\""));
    assert_non_null(strstr(out.data, "performance_multiplier = 1"));
    assert_non_null(strstr(out.data, " address = \"127.0.0.1:8200\""));
    assert_null(strstr(out.data, "unix"));
    assert_non_null(strstr(out.data, "cluster_address = \"127.0.0.1:8201\""));
    assert_non_null(strstr(out.data, "disable_mlock = true"));
    buf_clear(&out);
    c.product = "openbao";
    assert_int_equal(server_config_write(&c, &out, &err), 0);
    assert_null(strstr(out.data, "disable_mlock"));
    assert_null(strstr(out.data, "generate_root"));
    buf_done(&out);
}

/* Where another process could listen on the port first. */
static void test_a_socket_of_its_own(void **state)
{
    static const char setting[] =
        "disable_unauthed_generate_root_endpoints = false";
    struct server_config c = {.dir = "/t-1",
                              .product = "openbao",
                              .api_port = 8200,
                              .cluster_port = 8201,
                              .generate_root = true,
                              .own_socket = true};
    struct error err;
    struct buf out;
    const char *tcp;

    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(server_config_write(&c, &out, &err), 0);
    assert_non_null(strstr(out.data, "address = \"/t-1/api.sock\""));
    tcp = strstr(out.data, "listener \"tcp\"");
    assert_non_null(tcp);
    assert_non_null(strstr(out.data, setting));
    assert_null(strstr(tcp, setting));
    buf_done(&out);
}

/* Vault offers it anyway, and does not know the setting. */
static void test_root_tokens_are_offered_where_that_is_said(void **state)
{
    static const char setting[] =
        "disable_unauthed_generate_root_endpoints = false";
    struct server_config c = {
        .dir = "/t-1", .product = "openbao", .generate_root = true};
    struct error err;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(server_config_write(&c, &out, &err), 0);
    assert_non_null(strstr(out.data, setting));
    buf_clear(&out);
    c.product = "vault";
    assert_int_equal(server_config_write(&c, &out, &err), 0);
    assert_null(strstr(out.data, setting));
    buf_done(&out);
}

static void test_a_directory_cannot_add_settings(void **state)
{
    struct server_config c = {.dir = "/x\"\nui = true\n", .product = "vault"};
    struct error err;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(server_config_write(&c, &out, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_products_get_what_they_need),
        cmocka_unit_test(test_a_socket_of_its_own),
        cmocka_unit_test(test_root_tokens_are_offered_where_that_is_said),
        cmocka_unit_test(test_a_directory_cannot_add_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
