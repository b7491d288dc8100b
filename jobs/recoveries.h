/* SPDX-License-Identifier: Apache-2.0
 *
 * One secret of a snapshot: asked for, and fetched.  Any thread; the catalog
 * and memory alone, no network. */
#ifndef ASSAY_JOBS_RECOVERIES_H
#define ASSAY_JOBS_RECOVERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/submit.h"

struct jobs;

/* Texts may be NULL where nothing is said of them. */
struct jobs_recovery_request {
    const char *snapshot; /* required; "latest-valid" is fine */
    const char *cluster;  /* narrows `snapshot` down */
    const char *mount;    /* then `path` is the name in it; NULL: `path` is
                             the API's, "secret/data/shop/item" */
    const char *path;     /* required */
    int64_t version;      /* 0: the newest that the snapshot has */
    const char *to;       /* required: "primary" or "wrap" */
    int64_t wrap_ttl_ms;  /* 0: half an hour */
    bool overwrite;       /* in a store that keeps no versions */
    const char *reason;   /* required */
};

/* As the jobs_submit_* of submit.h.  ERR_PRECONDITION: the snapshot is not
 * `valid`, which nothing overrides.  ERR_DENIED: to=wrap, and the caller has
 * no entity. */
int jobs_submit_recovery(struct jobs *j, const struct jobs_recovery_request *r,
                         const struct jobs_caller *who,
                         struct jobs_submitted *out,
                         struct error *err) MUST_USE;

/* Whether a wrapped secret of that run waits for who asked for it. */
bool jobs_recovery_waits(struct jobs *j, const char *run_id);
/* The wrapping token, once, for the caller to release with secret_free.
 * ERR_DENIED: it is somebody else's.  ERR_NOT_FOUND: no such run, or nothing
 * waits (any more). */
int jobs_recovery_claim(struct jobs *j, const char *run_id,
                        const struct jobs_caller *who, char **token,
                        struct error *err) MUST_USE;

#endif
