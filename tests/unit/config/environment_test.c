/* SPDX-License-Identifier: Apache-2.0
 *
 * What variables of the environment set, and flags after them. */
#include "load.h"

static void environment_by_path(void **state)
{
    static const char *const env[] = {
        "PATH=/bin",
        "ASSAY_CLUSTERS_MAIN_ADDRESS=https://other:8200",
        "ASSAY_CLUSTERS_DR_SITE_ADDRESS=https://dr:8200",
        "ASSAY_CLUSTERS_DR_SITE_AUTH_TOKEN_FILE=/dev/null",
        "ASSAY_STORAGE_DISK_PATH=/s",
        "ASSAY_LISTEN_0_TLS_DISABLE=1",
        "ASSAY_LISTEN=0.0.0.0:1, 127.0.0.1:2",
        "ASSAY_TRANSIENT_SERVER=/opt/bao",
        "ASSAY_DATA_DIR=/dd",
        "ASSAY_DRAIN=2m",
        "ASSAY_VALIDATION_REQUIRED=intact, lossless",
        "ASSAY_LOG_LEVEL=warn",
        "ASSAY_ACCESS_MOUNT=m",
        NULL,
    };
    struct loaded l = load_env("{" CLUSTER "}", env, false);
    const struct config *c = l.config;

    (void)state;
    assert_int_equal(l.report.errors, 0);
    assert_int_equal(l.report.warnings, 0);
    assert_int_equal(c->clusters_count, 2);
    assert_string_equal(c->clusters[0].address, "https://other:8200");
    assert_string_equal(c->clusters[1].name, "dr_site");
    assert_int_equal(c->clusters[1].auth.method, CONFIG_AUTH_TOKEN_FILE);
    assert_string_equal(c->storage[0].path, "/s");
    assert_int_equal(c->listen_count, 2);
    assert_true(c->listen[0].tls_disable);
    assert_string_equal(c->listen[1].address, "127.0.0.1:2");
    assert_string_equal(c->transient.server, "/opt/bao");
    assert_string_equal(c->data_dir, "/dd");
    assert_int_equal(c->drain_ms, 120000);
    assert_int_equal(c->validation.required.count, 2);
    assert_string_equal(c->validation.required.items[1], "lossless");
    assert_int_equal(config_log_level(c), LOG_LEVEL_WARN);
    assert_string_equal(c->access.mount, "m");
    config_free(l.config);
}

static void environment_problems(void **state)
{
    static const char *const env[] = {
        "ASSAY_LOG_LEVEL=loud",
        "ASSAY_SCHEDULES_NIGHTLY_CRON=x",
        "ASSAY_DATA_DRI=/x",
        "ASSAY_TEST_VAULT=/x",
        "ASSAY_PORT=tcp://1.2.3.4:8210",
        "ASSAY_SERVICE_HOST=1.2.3.4",
        "ASSAY_CONFIG=/x",
        "ASSAY_LISTEN_5_TLS_DISABLE=1",
        NULL,
    };
    struct loaded l = load_env("{" CLUSTER "}", env, false);

    (void)state;
    assert_int_equal(l.rc, -1);
    assert_said(&l, "ASSAY_LOG_LEVEL: expected one of error, warn, info");
    assert_said(&l, "ASSAY_SCHEDULES_NIGHTLY_CRON: not available");
    assert_said(&l, "ASSAY_DATA_DRI: unknown variable, ignored; did you mean "
                    "ASSAY_DATA_DIR?");
    assert_said(&l, "ASSAY_LISTEN_5_TLS_DISABLE: unknown variable");
    assert_int_equal(l.report.errors, 2);
    assert_int_equal(l.report.warnings, 2);
}

static void vault_variables(void **state)
{
    static const char *const env[] = {
        "VAULT_ADDR=https://v:8200", "VAULT_TOKEN=hvs.secret",
        "ASSAY_UNSEAL_KEY_FILES=/dev/null,/dev/zero", NULL};
    static const char *const keys_only[] = {"ASSAY_UNSEAL_KEY_FILES=/dev/null",
                                            NULL};
    struct loaded l = load_env(NULL, env, false);

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_true(l.config->clusters[0].from_environment);
    assert_null(l.config->clusters[0].address);
    assert_int_equal(l.config->clusters[0].unseal.key_files.count, 2);
    assert_false(l.config->clusters[0].auth.allow_root);
    config_free(l.config);

    l = load_env(NULL, no_env, false);
    assert_int_equal(l.rc, -1);
    assert_said(&l, "neither VAULT_ADDR nor BAO_ADDR is set");

    l = load_env(NULL, keys_only, true);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.config->clusters[0].unseal.key_files.count, 1);
    config_free(l.config);

    l = load_env("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                 "{\"method\":\"token\"}}}}",
                 env, false);
    assert_int_equal(l.rc, 0);
    assert_string_equal(l.config->clusters[0].auth.token, "hvs.secret");
    assert_false(l.config->clusters[0].from_environment);
    config_free(l.config);

    assert_problem("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                   "{\"method\":\"token\"}}}}",
                   "clusters.m.auth.token: missing");
}

static void flag_beats_all(void **state)
{
    static const char *const env[] = {"ASSAY_LISTEN=127.0.0.1:1", NULL};
    struct config_source source = {
        .env = env, .dev = true, .listen = "127.0.0.1:2,[::1]:3"};
    struct config_report report;
    struct config *config = NULL;

    (void)state;
    assert_int_equal(config_load(&source, &report, &config), 0);
    assert_int_equal(config->listen_count, 2);
    assert_string_equal(config->listen[0].address, "127.0.0.1:2");
    assert_string_equal(config->listen[1].address, "[::1]:3");
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_by_path),
        cmocka_unit_test(environment_problems),
        cmocka_unit_test(vault_variables),
        cmocka_unit_test(flag_beats_all),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
