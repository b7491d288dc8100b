/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody reads who has never done it before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/restore_target.h"

static struct restore_target target(enum vault_product product)
{
    const struct vault_options o = {.address = "https://new:8200"};
    struct restore_target t = {.status = {.product = product}};
    struct error err = {0};

    if (vault_new(&o, &t.vault, &err) != 0)
        fail_msg("%s", err.text);
    return t;
}

static bool ready(struct restore_target *t, const char *type, struct buf *said)
{
    struct unseal_config seal = {.shares = 5, .threshold = 3};

    (void)strncat(seal.type, type, sizeof(seal.type) - 1);
    buf_init(said, 4096);
    return restore_target_ready(t, &seal, said);
}

static void a_new_server_is_told_the_numbers(void **state)
{
    struct restore_target t = target(VAULT_PRODUCT_OPENBAO);
    struct buf said;

    (void)state;
    assert_false(ready(&t, "shamir", &said));
    assert_non_null(strstr(buf_text(&said), "BAO_ADDR=https://new:8200\n"));
    assert_non_null(strstr(buf_text(&said),
                           "bao operator init -key-shares=5 -key-threshold=3\n"
                           "    bao operator unseal\n    bao operator unseal\n"
                           "    bao operator unseal\n    export BAO_TOKEN="));
    buf_done(&said);
    restore_target_done(&t);
}

static void a_seal_by_a_kms_needs_its_stanza(void **state)
{
    struct restore_target t = target(VAULT_PRODUCT_VAULT);
    struct buf said;

    (void)state;
    assert_false(ready(&t, "awskms", &said));
    assert_non_null(strstr(buf_text(&said),
                           "    vault operator init\n    export VAULT_TOKEN="));
    assert_non_null(strstr(buf_text(&said), "seal is awskms"));
    assert_null(strstr(buf_text(&said), "operator unseal"));
    buf_done(&said);
    /* What an archive says does not move the cursor. */
    assert_false(ready(&t, "kms\x1b[2J", &said));
    assert_non_null(strstr(buf_text(&said), "seal is kms\\x1b[2J"));
    buf_done(&said);
    restore_target_done(&t);
}

static void sealed_and_without_a_token(void **state)
{
    struct restore_target t = target(VAULT_PRODUCT_VAULT);
    struct buf said;

    (void)state;
    t.status.initialized = true;
    t.status.sealed = true;
    t.status.threshold = 2;
    t.status.shares = 3;
    assert_false(ready(&t, "shamir", &said));
    assert_non_null(strstr(buf_text(&said), "(2 of 3)"));
    assert_non_null(strstr(buf_text(&said), "vault operator unseal"));
    buf_done(&said);
    t.status.sealed = false;
    assert_false(ready(&t, "shamir", &said));
    assert_non_null(strstr(buf_text(&said), "VAULT_TOKEN"));
    buf_done(&said);
    t.has_token = true;
    assert_true(ready(&t, "shamir", &said));
    assert_string_equal(buf_text(&said), "");
    buf_done(&said);
    restore_target_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_server_is_told_the_numbers),
        cmocka_unit_test(a_seal_by_a_kms_needs_its_stanza),
        cmocka_unit_test(sealed_and_without_a_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
