/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "vault/canary.h"

#define M "assay-canary"
#define MARKER M "/data/marker"
#define CIPHER M "/data/ciphertext"
#define DECRYPT M "-transit/decrypt/canary"
#define NONCE "00112233445566778899aabbccddeeff"
/* Of "hello". */
#define SUM "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static void answers(const char *fault)
{
    const char *const faults[] = {fault, NULL};

    standin_faults(&fixture_here, faults);
}

static void each_nonce_is_fresh(void **state)
{
    struct fixture *f = *state;
    struct vault_canary_marker one = {.version = 1};
    struct vault_canary_marker two = {.version = 1};

    answers("body:path=" MARKER ",method=POST,json={\"data\":{\"version\":7}}");
    assert_ok(f, vault_canary_write(f->v, M, "s-1", &one, &f->err));
    assert_ok(f, vault_canary_write(f->v, M, "s-2", &two, &f->err));
    assert_int_equal(one.version, 7);
    assert_int_equal(strlen(one.nonce), VAULT_CANARY_NONCE_MAX - 1);
    assert_string_not_equal(one.nonce, two.nonce);
    assert_int_equal(standin_count(&fixture_here, "POST", MARKER, true), 2);
}

/* KV version 1 answers with nothing, and has no versions to name. */
static void a_store_without_versions_is_refused(void **state)
{
    struct fixture *f = *state;
    struct vault_canary_marker m = {.version = 1};

    answers("body:path=" MARKER ",text=");
    assert_fails(f, vault_canary_write(f->v, M, "s", &m, &f->err),
                 ERR_UPSTREAM);
    assert_non_null(strstr(f->err.text, "version 2"));
    assert_int_equal(m.version, 1);
}

static void a_refusal_names_the_line(void **state)
{
    struct fixture *f = *state;
    struct vault_canary_marker m;
    struct vault_canary_cipher c;
    char sum[DIGEST_SHA256_HEX];
    char nonce[VAULT_CANARY_NONCE_MAX];

    answers("status:path=" M ",code=403,text=permission denied");
    assert_fails(f, vault_canary_write(f->v, M, "s", &m, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text,
                           "path \"" MARKER "\" { capabilities = [\"create\", "
                           "\"update\", \"read\"] }"));
    assert_int_equal(f->err.status, 403);
    assert_fails(f, vault_canary_read(f->v, M, 1, nonce, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text, "path \"" MARKER "\""));
    assert_fails(f, vault_canary_cipher(f->v, M, &c, &f->err), ERR_DENIED);
    assert_non_null(strstr(f->err.text,
                           "path \"" CIPHER "\" { capabilities = [\"read\"] "
                           "}"));
    assert_fails(f, vault_canary_decrypt(f->v, M, "vault:v1:x", sum, &f->err),
                 ERR_DENIED);
    assert_non_null(strstr(f->err.text, "path \"" DECRYPT "\""));
}

static void a_version_is_read_back(void **state)
{
    struct fixture *f = *state;
    char nonce[VAULT_CANARY_NONCE_MAX];
    struct json *facts;
    const struct json *q;
    bool asked = false;

    answers("body:path=" MARKER ",method=GET,json={\"data\":{\"data\":"
            "{\"nonce\":\"" NONCE "\"},\"metadata\":{\"version\":7}}}");
    assert_ok(f, vault_canary_read(f->v, M, 7, nonce, &f->err));
    assert_string_equal(nonce, NONCE);
    facts = standin_facts(&fixture_here);
    for (q = json_first(json_get(facts, "requests")); q != NULL;
         q = json_next(q))
        asked =
            asked || strcmp(json_get_text(q, "query", ""), "version=7") == 0;
    json_free(facts);
    assert_true(asked);
    answers("body:path=" MARKER ",json={\"data\":{\"data\":{\"x\":1}}}");
    assert_ok(f, vault_canary_read(f->v, M, 7, nonce, &f->err));
    assert_string_equal(nonce, "");
    answers("status:path=" MARKER ",code=404,text=no handler");
    assert_fails(f, vault_canary_read(f->v, M, 7, nonce, &f->err),
                 ERR_NOT_FOUND);
}

