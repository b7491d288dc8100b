/* SPDX-License-Identifier: Apache-2.0
 *
 * From the configuration to the modules' options; and what the service
 * manager is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/notify.h"
#include "cli/settings.h"

static struct config *load(const char *const *env)
{
    const struct config_source source = {.env = env};
    struct config_report report;
    struct config *config = NULL;

    assert_int_equal(config_load(&source, &report, &config), 0);
    return config;
}

static void approle_arrives_at_the_client(void **state)
{
    static const char *const env[] = {
        "ASSAY_CLUSTERS_MAIN_ADDRESS=https://v:8200",
        "ASSAY_CLUSTERS_MAIN_PEERS=https://w:8200,https://x:8200",
        "ASSAY_CLUSTERS_MAIN_NAMESPACE=ns",
        "ASSAY_CLUSTERS_MAIN_CA_CERT_FILE=/dev/null",
        "ASSAY_CLUSTERS_MAIN_TLS_SERVER_NAME=vault",
        "ASSAY_CLUSTERS_MAIN_AUTH_ROLE_ID=r",
        "ASSAY_CLUSTERS_MAIN_AUTH_SECRET_ID_FILE=/dev/null",
        NULL};
    struct config *config = load(env);
    struct vault_options o;
    struct error err = {0};

    (void)state;
    assert_int_equal(settings_vault(&config->clusters[0], &o, &err), 0);
    assert_string_equal(o.address, "https://v:8200");
    assert_string_equal(o.peers[1], "https://x:8200");
    assert_null(o.peers[2]);
    assert_string_equal(o.namespace, "ns");
    assert_string_equal(o.tls.ca_file, "/dev/null");
    assert_string_equal(o.tls.server_name, "vault");
    assert_false(o.tls.skip_verify);
    assert_int_equal(o.auth.method, VAULT_AUTH_APPROLE);
    assert_string_equal(o.auth.role_id, "r");
    assert_string_equal(o.auth.secret_id_file, "/dev/null");
    config_free(config);
}

static void who_restores_may_be_another(void **state)
{
    static const char *const env[] = {
        "ASSAY_CLUSTERS_MAIN_ADDRESS=https://v:8200",
        "ASSAY_CLUSTERS_MAIN_AUTH_ROLE_ID=r",
        "ASSAY_CLUSTERS_MAIN_RESTORE_AUTH_METHOD=approver",
        "ASSAY_CLUSTERS_MAIN_RESTORE_AUTH_ROLE_ID=other",
        "ASSAY_CLUSTERS_SPARE_ADDRESS=https://w:8200",
        "ASSAY_CLUSTERS_SPARE_AUTH_ROLE_ID=s",
        "ASSAY_CLUSTERS_SPARE_AUTH_ALLOW_ROOT=true",
        NULL};
    struct config *config = load(env);
    struct vault_options o;
    struct error err = {0};

    (void)state;
    assert_int_equal(settings_vault(&config->clusters[0], &o, &err), 0);
    assert_string_equal(o.auth.role_id, "r");
    assert_true(o.refuse_root);
    assert_int_equal(settings_restore_vault(&config->clusters[0], &o, &err), 0);
    assert_string_equal(o.address, "https://v:8200");
    assert_int_equal(o.auth.method, VAULT_AUTH_APPROVER);
    assert_string_equal(o.auth.role_id, "other");
    assert_true(o.refuse_root);
    /* Without one, the one for everything. */
    assert_int_equal(settings_restore_vault(&config->clusters[1], &o, &err), 0);
    assert_int_equal(o.auth.method, VAULT_AUTH_APPROLE);
    assert_string_equal(o.auth.role_id, "s");
    assert_false(o.refuse_root);
    config_free(config);
}

static void vaults_own_variables_fill_in(void **state)
{
    static const char *const env[] = {"VAULT_ADDR=http://v:1", NULL};
    struct config *config = load(env);
    struct vault_options o;
    struct error err = {0};

    (void)state;
    assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
    assert_int_equal(setenv("VAULT_ADDR", "http://v:1", 1), 0);
    assert_int_equal(unsetenv("VAULT_TOKEN"), 0);
    assert_int_equal(unsetenv("BAO_TOKEN"), 0);
    assert_int_equal(settings_vault(&config->clusters[0], &o, &err), -1);
    assert_non_null(strstr(err.text, "no credential; set VAULT_TOKEN"));
    assert_int_equal(setenv("VAULT_TOKEN", "t", 1), 0);
    assert_int_equal(settings_vault(&config->clusters[0], &o, &err), 0);
    assert_string_equal(o.address, "http://v:1");
    assert_string_equal(o.auth.token, "t");
    config_free(config);
}

