/* SPDX-License-Identifier: Apache-2.0
 *
 * When the copy is asked; what it answers, real servers say in tests/system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/file.h"
#include "proof/checks.h"
#include "proof/in_copy.h"
#include "proof/unsealed.h"

enum { ARCHIVE_MAX = 1024 * 1024, CHECKS = 3 };

struct bytes {
    struct buf data;
    size_t at;
};

static int read_some(void *ctx, void *data, size_t size, size_t *len,
                     struct error *err)
{
    struct bytes *b = ctx;
    size_t left = b->data.len - b->at;

    (void)err;
    *len = size < left ? size : left;
    memcpy(data, b->data.data + b->at, *len);
    b->at += *len;
    return 0;
}

static int open_it(void *ctx, struct source *out, struct error *err)
{
    struct bytes *b = ctx;

    (void)err;
    b->at = 0;
    *out = (struct source){.read = read_some, .ctx = b, .size = b->data.len};
    return 0;
}

static void close_it(void *ctx, struct source *archive)
{
    (void)ctx;
    (void)archive;
}

static void ask(const char *name, const char *fixture,
                struct proof_result results[CHECKS], struct proof_context *c,
                struct bytes *b)
{
    struct error err;

    buf_init(&b->data, ARCHIVE_MAX);
    assert_int_equal(file_read(fixture, &b->data, &err), 0);
    *c = (struct proof_context){.open_archive = open_it,
                                .close_archive = close_it,
                                .archive_ctx = b,
                                .transient_outcome = TRANSIENT_KEYS,
                                .transient_text = "no stanza",
                                .unsealed = proof_unsealed_new(NULL, 0)};
    assert_non_null(c->unsealed);
    memset(results, 0, CHECKS * sizeof results[0]);
    results[0].name = "intact";
    for (int i = 1; i < CHECKS; i++) {
        const struct proof_check *check =
            proof_check_find(i == 1 ? "authentic" : "decryptable");

        assert_int_equal(proof_run(check, c, &results[i], &err), 0);
        assert_int_equal(results[i].outcome, PROOF_NOT_RUN);
    }
    assert_non_null(strstr(results[1].message, name));
}

static void done(struct proof_result results[CHECKS], struct proof_context *c,
                 struct bytes *b)
{
    for (int i = 0; i < CHECKS; i++)
        proof_result_done(&results[i]);
    proof_unsealed_free(c->unsealed);
    buf_done(&b->data);
}

static void test_a_seal_without_a_key(void **state)
{
    struct proof_result results[CHECKS];
    struct proof_context c;
    struct bytes b;
    struct error err;

    (void)state;
    ask("transient.seal_files", FIXTURES "/openbao-2.7.2-static.snap", results,
        &c, &b);
    assert_true(proof_unsealed_is_auto(c.unsealed));
    assert_string_equal(proof_unsealed_seal(c.unsealed)->type, "static");
    assert_true(proof_in_copy_wanted(&c, results, CHECKS));
    assert_false(proof_in_copy_wanted(&c, results, 1));
    assert_int_equal(proof_in_copy(&c, results, CHECKS, &err), 0);
    for (int i = 1; i < CHECKS; i++) {
        assert_int_equal(results[i].outcome, PROOF_NOT_RUN);
        assert_non_null(strstr(results[i].message, "no stanza"));
        proof_say(&results[i], PROOF_PASS, "answered");
    }
    assert_false(proof_in_copy_wanted(&c, results, CHECKS));
    done(results, &c, &b);
}

static void test_shares_are_asked_for_instead(void **state)
{
    struct proof_result results[CHECKS];
    struct proof_context c;
    struct bytes b;
    struct error err;

    (void)state;
    ask("unseal.key_files", FIXTURES "/vault-1.21.0-rekeyed.snap", results, &c,
        &b);
    assert_false(proof_unsealed_is_auto(c.unsealed));
    assert_false(proof_in_copy_wanted(&c, results, CHECKS));
    assert_int_equal(proof_in_copy(&c, results, CHECKS, &err), 0);
    assert_non_null(strstr(results[1].message, "unseal.key_files"));
    done(results, &c, &b);
    assert_false(proof_unsealed_is_auto(NULL));
    assert_null(proof_unsealed_seal(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seal_without_a_key),
        cmocka_unit_test(test_shares_are_asked_for_instead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