static void only_what_setup_left_is_a_ciphertext(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"ciphertext\":\"vault:v1:x\"}",
        "{\"ciphertext\":\"vault:v1:x\",\"plaintext_sha256\":\"abc\"}",
        "{\"ciphertext\":\"\",\"plaintext_sha256\":\"" SUM "\"}",
        "{\"ciphertext\":\"a b\",\"plaintext_sha256\":\"" SUM "\"}",
        "{\"ciphertext\":7,\"plaintext_sha256\":\"" SUM "\"}",
    };
    struct fixture *f = *state;
    struct vault_canary_cipher c = {.text = ""};
    char fault[512];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(fault, sizeof fault,
                       "body:path=" CIPHER ",json={\"data\":{\"data\":%s}}",
                       bad[i]);
        answers(fault);
        assert_fails(f, vault_canary_cipher(f->v, M, &c, &f->err), ERR_CORRUPT);
        assert_string_equal(c.text, "");
    }
    answers("body:path=" CIPHER ",json={\"data\":{\"data\":{\"ciphertext\":"
            "\"vault:v1:x\",\"plaintext_sha256\":\"" SUM "\"}}}");
    assert_ok(f, vault_canary_cipher(f->v, M, &c, &f->err));
    assert_string_equal(c.text, "vault:v1:x");
    assert_string_equal(c.sha256, SUM);
}

static void what_decrypts_is_only_seen_as_a_sum(void **state)
{
    struct fixture *f = *state;
    char sum[DIGEST_SHA256_HEX] = "";

    answers("body:path=" DECRYPT ",json={\"data\":{\"plaintext\":"
            "\"aGVsbG8=\"}}");
    assert_ok(f, vault_canary_decrypt(f->v, M, "vault:v1:x", sum, &f->err));
    assert_string_equal(sum, SUM);
    answers("body:path=" DECRYPT ",json={\"data\":{}}");
    assert_fails(f, vault_canary_decrypt(f->v, M, "vault:v1:x", sum, &f->err),
                 ERR_UPSTREAM);
    assert_int_equal(f->err.status, 0);
    answers("status:path=" DECRYPT ",code=400,text=encryption key not found");
    assert_fails(f, vault_canary_decrypt(f->v, M, "vault:v1:x", sum, &f->err),
                 ERR_UPSTREAM);
    assert_int_equal(f->err.status, 400);
}

static void the_namespace_is_the_handles(void **state)
{
    struct fixture *f = *state;
    struct vault_canary_marker m;
    struct vault_options o;
    struct json *facts;
    const struct json *q;

    fixture_options(&o);
    o.namespace = "team/a";
    fixture_use(f, &o);
    answers("body:path=" MARKER ",method=POST,json={\"data\":{\"version\":7}}");
    assert_ok(f, vault_canary_write(f->v, M, "s", &m, &f->err));
    facts = standin_facts(&fixture_here);
    for (q = json_first(json_get(facts, "requests")); q != NULL;
         q = json_next(q)) {
        /* A login looks for the leader, which is asked of the root. */
        if (strcmp(json_get_text(q, "path", ""), "sys/leader") != 0 &&
            strcmp(json_get_text(q, "path", ""), "sys/health") != 0 &&
            strcmp(json_get_text(q, "path", ""), "sys/seal-status") != 0)
            assert_string_equal(json_get_text(q, "namespace", ""), "team/a");
    }
    json_free(facts);
}

/* What the daemon may do is what it does, and no more. */
static void needs_are_few(void **state)
{
    struct vault_canary_need n;
    size_t count = 0;

    (void)state;
    while (vault_canary_need(VAULT_CANARY_DAEMON, count, "x/y", &n)) {
        assert_true(strncmp(n.path, "x/y", 3) == 0);
        assert_null(strchr(n.path, '*'));
        assert_null(strstr(n.path, "encrypt"));
        count++;
    }
    assert_int_equal(count, 3);
    assert_true(vault_canary_need(VAULT_CANARY_OPERATOR, 0, "x/y", &n));
    assert_string_equal(n.path, "sys/mounts/x/y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_nonce_is_fresh),
        fixture_test(a_store_without_versions_is_refused),
        fixture_test(a_refusal_names_the_line),
        fixture_test(a_version_is_read_back),
        fixture_test(only_what_setup_left_is_a_ciphertext),
        fixture_test(what_decrypts_is_only_seen_as_a_sum),
        fixture_test(the_namespace_is_the_handles),
        cmocka_unit_test(needs_are_few),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
