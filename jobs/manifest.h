/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed files beside an archive.
 *
 * `<id>.json` says what the archive is (and its baseline, `<id>.inventory`);
 * `<id>.<run>.json` what one validation made of it.  Each is a DSSE envelope
 * (github.com/secure-systems-lab/dsse):
 *
 *   {"payloadType":"application/vnd.assay.snapshot+json",
 *    "payload":"<base64 of the JSON document>",
 *    "signatures":[{"keyid":"<hex sha256 of the public key>",
 *                   "sig":"<base64 Ed25519>"}]}
 *
 * What is signed is DSSE's pre-authentication encoding of type and payload,
 * so that neither can be taken for something else.  Files are immutable.
 * These functions are pure: no files, no network. */
#ifndef ASSAY_JOBS_MANIFEST_H
#define ASSAY_JOBS_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/signer.h"
#include "jobs/canary.h"
#include "store/checks.h"
#include "store/runs.h"
#include "store/snapshots.h"

/* The version of the layout of storage and of these documents. */
enum { MANIFEST_VERSION = 1, MANIFEST_KEYID_MAX = DIGEST_SHA256_HEX };

/* Whose signatures count.  Plain data; borrowed. */
struct manifest_trust {
    const uint8_t (*keys)[DIGEST_PUBLIC_KEY_SIZE];
    size_t count;
};

/* The inventory of the primary that was taken with the snapshot, in
 * `<id>.inventory`. */
struct manifest_baseline {
    char sha256[SNAPSHOTS_SHA256_MAX]; /* "": there is none; */
    uint64_t size_bytes;
    char missing[ERROR_TEXT_MAX]; /* … and why; "": none was wanted */
};

struct manifest_snapshot {
    struct snapshot_row row; /* copies, verdict and pinned are not in it */
    struct manifest_baseline baseline;
    struct snapshot_prefix_row *prefixes;
    size_t prefixes_count;
    struct canary_record canary;
    void *memory; /* what prefixes live in, when parsed */
};

struct manifest_validation {
    char run_id[ID_TEXT_MAX];
    char snapshot_id[ID_TEXT_MAX];
    char sha256[SNAPSHOTS_SHA256_MAX]; /* of the archive it speaks about */
    char cluster[RUN_NAME_MAX];
    char driver[RUN_NAME_MAX];
    char oracle[RUN_NAME_MAX]; /* "" in manifests of older versions */
    enum store_verdict verdict;
    int64_t created_ms;
    int64_t started_ms;
    int64_t finished_ms;
    int64_t restore_ms; /* -1: not measured */
    char requested_by[RUN_DISPLAY_NAME_MAX];
    char entity_id[RUN_ENTITY_ID_MAX];
    struct check_row *checks;
    size_t checks_count;
    struct run_phases phases;
    char *basis;  /* JSON object (jobs/basis.h), or NULL */
    void *memory; /* what checks and basis live in, when parsed */
};

/* Append the signed envelope to `out`. */
int manifest_write_snapshot(const struct manifest_snapshot *m,
                            struct signer *signer, struct buf *out,
                            struct error *err) MUST_USE;
int manifest_write_validation(const struct manifest_validation *m,
                              struct signer *signer, struct buf *out,
                              struct error *err) MUST_USE;

/* Verify, then parse.  ERR_DENIED: no signature by a trusted key;
 * ERR_CORRUPT: not such a document.  *out is released with the _done. */
int manifest_read_snapshot(const struct buf *text,
                           const struct manifest_trust *trust,
                           struct manifest_snapshot *out,
                           struct error *err) MUST_USE;
int manifest_read_validation(const struct buf *text,
                             const struct manifest_trust *trust,
                             struct manifest_validation *out,
                             struct error *err) MUST_USE;
/* Accept a zeroed one. */
void manifest_snapshot_done(struct manifest_snapshot *m);
void manifest_validation_done(struct manifest_validation *m);

void manifest_keyid(const uint8_t key[DIGEST_PUBLIC_KEY_SIZE],
                    char out[MANIFEST_KEYID_MAX]);

#endif
