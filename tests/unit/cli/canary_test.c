/* SPDX-License-Identifier: Apache-2.0
 *
 * The command around vault/canary_setup.c: whose token, which mount, and the
 * exit code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/canary.h"
#include "standin.h"

#define M "team/birds"
/* Of "hello". */
#define SUM "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static struct standin there;

static const char *const all_there[] = {
    "body:path=sys/mounts/" M "-transit,json={\"data\":{\"type\":\"transit\"}}",
    "body:path=sys/mounts/" M ",json={\"data\":{\"type\":\"kv\",\"options\":"
    "{\"version\":\"2\"}}}",
    "body:path=" M "/metadata/marker,json={\"data\":{\"max_versions\":10}}",
    "body:path=" M "-transit/keys/canary,json={\"data\":{}}",
    "body:path=" M "/data/ciphertext,json={\"data\":{\"data\":{\"ciphertext\":"
    "\"vault:v1:x\",\"plaintext_sha256\":\"" SUM "\"}}}",
    "body:path=" M "-transit/decrypt,json={\"data\":{\"plaintext\":"
    "\"aGVsbG8=\"}}",
    NULL};

static int run(const char *a, const char *b)
{
    char *argv[] = {(char *)(uintptr_t) "canary", (char *)(uintptr_t)a,
                    (char *)(uintptr_t)b, NULL};

    return cli_canary(a == NULL ? 1 : b == NULL ? 2 : 3, argv);
}

static int set_up(void **state)
{
    (void)state;
    standin_start(&there, NULL);
    assert_int_equal(setenv("VAULT_ADDR", there.address, 1), 0);
    assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
    assert_int_equal(setenv("ASSAY_CANARY_MOUNT", "/" M "/", 1), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    standin_stop(&there);
    return 0;
}

static void wrong_use_is_two(void **state)
{
    (void)state;
    assert_int_equal(run(NULL, NULL), 2);
    assert_int_equal(run("sing", NULL), 2);
    assert_int_equal(run("setup", "-nonsense"), 2);
    assert_int_equal(run("setup", "more"), 2);
    assert_int_equal(run("-help", NULL), 0);
}

static void without_a_token_nothing_is_asked(void **state)
{
    (void)state;
    unsetenv("VAULT_TOKEN");
    assert_int_equal(run("setup", NULL), 1);
    assert_int_equal(standin_count(&there, "GET", "sys/leader", false), 0);
}

static void it_is_done_as_whom_the_environment_says(void **state)
{
    (void)state;
    assert_int_equal(setenv("VAULT_TOKEN", "root", 1), 0);
    standin_faults(&there, all_there);
    assert_int_equal(run("setup", NULL), 0);
    assert_int_equal(standin_count(&there, "GET", "sys/mounts/" M, true), 1);
    assert_int_equal(standin_count(&there, "POST", "auth/approle/login", false),
                     0);
    assert_int_equal(setenv("VAULT_TOKEN", "s.stranger", 1), 0);
    standin_reset(&there);
    assert_int_equal(run("setup", NULL), 1);
    assert_int_equal(run("setup", "-cluster=other"), 1);
}

static void policies_need_no_cluster(void **state)
{
    (void)state;
    unsetenv("VAULT_TOKEN");
    unsetenv("VAULT_ADDR");
    assert_int_equal(run("setup", "-print-policy"), 0);
    assert_int_equal(run("setup", NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_use_is_two),
        cmocka_unit_test(without_a_token_nothing_is_asked),
        cmocka_unit_test(it_is_done_as_whom_the_environment_says),
        cmocka_unit_test(policies_need_no_cluster),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
