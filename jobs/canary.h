/* SPDX-License-Identifier: Apache-2.0
 *
 * The canaries of a backup: written into the cluster before the snapshot is
 * taken, remembered in its signed manifest, asked for in the restored copy. */
#ifndef ASSAY_JOBS_CANARY_H
#define ASSAY_JOBS_CANARY_H

#include "base/error.h"
#include "base/json.h"
#include "proof/usable.h"
#include "store/canaries.h"
#include "vault/canary.h"

struct job;
struct snapshot_row;

/* What the manifest knows.  Plain data; texts are "" where there is nothing,
 * and `mount` is for a backup that had no canary configured. */
struct canary_record {
    char mount[VAULT_CANARY_MOUNT_MAX];
    struct vault_canary_marker marker;
    char marker_problem[ERROR_TEXT_MAX];
    struct vault_canary_cipher cipher;
    char cipher_problem[ERROR_TEXT_MAX];
};

/* Write a fresh nonce at the cluster's leader and fetch the old ciphertext,
 * seeing that it decrypts there.  What fails becomes a problem of `out` and
 * one line of the log: a backup without canaries is still a backup.  Nothing
 * at all where none is configured.  May block for some seconds.  -1:
 * cancelled, or the catalog. */
int canary_write(struct job *job, struct vault *vault, const char *snapshot_id,
                 struct canary_record *out, struct error *err) MUST_USE;

/* The manifest's "canary"; nothing for a record without a mount. */
void canary_record_write(const struct canary_record *record, struct jsonw *w);
/* 0 also when there is none, as in manifests of older versions.
 * ERR_CORRUPT. */
int canary_record_read(const struct json *manifest, struct canary_record *out,
                       struct error *err) MUST_USE;
/* For the catalog. */
void canary_record_row(const struct canary_record *record,
                       struct canary_row *out);

/* For the check `usable`; `proof` borrows from `record`. */
struct canary_expected {
    struct canary_record record;
    struct proof_canary proof;
};

/* From the snapshot's manifest, whose signature is verified (again). */
int canary_expect(const struct job *job, const struct snapshot_row *row,
                  struct canary_expected *out, struct error *err) MUST_USE;

#endif
