/* SPDX-License-Identifier: Apache-2.0
 *
 * A copy of the options, shared by the runs that began under it: a reload
 * changes nothing for them.  Immutable; counted; any thread. */
#ifndef ASSAY_JOBS_SETTINGS_H
#define ASSAY_JOBS_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/manifest.h"
#include "jobs/options.h"
#include "proof/history.h"
#include "transient/drivers.h"

struct jobs_settings_cluster {
    char *name;
    struct vault *vault;
    struct vault *restore_vault; /* never NULL */
    char **key_files;
    size_t key_files_count;
    char **command; /* a NULL behind the last */
    size_t command_count;
};

struct jobs_settings {
    atomic_uint users;
    struct jobs_settings_cluster *clusters;
    size_t clusters_count;
    size_t dropped; /* behind those: not known since the start */
    uint8_t (*keys)[DIGEST_PUBLIC_KEY_SIZE]; /* the signer's own is first */
    size_t keys_count;
    char *driver;
    char *server; /* NULL: from PATH */
    char *helper; /* NULL: this program */
    bool no_isolation;
    const struct transient_drivers *drivers; /* never NULL */
    struct transient_process *process;
    char **required;
    size_t required_count;
    char *canary_mount; /* NULL: no canaries */
    struct proof_limits plausible;
    char **ignore;         /* those of `plausible` */
    int64_t rto_target_ms; /* 0: none */
    int64_t rpo_target_ms;
    char *oracle; /* "none" for none */
    bool baseline;
    bool compare_values;
    unsigned requests_per_second;
    struct tfsettings *terraform; /* NULL: not configured */
    int64_t http_read_timeout_ms;
    uint64_t upload_bytes_per_second;
    int64_t validation_await_ms; /* 0: does not wait */
    int64_t await_unseal_ms;     /* a restore's */
    unsigned approvals;
    int64_t approval_ttl_ms;
    int64_t settle_ms;
    int64_t audit_heads_ms;
    int64_t drain_ms;
};

/* Checked, defaults filled in. */
int jobs_settings_new(const struct jobs_options *o, struct jobs_settings **out,
                      struct error *err) MUST_USE;
struct jobs_settings *jobs_settings_hold(struct jobs_settings *s);
/* Accepts NULL. */
void jobs_settings_release(struct jobs_settings *s);

/* NULL for one that is not configured. */
const struct jobs_settings_cluster *
jobs_settings_cluster(const struct jobs_settings *s, const char *name);
struct manifest_trust jobs_settings_trust(const struct jobs_settings *s);

#endif
