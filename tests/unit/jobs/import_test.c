/* SPDX-License-Identifier: Apache-2.0
 *
 * A proof of a real archive, as it is and made worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/signer.h"
#include "base/text.h"
#include "jobs/catalogue.h"
#include "jobs/import.h"
#include "storage/storage.h"
#include "store/checks.h"
#include "store/store.h"
#include "tests/unit/jobs/sealed.h"

static char dir[64];
static struct sealed sealed;
static struct import to = {.by = "somebody"};
static struct snapshot_proof proof;
static struct snapshot_row row;

static int rewind_it(void *ctx, struct error *err)
{
    struct sealed *s = ctx;

    (void)err;
    s->at = 0;
    return 0;
}

static void prove(size_t shares)
{
    const struct snapshot_prove_options o = {.shares = sealed.shares,
                                             .shares_count = shares,
                                             .digest_archive = true};
    struct source archive = sealed_source(&sealed);
    struct error err = {0};

    archive.rewind = rewind_it;
    if (snapshot_prove(&archive, &o, &proof, &err) != 0)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    char path[128];
    struct storage_options o = {.name = "disk", .type = "local"};
    struct error err = {0};

    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/assay-import-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/assay.db", dir);
    assert_int_equal(store_open(path, &to.store, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/key.pem", dir);
    assert_int_equal(signer_open(path, &to.signer, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/storage", dir);
    o.path = path;
    assert_int_equal(storage_open(&o, &to.storage, &err), 0);
    sealed_load(&sealed, SEALED_VAULT);
    prove(SEALED_THRESHOLD);
    row = (struct snapshot_row){.created_ms = 1700000000000,
                                .size_bytes = sealed.archive.len,
                                .entries = proof.facts.entries,
                                .raft_index = proof.facts.raft_index};
    id_new(row.id);
    (void)text_copy(row.cluster, sizeof(row.cluster), "main");
    (void)text_copy(row.sha256, sizeof(row.sha256), proof.facts.sha256);
    char key[STORAGE_KEY_MAX];
    assert_int_equal(catalogue_key(&row, "snap", key, &err), 0);
    assert_int_equal(storage_put(to.storage, key, sealed.archive.data,
                                 sealed.archive.len, &err),
                     0);
    if (import_snapshot(&to, &row, &err) != 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    struct error err = {0};

    (void)state;
    snapshot_proof_done(&proof);
    sealed_done(&sealed);
    storage_close(to.storage);
    signer_free(to.signer);
    store_close(to.store);
    assert_int_equal(file_remove_tree(dir, &err), 0);
    return 0;
}

static enum store_verdict judge(void)
{
    enum store_verdict verdict = STORE_UNVALIDATED;
    struct error err = {0};

    if (import_proof(&to, &row, &proof, &verdict, &err) != 0)
        fail_msg("%s", err.text);
    return verdict;
}

static struct snapshot_row catalogued(void)
{
    struct snapshot_row now;
    struct error err = {0};

    assert_int_equal(snapshots_get(to.store, row.id, NULL, &now, &err), 0);
    return now;
}

static void it_is_catalogued_as_our_own(void **state)
{
    uint8_t own[1][DIGEST_PUBLIC_KEY_SIZE];
    const struct manifest_trust trust = {(const uint8_t(*)[32])own, 1};
    const struct catalogue_source from = {to.store, to.storage, &trust, false};
    struct manifest_snapshot m = {.memory = NULL};
    struct error err = {0};
    char key[STORAGE_KEY_MAX];

    (void)state;
    assert_string_equal(catalogued().sha256, row.sha256);
    assert_int_equal(catalogued().copies_count, 1);
    assert_int_equal(catalogued().verdict, STORE_UNVALIDATED);
    signer_public_key(to.signer, own[0]);
    assert_int_equal(catalogue_key(&row, "json", key, &err), 0);
    assert_int_equal(catalogue_read_snapshot(&from, key, &m, &err), 0);
    assert_string_equal(m.row.sha256, row.sha256);
    manifest_snapshot_done(&m);
}

static void a_good_proof_is_valid(void **state)
{
    struct check_list checks = {.count = 0};
    struct error err = {0};

    (void)state;
    assert_int_equal(judge(), STORE_VALID);
    struct snapshot_row now = catalogued();
    assert_int_equal(now.verdict, STORE_VALID);
    assert_int_equal(checks_load(to.store, now.validation_id, &checks, &err),
                     0);
    assert_int_equal(checks.count, 3);
    for (size_t i = 0; i < checks.count; i++)
        assert_string_equal(checks.items[i].outcome, "pass");
    assert_int_equal(checks.items[2].covered, proof.entries);
    check_list_done(&checks);
}

static void what_was_edited_or_damaged_is_invalid(void **state)
{
    (void)state;
    proof.sums = SNAPSHOT_SUMS_DIFFER;
    assert_int_equal(judge(), STORE_INVALID);
    assert_int_equal(catalogued().verdict, STORE_INVALID);
    proof.sums = SNAPSHOT_SUMS_AUTHENTIC;
    proof.faults = 1;
    assert_int_equal(judge(), STORE_INVALID);
    proof.faults = 0;
    proof.keys = UNSEAL_BROKEN_KEYRING;
    assert_int_equal(judge(), STORE_INVALID);
}

static void what_was_not_opened_is_inconclusive(void **state)
{
    (void)state;
    proof.uncovered = 7;
    assert_int_equal(judge(), STORE_INCONCLUSIVE);
    snapshot_proof_done(&proof);
    prove(SEALED_THRESHOLD - 1);
    assert_int_equal(proof.keys, UNSEAL_TOO_FEW);
    assert_int_equal(judge(), STORE_INCONCLUSIVE);
    assert_int_equal(catalogued().verdict, STORE_INCONCLUSIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_catalogued_as_our_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_good_proof_is_valid, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_edited_or_damaged_is_invalid,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_opened_is_inconclusive,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
