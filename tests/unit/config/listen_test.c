/* SPDX-License-Identifier: Apache-2.0
 *
 * Where it listens, and with what. */
#include "load.h"

#include <stdio.h>

static void listening_in_the_clear(void **state)
{
    static const char *const good[] = {"127.0.0.1:0", "127.9.9.9:80",
                                       "[::1]:8210", "localhost:8210"};
    static const char *const bad[] = {"0.0.0.0:8210",     "10.0.0.1:8210",
                                      "[::]:8210",        "example.com:80",
                                      "[2001:db8::1]:80", "128.0.0.1:1"};
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(config_is_loopback(good[i]));
        (void)snprintf(text, sizeof(text),
                       "{" CLUSTER ",\"listen\":[{\"address\":\"%s\"}]}",
                       good[i]);
        struct loaded l = load(text);
        assert_int_equal(l.rc, 0);
        config_free(l.config);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(config_is_loopback(bad[i]));
        (void)snprintf(text, sizeof(text),
                       "{" CLUSTER ",\"listen\":[{\"address\":\"%s\"}]}",
                       bad[i]);
        assert_problem(text, "tokens would travel in the clear");
    }
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"8210\"}]}",
                   "listen[0].address: expected host:port");
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"::1:8210\"}]}",
                   "listen[0].address: expected host:port");
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"h:70000\"}]}",
                   "listen[0].address: expected host:port");
    assert_problem("{" CLUSTER ",\"listen\":[{}]}",
                   "listen[0].address: missing");
}

#define LISTEN(text) "{" CLUSTER ",\"listen\":[{" text "}]}"
#define SOCKET "\"address\":\"unix:///run/a.sock\""
#define ANYWHERE "\"address\":\"0.0.0.0:1\""
#define HERE "\"address\":\"127.0.0.1:1\""
#define TLS ",\"tls_cert_file\":\"/c\",\"tls_key_file\":\"/k\""

static void listening_with_tls_or_on_a_socket(void **state)
{
    static const char *const good[] = {
        LISTEN(ANYWHERE TLS),
        LISTEN(HERE TLS ",\"tls_min_version\":\"tls13\""),
        LISTEN(ANYWHERE TLS ",\"tls_client_ca_file\":\"/ca\","
                            "\"tls_require_client_cert\":true"),
        LISTEN(SOCKET),
        LISTEN(SOCKET ",\"socket_mode\":\"0660\",\"socket_user\":\"root\","
                      "\"socket_group\":\"0\""),
        LISTEN(HERE ",\"x_forwarded_for_authorized_addrs\":"
                    "[\"10.0.0.0/8\",\"::1\"],"
                    "\"x_forwarded_for_hop_skips\":1"),
    };
    static const char *const bad[][2] = {
        {LISTEN(ANYWHERE ",\"tls_cert_file\":\"/c\""), "go together"},
        {LISTEN(HERE ",\"tls_key_file\":\"/k\""), "go together"},
        {LISTEN(HERE TLS ",\"tls_disable\":true"), "which one is meant"},
        {LISTEN(SOCKET TLS), "no TLS on a unix socket"},
        {LISTEN(HERE ",\"tls_client_ca_file\":\"/ca\""), "needs tls_cert_file"},
        {LISTEN(HERE ",\"tls_min_version\":\"tls13\""), "needs tls_cert_file"},
        {LISTEN(HERE TLS ",\"tls_min_version\":\"tls11\""),
         "expected one of tls12, tls13"},
        {LISTEN(HERE TLS ",\"tls_require_client_cert\":true"),
         "needs tls_client_ca_file"},
        {LISTEN(HERE ",\"socket_mode\":\"0600\""), "are for unix:///path"},
        {LISTEN(SOCKET ",\"socket_mode\":\"0680\""), "octal"},
        {LISTEN(SOCKET ",\"socket_mode\":\"1777\""), "octal"},
        {LISTEN("\"address\":\"unix://a.sock\""), "absolute path"},
        {LISTEN(HERE ",\"x_forwarded_for_authorized_addrs\":[\"10.0.0.1/8\"]"),
         "an address or a network"},
        {LISTEN(SOCKET ",\"x_forwarded_for_authorized_addrs\":[\"::1\"]"),
         "has no address"},
        {LISTEN(HERE ",\"x_forwarded_for_hop_skips\":1"),
         "needs x_forwarded_for_authorized_addrs"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct loaded l = load(good[i]);

        assert_int_equal(l.rc, 0);
        config_free(l.config);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_problem(bad[i][0], bad[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listening_in_the_clear),
        cmocka_unit_test(listening_with_tls_or_on_a_socket),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
