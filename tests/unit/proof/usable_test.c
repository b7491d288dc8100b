/* SPDX-License-Identifier: Apache-2.0
 *
 * Against the stand-in as the restored copy: each part of the answer, and
 * what the sum of them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proof/check.h"
#include "proof/usable.h"
#include "standin.h"
#include "vault/vault.h"

#define M "assay-canary"
#define NONCE "00112233445566778899aabbccddeeff"
/* Of "hello". */
#define SUM "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define MARKER                                                                 \
    "body:path=" M "/data/marker,json={\"data\":{\"data\":"                    \
    "{\"nonce\":\"" NONCE "\"}}}"
#define DECRYPTS                                                               \
    "body:path=" M "-transit/decrypt,json={\"data\":"                          \
    "{\"plaintext\":\"aGVsbG8=\"}}"

static struct standin copy;

static const struct vault_canary_marker marker = {.nonce = NONCE, .version = 7};
static const struct vault_canary_cipher cipher = {.text = "vault:v1:x",
                                                  .sha256 = SUM};
static const struct vault_canary_marker no_marker;
static const struct vault_canary_cipher no_cipher;

static struct proof_canary whole(void)
{
    return (struct proof_canary){
        .configured = true,
        .mount = M,
        .marker = &marker,
        .marker_problem = "",
        .cipher = &cipher,
        .cipher_problem = "",
    };
}

static struct proof_result ask(const struct proof_canary *canary,
                               const char *const *faults, const char *token)
{
    const struct vault_options o = {
        .address = copy.address,
        .call_timeout_ms = 2000,
        .auth = {.method = VAULT_AUTH_APPROLE,
                 .role_id = "role",
                 .secret_id = "secret"},
    };
    struct proof_context c = {.canary = canary};
    struct vault *v = NULL;
    struct proof_result r;
    struct error err = {0};

    standin_faults(&copy, faults);
    assert_int_equal(vault_new(&o, &v, &err), 0);
    if (token != NULL)
        assert_int_equal(vault_use_token(v, token, &err), 0);
    c.transient = v;
    assert_int_equal(proof_run(proof_check_find("usable"), &c, &r, &err), 0);
    vault_free(v);
    return r;
}

static void assert_says(struct proof_result *r, enum proof_outcome outcome,
                        unsigned covered, const char *word)
{
    if (r->outcome != outcome || strstr(r->message, word) == NULL)
        fail_msg("%s: %s", proof_outcome_text(r->outcome), r->message);
    assert_int_equal(r->covered, covered);
    assert_int_equal(r->total, 3);
    proof_result_done(r);
}

static void test_all_three(void **state)
{
    static const char *const faults[] = {MARKER, DECRYPTS, NULL};
    const struct proof_canary c = whole();
    struct proof_result r = ask(&c, faults, NULL);

    (void)state;
    assert_int_equal(r.findings_total, 0);
    assert_says(&r, PROOF_PASS, 3, "nonce of this backup");
}

static void test_what_the_copy_has_lost(void **state)
{
    static const struct {
        const char *faults[4];
        const char *kind;
        const char *word;
    } rows[] = {
        {{"body:path=" M "/data/marker,json={\"data\":{\"data\":{\"nonce\":"
          "\"ff\"}}}",
          DECRYPTS},
         "canary_marker",
         "another nonce"},
        {{"status:path=" M "/data/marker,code=404,text=no handler", DECRYPTS},
         "canary_marker",
         "has lost version 7"},
        {{"status:path=" M "/data/marker,code=500,text=damaged", DECRYPTS},
         "canary_marker",
         "damaged"},
        {{MARKER, "status:path=" M "-transit,code=400,text=key not found"},
         "canary_ciphertext",
         "key not found"},
        {{MARKER, "status:path=" M "-transit,code=404,text=no handler"},
         "canary_ciphertext",
         "no handler"},
        {{MARKER, "body:path=" M "-transit,json={\"data\":{\"plaintext\":"
                  "\"aGV5\"}}"},
         "canary_ciphertext",
         "something else"},
    };
    const struct proof_canary c = whole();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proof_result r = ask(&c, rows[i].faults, NULL);

        assert_int_equal(r.findings_count, 1);
        assert_string_equal(r.findings[0].kind, rows[i].kind);
        assert_says(&r, PROOF_FAIL, 3, rows[i].word);
    }
}

