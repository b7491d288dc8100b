/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything slow.  A request becomes a run in the catalog's queue at once
 * (jobs_submit_*, no network, no storage); worker threads of low priority
 * take runs from there.  Each status is stored before it is acted on, so a
 * crash leaves a row that says what jobs_start must clean up. */
#ifndef ASSAY_JOBS_JOBS_H
#define ASSAY_JOBS_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "store/runs.h"

struct jobs;
struct store;
struct storage;
struct signer;
struct vault;
struct vault_auth_options;
struct vault_status;

struct jobs_cluster {
    const char *name;
    struct vault *vault;                 /* outlives the jobs */
    const char *const *unseal_key_files; /* none: nothing can be unsealed */
    size_t unseal_key_files_count;
};

struct jobs_options {
    /* Fixed for the life of the engine; outlive it.  The store is owned
     * (store_own) by this process. */
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    const char *data_dir;
    /* Told about everything that happened to a run, once, in a line; from
     * any worker.  May be NULL. */
    void (*report)(void *ctx, const char *line);
    void *report_ctx;

    /* What jobs_reload may change; copied.  Vault handles excepted: those of
     * clusters with a known name are kept. */
    const struct jobs_cluster *clusters;
    size_t clusters_count;
    /* Public keys of other Assays whose manifests count; 32 bytes each. */
    const uint8_t (*trusted_keys)[32];
    size_t trusted_keys_count;
    const char *transient_driver; /* NULL: "process" */
    const char *transient_server; /* NULL: looked up on PATH */
    const char *transient_helper; /* NULL: this program */
    bool transient_no_isolation;
    /* The checks a verdict is made of; none: intact, restorable, lossless. */
    const char *const *required;
    size_t required_count;
    int64_t http_read_timeout_ms;     /* of the listeners of the clusters that
                                         restores go to; 0: 30 s, as the servers */
    uint64_t upload_bytes_per_second; /* expected, until measured; 0: 100 MiB */
    int64_t await_unseal_ms;          /* how long a restore waits; 0: 1 h */
    int64_t settle_ms; /* until all nodes agree after a restore; 0: 2 min */
    int64_t drain_ms;  /* jobs_stop waits for running runs; 0: 10 s */
};

/* ERR_INVALID for a driver, check or cluster name that cannot be. */
int jobs_new(const struct jobs_options *o, struct jobs **out,
             struct error *err) MUST_USE;
/* First the remains of the last life: every run that was under way becomes
 * `interrupted`, transient servers are killed, unfinished files removed, what
 * was finished but not catalogued is catalogued, deletions are completed.
 * Then the workers.  Blocks for as long as the cleaning takes. */
int jobs_start(struct jobs *j, struct error *err) MUST_USE;
/* No new runs are taken; those under way may finish for drain_ms, then are
 * cancelled and end as `interrupted` (a restore whose archive is being sent
 * is waited for to the end of that call).  Those that wait stay queued. */
void jobs_stop(struct jobs *j);
/* Accepts NULL.  Stops first if that was forgotten. */
void jobs_free(struct jobs *j);
/* Runs that begin from now on see the new settings.  On -1 the old ones
 * stay. */
int jobs_reload(struct jobs *j, const struct jobs_options *o,
                struct error *err) MUST_USE;
/* There is something in the queue. jobs_submit_* call it themselves. */
void jobs_wake(struct jobs *j);

/* Who asks.  Texts may be NULL. */
struct jobs_caller {
    const char *display_name;
    const char *entity_id;
    const char *requester_key; /* keyed hash of the token, hex */
    const char *idempotency_key;
};

/* Texts may be NULL for the default.  `cluster`: the only one, if there is
 * just one.  `snapshot`: an id, "latest" or "latest-valid". */
struct jobs_backup_request {
    const char *cluster;
};

struct jobs_validation_request {
    const char *cluster;  /* narrows `snapshot` down */
    const char *snapshot; /* NULL: "latest" */
    const char *driver;   /* NULL: as configured */
    const char *oracle;   /* none exists yet: anything is ERR_INVALID */
};

struct jobs_restore_request {
    const char *snapshot; /* required; "latest-valid" is fine */
    const char *target;   /* a cluster; NULL: the snapshot's own */
    bool dry_run;
    bool force;         /* the target's identity and keys are not the
                           snapshot's: snapshot-force */
    bool override;      /* in spite of a missing verdict or a blocker */
    const char *reason; /* required with `override` */
};

/* Check against catalog and configuration, then runs_create (its errors and
 * its meaning of *existing).  *run is to be released with run_done.
 *
 * ERR_INVALID names the field; ERR_NOT_FOUND a snapshot that is not there;
 * ERR_PRECONDITION a restore of what is not `valid` without override (a dry
 * run may be asked for all the same: its plan says so). */
int jobs_submit_backup(struct jobs *j, const struct jobs_backup_request *r,
                       const struct jobs_caller *who, struct run *run,
                       bool *existing, struct error *err) MUST_USE;
int jobs_submit_validation(struct jobs *j,
                           const struct jobs_validation_request *r,
                           const struct jobs_caller *who, struct run *run,
                           bool *existing, struct error *err) MUST_USE;
int jobs_submit_restore(struct jobs *j, const struct jobs_restore_request *r,
                        const struct jobs_caller *who, struct run *run,
                        bool *existing, struct error *err) MUST_USE;

/* Ask a run to stop; does not wait for it.  ERR_NOT_FOUND, or ERR_CONFLICT
 * when it is over, or is a restore that can no longer be stopped because the
 * archive is on its way. */
int jobs_cancel(struct jobs *j, const char *run_id, struct error *err) MUST_USE;

/* Mark a snapshot as being deleted (its errors are those of
 * snapshots_mark_deleting; `ref` as there) and have its files removed in the
 * background. */
int jobs_delete_snapshot(struct jobs *j, const char *ref,
                         struct error *err) MUST_USE;

/* The last thing a background look (every ten seconds) found out about a
 * cluster, never waiting for it.  *seen_at is when, 0: not yet.  False for a
 * cluster that is not configured. */
bool jobs_cluster_status(struct jobs *j, const char *cluster,
                         struct vault_status *out, int64_t *seen_at);
/* The i-th configured cluster's name, NULL past the end; it lives as long as
 * the engine. */
const char *jobs_cluster_name(struct jobs *j, size_t i);

#endif
