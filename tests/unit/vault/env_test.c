/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vault/env.h"

extern char **environ;

static int empty_environment(void **state)
{
    (void)state;
    return clearenv();
}

static void nothing_set_changes_nothing(void **state)
{
    struct vault_options o = {.address = "http://file"};

    (void)state;
    assert_int_equal(vault_options_from_env(&o, NULL), 0);
    assert_string_equal(o.address, "http://file");
    assert_int_equal(o.auth.method, VAULT_AUTH_NONE);
}

static void vault_s_variables_are_read(void **state)
{
    struct vault_options o = {.address = "http://file"};

    (void)state;
    setenv("VAULT_ADDR", "https://a", 1);
    setenv("VAULT_TOKEN", "t", 1);
    setenv("VAULT_CACERT", "ca", 1);
    setenv("VAULT_CAPATH", "cas", 1);
    setenv("VAULT_CLIENT_CERT", "cert", 1);
    setenv("VAULT_CLIENT_KEY", "key", 1);
    setenv("VAULT_TLS_SERVER_NAME", "name", 1);
    setenv("VAULT_SKIP_VERIFY", "T", 1);
    setenv("VAULT_NAMESPACE", "ns", 1);
    assert_int_equal(vault_options_from_env(&o, NULL), 0);
    assert_string_equal(o.address, "https://a");
    assert_int_equal(o.auth.method, VAULT_AUTH_TOKEN);
    assert_string_equal(o.auth.token, "t");
    assert_string_equal(o.tls.ca_file, "ca");
    assert_string_equal(o.tls.ca_dir, "cas");
    assert_string_equal(o.tls.cert_file, "cert");
    assert_string_equal(o.tls.key_file, "key");
    assert_string_equal(o.tls.server_name, "name");
    assert_true(o.tls.skip_verify);
    assert_string_equal(o.namespace, "ns");
}

static void bao_wins_over_vault_unless_empty(void **state)
{
    struct vault_options o = {.address = NULL};

    (void)state;
    setenv("VAULT_ADDR", "http://vault", 1);
    setenv("BAO_ADDR", "http://bao", 1);
    setenv("VAULT_NAMESPACE", "v", 1);
    setenv("BAO_NAMESPACE", "", 1);
    assert_int_equal(vault_options_from_env(&o, NULL), 0);
    assert_string_equal(o.address, "http://bao");
    assert_string_equal(o.namespace, "v");
}

static void a_method_from_a_file_is_left_alone(void **state)
{
    struct vault_options o = {.auth.method = VAULT_AUTH_APPROLE};

    (void)state;
    setenv("VAULT_TOKEN", "t", 1);
    assert_int_equal(vault_options_from_env(&o, NULL), 0);
    assert_int_equal(o.auth.method, VAULT_AUTH_APPROLE);
    assert_null(o.auth.token);
}

static void a_bad_switch_is_named(void **state)
{
    struct vault_options o = {.address = NULL};
    struct error err;

    (void)state;
    setenv("BAO_SKIP_VERIFY", "perhaps", 1);
    assert_int_equal(vault_options_from_env(&o, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "BAO_SKIP_VERIFY"));
}

static void the_token_helper_s_file_is_found(void **state)
{
    struct vault_options o = {.address = NULL};
    char dir[] = "/tmp/assay-env-XXXXXX";
    char path[64];
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    setenv("HOME", dir, 1);
    (void)snprintf(path, sizeof path, "%s/.vault-token", dir);
    assert_int_equal(vault_options_from_env(&o, NULL), 0);
    assert_int_equal(o.auth.method, VAULT_AUTH_NONE);
    f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(vault_options_from_env(&o, NULL), 0);
    assert_int_equal(o.auth.method, VAULT_AUTH_TOKEN_FILE);
    assert_string_equal(o.auth.token_file, path);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_set_changes_nothing, empty_environment),
        cmocka_unit_test_setup(vault_s_variables_are_read, empty_environment),
        cmocka_unit_test_setup(bao_wins_over_vault_unless_empty,
                               empty_environment),
        cmocka_unit_test_setup(a_method_from_a_file_is_left_alone,
                               empty_environment),
        cmocka_unit_test_setup(a_bad_switch_is_named, empty_environment),
        cmocka_unit_test_setup(the_token_helper_s_file_is_found,
                               empty_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
