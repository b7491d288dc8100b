/* SPDX-License-Identifier: Apache-2.0
 *
 * Which secret a recovery brings back, and where to: the request, as the
 * run's params have it.  It never changes, so who approves the run approves
 * this.  Private to jobs/. */
#ifndef ASSAY_JOBS_RECOVER_WANT_H
#define ASSAY_JOBS_RECOVER_WANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "jobs/recoveries.h"
#include "vault/kv.h"

enum {
    RECOVER_TTL_MIN_MS = 60 * 1000,
    RECOVER_TTL_MS = 30 * 60 * 1000,
    RECOVER_TTL_MAX_MS = 24 * 3600 * 1000,
};

/* Plain data. */
struct recover_want {
    char mount[VAULT_KV_PATH_MAX]; /* "": `path` is the API's */
    char path[VAULT_KV_PATH_MAX];
    uint64_t version; /* 0: the newest that the snapshot has */
    bool wrap;        /* to the requester; else to the primary */
    int64_t wrap_ttl_ms;
    bool overwrite; /* in a store that keeps no versions */
};

/* What was asked for, with defaults.  ERR_INVALID names the field. */
int recover_want_from(const struct jobs_recovery_request *r,
                      struct recover_want *out, struct error *err) MUST_USE;
/* As the run's params. */
int recover_want_write(const struct jobs_recovery_request *r,
                       const struct recover_want *want, struct buf *out,
                       struct error *err) MUST_USE;
int recover_want_read(const char *params, struct recover_want *out,
                      struct error *err) MUST_USE;
/* NULL: none was given. */
const char *recover_want_mount(const struct recover_want *want);

#endif