static void the_engine_gets_its_settings(void **state)
{
    static const char *const env[] = {
        "VAULT_ADDR=http://v:1",
        "ASSAY_DRAIN=0",
        "ASSAY_TRANSIENT_SERVER=/opt/bao",
        "ASSAY_TRANSIENT_ISOLATION=off",
        "ASSAY_VALIDATION_REQUIRED=intact,lossless",
        "ASSAY_CANARY_MOUNT=/birds/",
        "ASSAY_RESTORE_SERVER_READ_TIMEOUT=90s",
        "ASSAY_TRUSTED_KEYS="
        "000102030405060708090a0b0c0d0e0f"
        "101112131415161718191a1b1c1d1e1f",
        NULL};
    struct config *config = load(env);
    struct jobs_options o = settings_jobs(config);
    uint8_t(*keys)[32] = NULL;
    size_t count = 0;
    struct error err = {0};

    (void)state;
    assert_string_equal(o.transient_server, "/opt/bao");
    assert_true(o.transient_no_isolation);
    assert_int_equal(o.required_count, 2);
    assert_string_equal(o.canary_mount, "birds");
    assert_string_equal(o.required[1], "lossless");
    assert_int_equal(o.http_read_timeout_ms, 90000);
    assert_int_equal(o.drain_ms, 1); /* 0 would be the default */
    assert_int_equal(settings_trusted_keys(config, &keys, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(keys[0][31], 0x1f);
    free(keys);
    config_free(config);
}

static void drivers_arrive_with_their_settings(void **state)
{
    static const char *const env[] = {
        "ASSAY_CLUSTERS_MAIN_ADDRESS=https://v:8200",
        "ASSAY_CLUSTERS_MAIN_AUTH_TOKEN_FILE=/dev/null",
        "ASSAY_TRANSIENT_DRIVER=command",
        "ASSAY_TRANSIENT_EGRESS_BLOCKED=true",
        "ASSAY_TRANSIENT_AUTH_ROLE_ID=r",
        "ASSAY_TRANSIENT_COMMAND_UP=/up,-v",
        "ASSAY_TRANSIENT_COMMAND_DOWN=/down",
        "ASSAY_TRANSIENT_COMMAND_TIMEOUT=5s",
        "ASSAY_TRANSIENT_TERRAFORM_DIR=/",
        "ASSAY_TRANSIENT_TERRAFORM_VARS=a=1,b=2",
        "ASSAY_TRANSIENT_EXISTING_ADDRESS=https://scratch",
        "ASSAY_TRANSIENT_EXISTING_TOKEN_FILE=/dev/null",
        "ASSAY_TRANSIENT_EXISTING_KEY_FILES=/a,/b",
        NULL};
    struct config *config = load(env);
    struct settings_drivers s;
    struct error err = {0};

    (void)state;
    assert_string_equal(settings_jobs(config).transient_driver, "command");
    assert_int_equal(settings_drivers_init(config, &s, &err), 0);
    assert_true(s.drivers.egress_blocked);
    assert_false(s.drivers.allow_generate_root);
    assert_int_equal(s.drivers.auth->method, VAULT_AUTH_APPROLE);
    assert_string_equal(s.drivers.command.up[1], "-v");
    assert_null(s.drivers.command.up[2]);
    assert_null(s.drivers.command.status);
    assert_int_equal(s.drivers.command.timeout_ms, 5000);
    assert_int_equal(s.drivers.terraform.vars.count, 2);
    assert_string_equal(s.drivers.terraform.vars.items[1].name, "b");
    assert_string_equal(s.drivers.terraform.vars.items[1].value, "2");
    assert_string_equal(s.drivers.existing.key_files[1], "/b");
    settings_drivers_done(&s);
    config_free(config);
}

static void the_service_manager_is_told(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char dir[] = "/tmp/assay-notify-XXXXXX";
    char got[32] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", dir);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
    notify_service_manager("READY=1");
    assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 7);
    assert_string_equal(got, "READY=1");
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    notify_service_manager("READY=1"); /* nothing, quietly */
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    notify_service_manager("READY=1");
    assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), -1);
    (void)close(fd);
    assert_int_equal(unlink(at.sun_path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(approle_arrives_at_the_client),
        cmocka_unit_test(who_restores_may_be_another),
        cmocka_unit_test(vaults_own_variables_fill_in),
        cmocka_unit_test(the_engine_gets_its_settings),
        cmocka_unit_test(drivers_arrive_with_their_settings),
        cmocka_unit_test(the_service_manager_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
