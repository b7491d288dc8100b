/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine is given.  Plain data; copied by jobs_new. */
#ifndef ASSAY_JOBS_OPTIONS_H
#define ASSAY_JOBS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/history.h"
#include "transient/process_options.h"

struct audit;
struct store;
struct storage;
struct signer;
struct vault;
struct transient_drivers;

struct jobs_cluster {
    const char *name;
    struct vault *vault; /* outlives the jobs */
    /* The same cluster as who may restore: asked for nothing but what a
     * restore changes.  Method "approver" (vault/wrapped.h): there is no
     * credential but the one that comes with an approval.  NULL: `vault`. */
    struct vault *restore_vault;
    /* One of the two, or none: then key holders are asked. */
    const char *const *unseal_key_files;
    size_t unseal_key_files_count;
    const char *const *unseal_command; /* a program that prints shares, and
                                          its arguments */
    size_t unseal_command_count;
};

/* What restored copies are compared with. */
struct jobs_oracle {
    const char *name; /* as in proof/oracle.h; NULL: "none" */
    bool baseline;    /* take one with each backup */
    bool compare_values;
    unsigned requests_per_second;       /* to the primary; 0: no limit */
    const struct tfsettings *terraform; /* NULL: it is not configured */
};

struct jobs_options {
    /* Fixed for the life of the engine; outlive it.  The store is owned
     * (store_own) by this process. */
    struct store *store;
    struct storage *storage;
    struct signer *signer;
    const char *data_dir;
    struct audit *audit; /* NULL: there is no audit record */
    /* A cluster's data was just replaced by a restore: what was learnt about
     * tokens and policies is void.  From a worker; may be NULL. */
    void (*restored)(void *ctx);
    void *restored_ctx;
    /* What jobs_reload may change.  Of the clusters only `unseal`: a
     * cluster that was not there from the start is ignored. */
    const struct jobs_cluster *clusters;
    size_t clusters_count;
    /* Public keys of other Assays whose manifests count; 32 bytes each. */
    const uint8_t (*trusted_keys)[32];
    size_t trusted_keys_count;
    const char *transient_driver; /* NULL: "process" */
    const char *transient_server; /* NULL: looked up on PATH */
    const char *transient_helper; /* NULL: this program */
    bool transient_no_isolation;
    /* The settings of the other drivers; NULL: none is configured. */
    const struct transient_drivers *transient_drivers;
    struct transient_process transient_process; /* driver `process` */
    /* The checks a verdict is made of; none: all that there are today. */
    const char *const *required;
    size_t required_count;
    const char *canary_mount;      /* NULL: no canaries */
    struct proof_limits plausible; /* max_drop_percent 0: the defaults */
    int64_t rto_target_ms;         /* what a restore may take; 0: any time */
    int64_t rpo_target_ms;         /* how old the newest valid one may be */
    struct jobs_oracle oracle;
    /* Of the listeners of the clusters that restores go to; 0: 30 s, as the
     * servers. */
    int64_t http_read_timeout_ms;
    uint64_t upload_bytes_per_second; /* expected, until measured; 0: 100 MiB */
    int64_t validation_await_ms;      /* how long a validation waits for key
                                         holders; 0: not at all */
    int64_t await_unseal_ms;          /* how long a restore waits; 0: 1 h */
    unsigned approvals;               /* a restore needs, of others */
    int64_t approval_ttl_ms;          /* how long it waits for them; 0: 1 h */
    int64_t settle_ms; /* until all nodes agree after a restore; 0: 2 min */
    int64_t audit_heads_ms; /* how often the record's head is put into the
                               storage, if it moved; 0: 5 min */
    int64_t drain_ms;       /* jobs_stop waits for running runs; 0: 10 s */
};

#endif
