/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "transient/process_extras.h"
#include "vault/vault.h"

static char dir[64], seal[96], audit[96], key[96];

static char a_program[] = "/usr/bin/server";

static const struct server_program bao = {
    .path = a_program, .product = "openbao", .version = "2.7.2"};
static const struct server_program enterprise = {
    .path = a_program, .product = "vault", .version = "1.21.0+ent"};

static enum transient_outcome ask(const struct transient_process *p,
                                  const char *type,
                                  const struct server_program *program,
                                  struct process_extras *x, struct error *err)
{
    const struct transient_options o = {.product = program->product,
                                        .base_dir = "/tmp",
                                        .process = p,
                                        .seal_type = type,
                                        .state_bytes = 1000};
    enum transient_outcome outcome = TRANSIENT_BROKEN;

    memset(x, 0, sizeof *x);
    if (process_extras_read(&o, program, x, &outcome, err) != 0)
        assert_int_not_equal(outcome, TRANSIENT_OK);
    else
        assert_int_equal(outcome, TRANSIENT_OK);
    return outcome;
}

static bool has_word(const struct process_extras *x, const char *word)
{
    for (size_t i = 0; i < x->words_count; i++) {
        if (strcmp(x->words[i], word) == 0)
            return true;
    }
    return false;
}

static void test_nothing_configured(void **state)
{
    char *const *words = NULL;
    struct process_extras x;
    struct error err;

    (void)state;
    assert_int_equal(ask(NULL, "shamir", &bao, &x, &err), TRANSIENT_OK);
    assert_string_equal(buf_text(&x.stanzas), "");
    assert_int_equal(x.words_count, 2);
    assert_true(has_word(&x, "size:1073745824"));
    assert_true(has_word(&x, "api:8200"));
    assert_int_equal(process_extras_words(&x, 1000, &words, &err), 0);
    assert_string_equal(words[2], "seconds:3599");
    assert_null(words[3]);
    assert_int_equal(process_extras_words(&x, 3600 * 1000, &words, &err), -1);
    assert_non_null(strstr(err.text, "time_limit"));
    process_extras_done(&x);
    process_extras_done(&x);
}

static void test_a_seal(void **state)
{
    const char *const files[] = {key};
    struct transient_process p = {.seal_file = seal,
                                  .seal_files = files,
                                  .seal_files_count = 1,
                                  .seal_endpoint = "kms.example:8200",
                                  .memory_limit = 300};
    char word[128];
    struct process_extras x;
    struct error err;

    (void)state;
    (void)snprintf(word, sizeof word, "file:%s", key);
    assert_int_equal(ask(&p, "static", &bao, &x, &err), TRANSIENT_OK);
    assert_non_null(strstr(buf_text(&x.stanzas), "seal \"static\""));
    assert_true(x.auto_unseal);
    assert_int_equal(x.endpoint_port, 8200);
    assert_true(has_word(&x, word));
    assert_true(has_word(&x, "endpoint:kms.example:8200"));
    assert_true(has_word(&x, "memory:300"));
    assert_true(has_word(&x, "api:8300")); /* the other one is the KMS's */
    process_extras_done(&x);
    /* A server that is unsealed by shares is not given it. */
    assert_int_equal(ask(&p, "shamir", &bao, &x, &err), TRANSIENT_OK);
    assert_string_equal(buf_text(&x.stanzas), "");
    assert_false(x.auto_unseal);
    assert_false(has_word(&x, word));
    process_extras_done(&x);
    /* Another seal; none; a file that is not there. */
    assert_int_equal(ask(&p, "transit", &bao, &x, &err), TRANSIENT_KEYS);
    assert_non_null(strstr(err.text, "is for static"));
    assert_int_equal(ask(NULL, "awskms", &bao, &x, &err), TRANSIENT_KEYS);
    assert_non_null(strstr(err.text, "transient.seal_file"));
    p.seal_files = (const char *const[]){"/nonexistent"};
    assert_int_equal(ask(&p, "static", &bao, &x, &err), TRANSIENT_KEYS);
    assert_non_null(strstr(err.text, "/nonexistent"));
}

static void test_audit_stanzas(void **state)
{
    struct transient_process p = {.audit_file = audit};
    struct process_extras x;
    struct error err;

    (void)state;
    assert_int_equal(ask(&p, "shamir", &bao, &x, &err), TRANSIENT_OK);
    assert_non_null(strstr(buf_text(&x.stanzas), "audit \"file\""));
    process_extras_done(&x);
    p.audit_file = seal;
    assert_int_equal(ask(&p, "shamir", &bao, &x, &err), TRANSIENT_NO_ISOLATION);
    assert_non_null(strstr(err.text, "transient.audit_file"));
}

static void test_where_callers_seem_to_come_from(void **state)
{
    struct transient_process p = {.client_address = "10.9.8.7"};
    const struct vault_options primary = {.address = "http://127.0.0.1:1"};
    struct transient_options o = {
        .product = "openbao", .base_dir = "/tmp", .process = &p};
    enum transient_outcome outcome;
    struct process_extras x;
    struct vault *v = NULL;
    struct error err;

    (void)state;
    assert_int_equal(vault_new(&primary, &v, &err), 0);
    o.primary = v;
    assert_int_equal(process_extras_read(&o, &bao, &x, &outcome, &err), 0);
    assert_true(has_word(&x, "client:10.9.8.7"));
    process_extras_done(&x);
    p.client_address = NULL;
    assert_int_equal(process_extras_read(&o, &bao, &x, &outcome, &err), 0);
    assert_true(has_word(&x, "client:127.0.0.1"));
    process_extras_done(&x);
    /* A server in our own network offers its socket itself. */
    o.no_isolation = true;
    assert_int_equal(process_extras_read(&o, &bao, &x, &outcome, &err), 0);
    assert_int_equal(x.words_count, 0);
    process_extras_done(&x);
    vault_free(v);
}

static void test_a_license(void **state)
{
    struct transient_process p = {.license_file = NULL};
    char word[128];
    struct process_extras x;
    struct error err;

    (void)state;
    assert_int_equal(ask(&p, "shamir", &enterprise, &x, &err),
                     TRANSIENT_NO_SERVER);
    assert_non_null(strstr(err.text, "transient.license_file"));
    p.license_file = key;
    assert_int_equal(ask(&p, "shamir", &enterprise, &x, &err), TRANSIENT_OK);
    (void)snprintf(word, sizeof word, "license:%s", key);
    assert_true(has_word(&x, word));
    process_extras_done(&x);
}

static void put(char path[96], const char *name, const char *text)
{
    struct error err;

    (void)snprintf(path, 96, "%s/%s", dir, name);
    if (file_replace(path, text, strlen(text), 0600, &err) != 0)
        abort();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_configured),
        cmocka_unit_test(test_a_seal),
        cmocka_unit_test(test_audit_stanzas),
        cmocka_unit_test(test_where_callers_seem_to_come_from),
        cmocka_unit_test(test_a_license),
    };
    int failed;

    (void)snprintf(dir, sizeof dir, "/tmp/assay-extras-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    put(seal, "seal.hcl", "seal \"static\" {\n  current_key = \"x\"\n}\n");
    put(audit, "audit.hcl", "audit \"file\" \"f\" {}\n");
    put(key, "key", "k");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(dir, NULL) != 0)
        failed++;
    return failed;
}
