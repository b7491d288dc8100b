/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/settings_listen.h"

static struct config *load(const char *const *env)
{
    const struct config_source source = {.env = env, .offline = true};
    struct config_report report;
    struct config *config = NULL;

    assert_int_equal(config_load(&source, &report, &config), 0);
    return config;
}

static void every_setting_arrives(void **state)
{
    static const char *const env[] = {
        "ASSAY_LISTEN=10.0.0.1:1,unix:///run/a.sock",
        "ASSAY_LISTEN_0_TLS_CERT_FILE=/c",
        "ASSAY_LISTEN_0_TLS_KEY_FILE=/k",
        "ASSAY_LISTEN_0_TLS_MIN_VERSION=tls13",
        "ASSAY_LISTEN_0_TLS_CLIENT_CA_FILE=/ca",
        "ASSAY_LISTEN_0_TLS_REQUIRE_CLIENT_CERT=true",
        "ASSAY_LISTEN_0_X_FORWARDED_FOR_AUTHORIZED_ADDRS=::1,10.0.0.0/8",
        "ASSAY_LISTEN_0_X_FORWARDED_FOR_HOP_SKIPS=2",
        "ASSAY_LISTEN_0_X_FORWARDED_FOR_REJECT_NOT_PRESENT=false",
        "ASSAY_LISTEN_1_SOCKET_MODE=0660",
        "ASSAY_LISTEN_1_SOCKET_USER=root",
        "ASSAY_LISTEN_1_SOCKET_GROUP=4242",
        NULL};
    struct config *config = load(env);
    struct server_listen l[SERVER_LISTEN_MAX];
    struct error err = {0};

    (void)state;
    assert_int_equal(settings_listen(config, l, &err), 0);
    assert_string_equal(l[0].address, "10.0.0.1:1");
    assert_string_equal(l[0].tls.cert_file, "/c");
    assert_string_equal(l[0].tls.key_file, "/k");
    assert_true(l[0].tls.only_1_3);
    assert_string_equal(l[0].tls.client_ca_file, "/ca");
    assert_true(l[0].tls.require_client_cert);
    assert_int_equal(l[0].forwarded.trusted_count, 2);
    assert_string_equal(l[0].forwarded.trusted[1], "10.0.0.0/8");
    assert_int_equal(l[0].forwarded.hop_skips, 2);
    assert_true(l[0].forwarded.reject_untrusted);
    assert_false(l[0].forwarded.reject_absent);
    assert_false(l[0].socket.chown);
    assert_string_equal(l[1].address, "unix:///run/a.sock");
    assert_null(l[1].tls.cert_file);
    assert_false(l[1].tls.only_1_3);
    assert_int_equal(l[1].socket.mode, 0660);
    assert_true(l[1].socket.chown);
    assert_int_equal(l[1].socket.uid, 0);
    assert_int_equal(l[1].socket.gid, 4242);
    config_free(config);
}

static void whom_the_system_does_not_know(void **state)
{
    static const char *const user[] = {
        "ASSAY_LISTEN=unix:///run/a.sock",
        "ASSAY_LISTEN_0_SOCKET_USER=no-such-user", NULL};
    static const char *const group[] = {
        "ASSAY_LISTEN=unix:///run/a.sock",
        "ASSAY_LISTEN_0_SOCKET_GROUP=no-such-group", NULL};
    const char *const *const both[] = {user, group};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct config *config = load(both[i]);
        struct server_listen l[SERVER_LISTEN_MAX];
        struct error err = {0};

        assert_int_equal(settings_listen(config, l, &err), -1);
        assert_non_null(strstr(err.text, "listen[0]: socket_"));
        assert_non_null(strstr(err.text, "no-such-"));
        config_free(config);
    }
}

static void limits_arrive(void **state)
{
    static const char *const env[] = {
        "ASSAY_LIMITS_CONNECTIONS=1",
        "ASSAY_LIMITS_CONNECTIONS_PER_CLIENT=1",
        "ASSAY_LIMITS_LONG_POLLS=3",
        "ASSAY_LIMITS_REQUEST_TIMEOUT=4s",
        "ASSAY_LIMITS_IDLE_TIMEOUT=5s",
        "ASSAY_LIMITS_SEND_TIMEOUT=6s",
        "ASSAY_LIMITS_REQUESTS_PER_SECOND=7",
        "ASSAY_LIMITS_BURST=8",
        "ASSAY_LIMITS_CALLER_REQUESTS_PER_SECOND=0",
        "ASSAY_LIMITS_CALLER_BURST=10",
        NULL};
    struct config *config = load(env);
    struct server_options o = {0};

    (void)state;
    settings_limits(config, &o);
    assert_int_equal(o.connections, 1);
    assert_int_equal(o.connections_per_client, 1);
    assert_int_equal(o.parked, 3);
    assert_int_equal(o.request_ms, 4000);
    assert_int_equal(o.idle_ms, 5000);
    assert_int_equal(o.send_ms, 6000);
    assert_int_equal(o.rates.all.per_second, 7);
    assert_int_equal(o.rates.all.burst, 8);
    assert_int_equal(o.rates.caller.per_second, 0);
    assert_int_equal(o.rates.caller.burst, 10);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_arrives),
        cmocka_unit_test(whom_the_system_does_not_know),
        cmocka_unit_test(limits_arrive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
