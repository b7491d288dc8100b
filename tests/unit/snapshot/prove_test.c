/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives of real servers with their key shares (tests/fixtures), as they
 * are and edited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/cipher.h"
#include "base/file.h"
#include "base/text.h"
#include "snapshot/cursor.h"
#include "snapshot/prove.h"

#define VAULT "vault-1.21.0-rekeyed"
#define OPENBAO "openbao-2.7.2-rekeyed"
#define STATIC ASSAY_FIXTURES "/openbao-2.7.2-static"

enum { SHARES = 5, THRESHOLD = 3, MOST = 1024 * 1024 };

struct fixture {
    struct buf archive;
    struct buf keys;
    const char *shares[SHARES];
};

static void load(struct fixture *f, const char *name)
{
    char path[512];
    struct error err;
    char *save = NULL;

    buf_init(&f->archive, MOST);
    buf_init(&f->keys, MOST);
    (void)snprintf(path, sizeof(path), "%s/%s.snap", ASSAY_FIXTURES, name);
    assert_int_equal(file_read(path, &f->archive, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/%s.keys", ASSAY_FIXTURES, name);
    assert_int_equal(file_read(path, &f->keys, &err), 0);
    for (size_t n = 0; n < SHARES; n++) {
        f->shares[n] = strtok_r(n == 0 ? f->keys.data : NULL, "\n", &save);
        assert_non_null(f->shares[n]);
    }
}

static void unload(struct fixture *f)
{
    buf_done(&f->archive);
    buf_done(&f->keys);
}

static int rewind_source(void *ctx, struct error *err)
{
    struct archive_source *s = ctx;

    (void)err;
    s->at = 0;
    return 0;
}

static void prove(const struct buf *archive, const char *const *shares,
                  size_t count, unsigned threads, struct snapshot_proof *proof)
{
    const struct snapshot_prove_options options = {
        .shares = shares, .shares_count = count, .threads = threads};
    struct archive_source bytes = {
        .data = archive->data, .len = archive->len, .step = 777};
    struct source source = archive_source(&bytes);
    struct error err = {0};

    source.rewind = rewind_source;
    if (snapshot_prove(&source, &options, proof, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static void test_a_real_archive_is_proved(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct snapshot_proof proof;
        struct fixture f;

        load(&f, VAULT);
        prove(&f.archive, f.shares + threads % 3, THRESHOLD, threads, &proof);
        assert_int_equal(proof.keys, UNSEAL_OPENED);
        assert_int_equal(proof.sums, SNAPSHOT_SUMS_AUTHENTIC);
        assert_int_equal(proof.faults, 0);
        assert_int_equal(proof.uncovered, 0);
        assert_int_equal(proof.clear, 3);
        assert_int_equal(proof.verified + proof.clear, proof.facts.entries);
        assert_int_equal(proof.contents.terms_count, 3);
        assert_int_equal(proof.contents.terms[2].term, 3);
        assert_true(proof.contents.terms[2].installed_ms > 0);
        assert_int_equal(proof.contents.unread, 0);
        assert_int_equal(proof.contents.mounts_count, 8);
        assert_string_equal(proof.contents.identity.version, "1.21.0");
        assert_string_equal(identity_product(&proof.contents.identity),
                            "vault");
        assert_int_equal(strlen(proof.contents.identity.cluster_id), 36);
        assert_ptr_equal(
            strstr(proof.contents.identity.cluster_name, "vault-cluster-"),
            proof.contents.identity.cluster_name);
        snapshot_proof_done(&proof);
        unload(&f);
    }
}

static void test_a_seal_of_its_own_is_not_covered(void **state)
{
    struct snapshot_proof proof;
    struct fixture f;
    bool own = false;
    bool kv = false;

    (void)state;
    load(&f, OPENBAO);
    prove(&f.archive, f.shares, THRESHOLD, 2, &proof);
    assert_int_equal(proof.sums, SNAPSHOT_SUMS_AUTHENTIC);
    assert_int_equal(proof.faults, 0);
    assert_true(proof.uncovered > 0);
    assert_int_equal(proof.verified + proof.clear + proof.uncovered,
                     proof.entries);
    for (size_t n = 0; n < proof.contents.namespaces_count; n++) {
        const struct contents_namespace *space = &proof.contents.namespaces[n];

        assert_int_equal(space->own_seal, strcmp(space->path, "own/") == 0);
        own = own || space->own_seal;
    }
    for (size_t n = 0; n < proof.contents.mounts_count; n++) {
        kv = kv || strcmp(proof.contents.mounts[n].path, "team/kvn/") == 0;
    }
    assert_true(own);
    assert_true(kv);
    assert_string_equal(proof.contents.identity.version, "2.7.2");
    assert_string_equal(identity_product(&proof.contents.identity), "openbao");
    assert_int_equal(strlen(proof.contents.identity.cluster_id), 36);
    snapshot_proof_done(&proof);
    unload(&f);
}

static void test_keys_that_open_nothing(void **state)
{
    struct snapshot_proof proof;
    struct fixture other;
    struct fixture f;

    (void)state;
    load(&f, VAULT);
    load(&other, OPENBAO);
    prove(&f.archive, other.shares, THRESHOLD, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_WRONG);
    assert_true(proof.keys_text[0] != '\0');
    snapshot_proof_done(&proof);
    prove(&f.archive, f.shares, THRESHOLD - 1, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_TOO_FEW);
    assert_int_equal(proof.seal.threshold, THRESHOLD);
    assert_int_equal(proof.seal.shares, SHARES);
    snapshot_proof_done(&proof);
    prove(&f.archive, NULL, 0, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_TOO_FEW);
    snapshot_proof_done(&proof);
    unload(&other);
    unload(&f);
}

/* The archive again, without the entry whose key contains `drop`, or with
 * the last byte of the first whose key contains `flip` changed; its sums made
 * again, the sealed ones kept out. */
static void edit(const struct buf *from, const char *drop, const char *flip,
                 struct buf *out)
{
    static const struct archive_options options;
    struct archive_source bytes = {
        .data = from->data, .len = from->len, .step = 4096};
    const struct source source = archive_source(&bytes);
    struct snapshot_cursor *c = snapshot_cursor_new(&source, NULL);
    const struct snapshot_entry *e = NULL;
    struct error err = {0};
    struct buf state;

    assert_non_null(c);
    buf_init(&state, MOST);
    while (snapshot_cursor_next(c, &e, &err) == 0 && e != NULL) {
        uint8_t *value = malloc(e->value_len);
        bool is_drop = drop != NULL &&
                       memmem(e->key, e->key_len, drop, strlen(drop)) != NULL;

        assert_non_null(value);
        memcpy(value, e->value, e->value_len);
        if (flip != NULL &&
            memmem(e->key, e->key_len, flip, strlen(flip)) != NULL) {
            value[e->value_len - 1] ^= 1;
            flip = NULL;
        }
        if (!is_drop) {
            archive_entry_len(&state, e->key, e->key_len, value, e->value_len);
        }
        free(value);
    }
    assert_int_equal(err.kind, ERR_NONE);
    snapshot_cursor_free(c);
    archive_build(out, &state, &options);
    buf_done(&state);
}

static void test_an_entry_cut_out_is_not_authentic(void **state)
{
    struct snapshot_proof proof;
    struct fixture f;
    struct buf cut;

    (void)state;
    load(&f, VAULT);
    buf_init(&cut, MOST);
    edit(&f.archive, "sys/policy/shop", NULL, &cut);
    prove(&cut, f.shares, THRESHOLD, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_OPENED);
    assert_int_not_equal(proof.sums, SNAPSHOT_SUMS_AUTHENTIC);
    assert_int_equal(proof.faults, 0);
    snapshot_proof_done(&proof);
    buf_done(&cut);
    unload(&f);
}

static void test_a_damaged_entry_is_named(void **state)
{
    static const char *const keys[] = {"logical/", "sys/policy/shop",
                                       "core/mounts"};

    (void)state;
    for (size_t n = 0; n < sizeof(keys) / sizeof(keys[0]); n++) {
        struct snapshot_proof proof;
        struct fixture f;
        struct buf cut;

        load(&f, VAULT);
        buf_init(&cut, MOST);
        edit(&f.archive, NULL, keys[n], &cut);
        prove(&cut, f.shares, THRESHOLD, 2, &proof);
        assert_int_equal(proof.faults, 1);
        assert_int_equal(proof.fault_rows_count, 1);
        assert_int_equal(proof.fault_rows[0].fault, SNAPSHOT_FAULT_DAMAGED);
        assert_non_null(strstr(proof.fault_rows[0].key, keys[n]));
        snapshot_proof_done(&proof);
        buf_done(&cut);
        unload(&f);
    }
}

static void test_a_plain_namespace_hides_no_damage(void **state)
{
    struct snapshot_proof proof;
    struct fixture f;
    struct buf cut;

    (void)state;
    load(&f, OPENBAO);
    buf_init(&cut, MOST);
    edit(&f.archive, NULL, "core/namespaces/", &cut);
    prove(&cut, f.shares, THRESHOLD, 1, &proof);
    assert_int_equal(proof.faults, 1);
    snapshot_proof_done(&proof);
    buf_done(&cut);
    unload(&f);
}

static void test_broken_keys_are_not_wrong_shares(void **state)
{
    struct snapshot_proof proof;
    struct fixture f;
    struct buf cut;

    (void)state;
    load(&f, VAULT);
    buf_init(&cut, MOST);
    edit(&f.archive, NULL, "core/keyring", &cut);
    prove(&cut, f.shares, THRESHOLD, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_BROKEN_KEYRING);
    snapshot_proof_done(&proof);
    buf_done(&cut);
    unload(&f);
}

static void test_what_cannot_be_read_twice(void **state)
{
    const struct snapshot_prove_options options = {.shares_count = 0};
    struct archive_source bytes = {.data = "", .step = 1};
    const struct source source = archive_source(&bytes);
    struct snapshot_proof proof;
    struct error err;

    (void)state;
    assert_null(source.rewind);
    assert_int_equal(snapshot_prove(&source, &options, &proof, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void prove_static(const struct buf *archive, const uint8_t *keys,
                         size_t count, struct snapshot_proof *proof)
{
    const struct snapshot_prove_options options = {
        .statics = {.keys = keys, .count = count}, .threads = 2};
    struct archive_source bytes = {
        .data = archive->data, .len = archive->len, .step = 4096};
    struct source source = archive_source(&bytes);
    struct error err = {0};

    source.rewind = rewind_source;
    if (snapshot_prove(&source, &options, proof, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

/* An OpenBao with a static seal: its key is the last of two. */
static void test_a_static_seal(void **state)
{
    uint8_t keys[2 * CIPHER_KEY_SIZE] = {1};
    struct snapshot_proof proof;
    struct error err = {0};
    struct buf archive;
    struct buf cut;
    struct buf hex;

    (void)state;
    buf_init(&archive, MOST);
    buf_init(&cut, MOST);
    buf_init(&hex, MOST);
    assert_int_equal(file_read(STATIC ".snap", &archive, &err), 0);
    assert_int_equal(file_read(STATIC ".key", &hex, &err), 0);
    hex.data[2 * CIPHER_KEY_SIZE] = '\0';
    assert_true(text_unhex(hex.data, keys + CIPHER_KEY_SIZE, CIPHER_KEY_SIZE));

    prove_static(&archive, NULL, 0, &proof);
    assert_int_equal(proof.keys, UNSEAL_AUTO);
    assert_string_equal(proof.seal.type, UNSEAL_STATIC);
    snapshot_proof_done(&proof);
    prove_static(&archive, keys, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_WRONG);
    assert_non_null(strstr(proof.keys_text, "\"id-1\""));
    snapshot_proof_done(&proof);
    prove_static(&archive, keys, 2, &proof);
    assert_int_equal(proof.keys, UNSEAL_OPENED);
    assert_int_equal(proof.sums, SNAPSHOT_SUMS_AUTHENTIC);
    assert_int_equal(proof.faults, 0);
    assert_true(proof.verified > 20);
    assert_int_equal(proof.verified + proof.clear, proof.entries);
    snapshot_proof_done(&proof);

    edit(&archive, NULL, "sys/policy/shop", &cut);
    prove_static(&cut, keys, 2, &proof);
    assert_int_equal(proof.sums, SNAPSHOT_SUMS_UNREADABLE);
    assert_int_equal(proof.faults, 1);
    snapshot_proof_done(&proof);
    buf_clear(&cut);
    edit(&archive, NULL, "core/keyring", &cut);
    prove_static(&cut, keys + CIPHER_KEY_SIZE, 1, &proof);
    assert_int_equal(proof.keys, UNSEAL_BROKEN_KEYRING);
    snapshot_proof_done(&proof);
    buf_done(&hex);
    buf_done(&cut);
    buf_done(&archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_real_archive_is_proved),
        cmocka_unit_test(test_a_seal_of_its_own_is_not_covered),
        cmocka_unit_test(test_keys_that_open_nothing),
        cmocka_unit_test(test_an_entry_cut_out_is_not_authentic),
        cmocka_unit_test(test_a_damaged_entry_is_named),
        cmocka_unit_test(test_a_plain_namespace_hides_no_damage),
        cmocka_unit_test(test_broken_keys_are_not_wrong_shares),
        cmocka_unit_test(test_a_static_seal),
        cmocka_unit_test(test_what_cannot_be_read_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
