/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/signer.h"
#include "base/text.h"
#include "jobs/catalogue.h"
#include "jobs/manifest.h"
#include "storage/storage.h"

enum { CHECKS = 3 };

int import_snapshot(const struct import *to, struct snapshot_row *row,
                    struct error *err)
{
    struct manifest_snapshot m = {.row = *row};
    char key[STORAGE_KEY_MAX];
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_MANIFEST);
    if (catalogue_key(row, "json", key, err) != 0 ||
        manifest_write_snapshot(&m, to->signer, &text, err) != 0 ||
        storage_put(to->storage, key, text.data, text.len, err) != 0 ||
        catalogue_add_copy(row, to->storage, err) != 0)
        goto done;
    rc = snapshots_add(to->store, row, NULL, 0, err);
done:
    buf_done(&text);
    return rc;
}

static const char *sums_text(const struct snapshot_proof *p)
{
    static const char *const texts[] = {
        [SNAPSHOT_SUMS_AUTHENTIC] = "the cluster itself sealed these sums",
        [SNAPSHOT_SUMS_DIFFER] = "it was changed after it was sealed",
        [SNAPSHOT_SUMS_UNREADABLE] =
            "the sealed sums do not open with the cluster's keys",
    };

    return texts[p->sums];
}

static struct check_row authentic(const struct snapshot_proof *p)
{
    struct check_row row = {
        .name = "authentic", .outcome = "not_run", .message = p->keys_text};

    if (p->keys != UNSEAL_OPENED)
        return row;
    row.outcome = p->sums == SNAPSHOT_SUMS_AUTHENTIC ? "pass" : "fail";
    row.message = sums_text(p);
    row.total = 1;
    row.covered = 1;
    return row;
}

static struct check_row decryptable(const struct snapshot_proof *p)
{
    struct check_row row = {.name = "decryptable",
                            .outcome = "not_run",
                            .message = p->keys_text,
                            .covered = p->verified + p->clear,
                            .total = p->entries};

    if (p->keys == UNSEAL_BROKEN_KEYRING || p->faults > 0) {
        row.outcome = "fail";
        row.message =
            p->faults > 0 ? "some entries do not decrypt" : p->keys_text;
    } else if (p->keys == UNSEAL_OPENED && p->uncovered > 0) {
        row.message = "some namespaces have a seal of their own";
    } else if (p->keys == UNSEAL_OPENED) {
        row.outcome = "pass";
        row.message = "every entry decrypts";
    }
    return row;
}

/* As proof/verdict.h has it: a no counts more than a don't know. */
static enum store_verdict sum_up(const struct check_row *rows, size_t count)
{
    enum store_verdict verdict = STORE_VALID;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].outcome, "fail") == 0)
            return STORE_INVALID;
        if (strcmp(rows[i].outcome, "pass") != 0)
            verdict = STORE_INCONCLUSIVE;
    }
    return verdict;
}

static int sign(const struct import *to, const struct snapshot_row *row,
                const struct manifest_validation *m, struct error *err)
{
    uint8_t own[1][DIGEST_PUBLIC_KEY_SIZE];
    const struct manifest_trust trust = {.keys = (const uint8_t(*)[32])own,
                                         .count = 1};
    const struct catalogue_source from = {
        .store = to->store, .storage = to->storage, .trust = &trust};
    char suffix[ID_TEXT_MAX + 8];
    char key[STORAGE_KEY_MAX];
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_MANIFEST);
    signer_public_key(to->signer, own[0]);
    (void)snprintf(suffix, sizeof(suffix), "%s.json", m->run_id);
    if (catalogue_key(row, suffix, key, err) == 0 &&
        manifest_write_validation(m, to->signer, &text, err) == 0 &&
        storage_put(to->storage, key, text.data, text.len, err) == 0)
        rc = catalogue_validation(&from, key, err);
    buf_done(&text);
    return rc;
}

int import_proof(const struct import *to, const struct snapshot_row *row,
                 const struct snapshot_proof *proof,
                 enum store_verdict *verdict, struct error *err)
{
    struct check_row rows[CHECKS] = {
        {.name = "intact",
         .outcome = "pass",
         .message = "it was read to its end",
         .covered = row->entries,
         .total = row->entries},
        authentic(proof),
        decryptable(proof),
    };
    struct manifest_validation *m = calloc(1, sizeof(*m));
    int64_t now = clock_now_ms();
    int rc = -1;

    if (m == NULL)
        return error_memory(err);
    *m = (struct manifest_validation){.verdict = sum_up(rows, CHECKS),
                                      .created_ms = now,
                                      .started_ms = now,
                                      .finished_ms = now,
                                      .restore_ms = -1,
                                      .checks = rows,
                                      .checks_count = CHECKS};
    id_new(m->run_id);
    (void)text_copy(m->snapshot_id, sizeof(m->snapshot_id), row->id);
    (void)text_copy(m->sha256, sizeof(m->sha256), row->sha256);
    (void)text_copy(m->cluster, sizeof(m->cluster), row->cluster);
    (void)text_copy(m->requested_by, sizeof(m->requested_by), to->by);
    if (sign(to, row, m, err) == 0) {
        *verdict = m->verdict;
        rc = 0;
    }
    free(m);
    return rc;
}
