/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive that this Assay did not take: catalogued, with a proof of it that
 * was made here in place of a validation.  Both are signed as its own are, so
 * that the rest need not know the difference. */
#ifndef ASSAY_JOBS_IMPORT_H
#define ASSAY_JOBS_IMPORT_H

#include <stdint.h>

#include "base/error.h"
#include "snapshot/prove.h"
#include "store/snapshots.h"
#include "store/verdict.h"

struct store;
struct storage;
struct signer;

/* Plain data. */
struct import {
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    const char *by; /* who does it, for the rows */
};

/* `row` has all but its copies and verdict, and the archive lies in the
 * storage already, under the key that its cluster, time and id make.  Its copy
 * is added to `row`.  Errors are those of storage_put and snapshots_add. */
int import_snapshot(const struct import *to, struct snapshot_row *row,
                    struct error *err) MUST_USE;

/* What a proof of that archive says, as a validation that asked `intact`,
 * `authentic` and `decryptable`, and nothing of a restored copy: `valid` if
 * all three pass, `inconclusive` where the keys did not open it. */
int import_proof(const struct import *to, const struct snapshot_row *row,
                 const struct snapshot_proof *proof,
                 enum store_verdict *verdict, struct error *err) MUST_USE;

#endif