static void test_what_could_not_be_asked(void **state)
{
    static const struct {
        const char *faults[4];
        unsigned covered;
        const char *word;
    } rows[] = {
        {{"status:path=" M "/data/marker,code=403", DECRYPTS},
         2,
         "path \"" M "/data/marker\""},
        {{MARKER, "status:path=" M "-transit,code=403"},
         2,
         "path \"" M "-transit/decrypt/canary\""},
        {{"drop:path=" M "/data/marker", DECRYPTS}, 2, "2 of 3: "},
        {{MARKER, "body:path=" M "-transit,text=<html>"}, 2, "not JSON"},
        {{"status:path=auth/token,code=403,text=no", MARKER, DECRYPTS},
         2,
         "lookup-self"},
    };
    const struct proof_canary c = whole();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proof_result r = ask(&c, rows[i].faults, NULL);

        assert_int_equal(r.findings_total, 0);
        assert_says(&r, PROOF_NOT_RUN, rows[i].covered, rows[i].word);
    }
}

/* A token that was not logged in for says nothing about logins. */
static void test_a_root_token_is_no_login(void **state)
{
    static const char *const faults[] = {MARKER, DECRYPTS, NULL};
    const struct proof_canary c = whole();
    struct proof_result r = ask(&c, faults, "root");

    (void)state;
    assert_says(&r, PROOF_NOT_RUN, 2, "root token");
}

static void test_what_the_backup_could_not_write(void **state)
{
    static const char *const faults[] = {MARKER, DECRYPTS, NULL};
    static const char *const lost[] = {
        MARKER, "status:path=" M "-transit,code=400,text=not found", NULL};
    struct proof_canary c = whole();
    struct proof_result r;

    (void)state;
    c.marker = &no_marker;
    c.marker_problem = "the marker could not be written";
    r = ask(&c, faults, NULL);
    assert_says(&r, PROOF_NOT_RUN, 2, "could not be written");
    c = whole();
    c.cipher = &no_cipher;
    c.cipher_problem = "there was none";
    r = ask(&c, faults, NULL);
    assert_says(&r, PROOF_NOT_RUN, 2, "there was none");
    /* Damage that the primary had as well is damage. */
    c = whole();
    c.cipher_problem = "it did not";
    r = ask(&c, lost, NULL);
    assert_says(&r, PROOF_FAIL, 3, "nor did it on the primary");
}

static void test_without_anything_to_ask(void **state)
{
    const struct proof_check *usable = proof_check_find("usable");
    struct proof_canary none = {.configured = false};
    struct proof_canary some = whole();
    struct proof_context c = {.transient_text = "because"};
    struct proof_result r;
    struct error err = {0};

    (void)state;
    assert_int_equal(proof_run(usable, &c, &r, &err), 0);
    assert_int_equal(r.outcome, PROOF_NOT_RUN);
    assert_string_equal(r.message, "no canary is configured");
    c.canary = &none;
    assert_int_equal(proof_run(usable, &c, &r, &err), 0);
    assert_string_equal(r.message, "no canary is configured");
    none.configured = true;
    assert_int_equal(proof_run(usable, &c, &r, &err), 0);
    assert_int_equal(r.outcome, PROOF_NOT_RUN);
    assert_non_null(strstr(r.message, "was not when this snapshot"));
    c.canary = &some;
    assert_int_equal(proof_run(usable, &c, &r, &err), 0);
    assert_says(&r, PROOF_NOT_RUN, 0, "because");
}

static int start(void **state)
{
    (void)state;
    standin_start(&copy, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standin_stop(&copy);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_three),
        cmocka_unit_test(test_what_the_copy_has_lost),
        cmocka_unit_test(test_what_could_not_be_asked),
        cmocka_unit_test(test_a_root_token_is_no_login),
        cmocka_unit_test(test_what_the_backup_could_not_write),
        cmocka_unit_test(test_without_anything_to_ask),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
