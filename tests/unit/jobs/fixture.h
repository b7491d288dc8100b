/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine with a real catalog and a real storage in a directory of its
 * own, beside the scripted stand-in. */
#ifndef ASSAY_TESTS_JOBS_FIXTURE_H
#define ASSAY_TESTS_JOBS_FIXTURE_H

#include "base/signer.h"
#include "jobs/jobs.h"
#include "jobs/manifest.h"
#include "storage/storage.h"
#include "store/runs.h"
#include "store/snapshots.h"
#include "store/store.h"
#include "tests/support/standin.h"
#include "vault/vault.h"

struct fixture {
    char dir[64];
    char archive[128]; /* a good one */
    struct standin standin;
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    struct vault *vault;
    struct jobs *jobs;
    struct jobs_cluster cluster;
    struct jobs_options options;
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    struct manifest_trust trust;
};

/* The one asks, the other approves. */
extern const struct jobs_caller fixture_alice, fixture_bob;

/* Everything but jobs_start. */
void fixture_up(struct fixture *f);
void fixture_down(struct fixture *f);
void fixture_start(struct fixture *f);
/* Stop the engine and make it anew over the same data, not started. */
void fixture_restart(struct fixture *f);
/* Archive as tests/support/mksnap.py writes it; `how` NULL for a good one. */
void fixture_archive(const struct fixture *f, const char *path,
                     const char *how);
/* The same with an option of its own: "--seed=2". */
void fixture_archive_of(const struct fixture *f, const char *path,
                        const char *option);
void fixture_fault(const struct fixture *f, const char *fault);
void fixture_serve(const struct fixture *f, const char *archive);
/* Wait until it is over. */
void fixture_wait(struct fixture *f, const char *run_id, struct run *out);
/* Wait until that revision of its plan waits for approval. */
void fixture_wait_pending(struct fixture *f, const char *run_id,
                          uint64_t revision);
/* How often an archive was sent to the server. */
size_t fixture_posts(const struct fixture *f);
/* Submit and wait. */
void fixture_backup(struct fixture *f, struct run *out);
/* One that must succeed. */
void fixture_snapshot(struct fixture *f, char id[ID_TEXT_MAX]);
/* A signed verdict, in storage and in the catalog. */
void fixture_judge(struct fixture *f, const char *snapshot_id,
                   enum store_verdict verdict, struct signer *signer);
/* How many objects lie in storage, and how many unfinished ones. */
unsigned fixture_objects(struct fixture *f);
unsigned fixture_parts(struct fixture *f);

#endif
