/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/health.h"
#include "cli/reload.h"

static const char *const before[] = {
    "ASSAY_CLUSTERS_MAIN_ADDRESS=http://v:8200",
    "ASSAY_CLUSTERS_MAIN_AUTH_TOKEN=t",
    NULL,
};

static struct config *load(const char *const *env)
{
    const struct config_source source = {.env = env};
    struct config_report report;
    struct config *config = NULL;

    assert_int_equal(config_load(&source, &report, &config), 0);
    return config;
}

static char paths[512];

static void note(void *ctx, const char *path)
{
    size_t len = strlen(paths);

    (void)ctx;
    (void)snprintf(paths + len, sizeof(paths) - len, "%s ", path);
}

static const char *restart_between(const char *const *from,
                                   const char *const *to)
{
    struct config *old = load(from);
    struct config *new = load(to);
    struct error err = {0};

    paths[0] = '\0';
    assert_int_equal(reload_needs_restart(old, new, note, NULL, &err), 0);
    config_free(old);
    config_free(new);
    return paths;
}

/* What needs a restart when `change` is added to the environment. */
static const char *restart_for(const char *change)
{
    const char *env[4] = {before[0], before[1], change, NULL};

    return restart_between(before, env);
}

/* When the one token belongs to somebody else. */
static const char *with_break_glass(const char *then, const char *now)
{
    const char *env[2][6];
    char name[2][80];

    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(name[i], sizeof(name[i]),
                       "ASSAY_ACCESS_BREAK_GLASS_0_NAME=%s",
                       i == 0 ? then : now);
        env[i][0] = before[0];
        env[i][1] = before[1];
        env[i][2] = name[i];
        env[i][3] = ("ASSAY_ACCESS_BREAK_GLASS_0_SHA256="
                     "0123456789abcdef0123456789abcdef"
                     "0123456789abcdef0123456789abcdef");
        env[i][4] = "ASSAY_ACCESS_BREAK_GLASS_0_EXPIRES=2999-01-01T00:00:00Z";
        env[i][5] = NULL;
    }
    return restart_between(env[0], env[1]);
}

static void what_changes_at_once(void **state)
{
    (void)state;
    assert_string_equal(restart_for("ASSAY_LOG_LEVEL=debug"), "");
    assert_string_equal(restart_for("ASSAY_VALIDATION_REQUIRED=intact"), "");
    assert_string_equal(restart_for("ASSAY_TRANSIENT_SERVER=/bin/true"), "");
    assert_string_equal(restart_for("ASSAY_RESTORE_SETTLE=5m"), "");
    assert_string_equal(restart_for("ASSAY_DRAIN=5m"), "");
    assert_string_equal(restart_for("ASSAY_LIMITS_BURST=7"), "");
    assert_string_equal(restart_for("ASSAY_LIMITS_CALLER_BURST=7"), "");
    assert_string_equal(restart_for("ASSAY_AUDIT_HEADS_EVERY=7m"), "");
    assert_string_equal(restart_for("ASSAY_NOTIFY_COMMAND=true"), "");
    assert_string_equal(restart_for("ASSAY_ORACLES_TERRAFORM_DIR=/tmp"), "");
    assert_string_equal(restart_for("ASSAY_UNSEAL_KEY_FILES=/dev/null"), "");
    assert_string_equal(with_break_glass("ann", "bob"), "");
}

static void what_needs_a_restart(void **state)
{
    (void)state;
    assert_string_equal(restart_for("ASSAY_LISTEN=127.0.0.1:1"), "listen ");
    assert_string_equal(restart_for("ASSAY_LIMITS_CONNECTIONS=7"),
                        "limits.connections ");
    assert_string_equal(restart_for("ASSAY_LIMITS_IDLE_TIMEOUT=7"),
                        "limits.idle_timeout ");
    assert_string_equal(restart_for("ASSAY_AUDIT_FILE=/x"), "audit.file ");
    assert_string_equal(restart_for("ASSAY_DATA_DIR=/x"), "data_dir storage ");
    assert_string_equal(restart_for("ASSAY_USER=nobody"), "user ");
    assert_string_equal(restart_for("ASSAY_ACCESS_MOUNT=x"), "access.mount ");
    assert_string_equal(restart_for("ASSAY_CLUSTERS_MAIN_NAMESPACE=x"),
                        "clusters.main.namespace ");
    assert_string_equal(restart_for("ASSAY_CLUSTERS_MAIN_AUTH_MOUNT=x"),
                        "clusters.main.auth ");
}

static void where_health_asks(void **state)
{
    static const char *const pairs[][2] = {
        {"127.0.0.1:8210", "http://127.0.0.1:8210"},
        {"0.0.0.0:8210", "http://127.0.0.1:8210"},
        {"[::]:8210", "http://[::1]:8210"},
        {"10.1.2.3:1,0.0.0.0:2", "http://10.1.2.3:1"},
        {"https://assay.example", "https://assay.example"},
        {"unix:///run/a.sock", "unix:///run/a.sock"},
        {"unix:///run/a.sock,127.0.0.1:8210", "unix:///run/a.sock"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *url = health_url(pairs[i][0]);

        assert_string_equal(url, pairs[i][1]);
        free(url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_at_once),
        cmocka_unit_test(what_needs_a_restart),
        cmocka_unit_test(where_health_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
