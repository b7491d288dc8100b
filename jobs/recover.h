/* SPDX-License-Identifier: Apache-2.0
 *
 * A recovery under way, shared by recover.c (the order of things),
 * recover_plan.c (what is agreed to), recover_copy.c (the copy that is read)
 * and recover_deliver.c (where the secret goes).  Nobody else includes
 * this. */
#ifndef ASSAY_JOBS_RECOVER_H
#define ASSAY_JOBS_RECOVER_H

#include "base/digest.h"
#include "base/error.h"
#include "jobs/plan.h"
#include "jobs/recover_want.h"
#include "jobs/validation.h"
#include "vault/kv.h"
#include "vault/status.h"

/* In the hands of one worker; parked while key holders are waited for. */
struct recovery {
    struct validation v; /* the copy is raised as a validation's is */
    struct recover_want want;
    struct plan plan;
    char fingerprint[DIGEST_SHA256_HEX];
    struct vault_status status; /* the primary's leader */
    bool looked;                /* these two say what is there, as planned */
    struct vault_kv_place primary;
    struct vault_kv_now now;
    struct vault *handed; /* came with an approval; or NULL */
    struct vault_kv_secret secret;
    char name[VAULT_KV_PATH_MAX]; /* as the copy calls it */
};

/* Everything that can be known without changing anything; into the
 * catalog. */
int recover_plan(struct recovery *r, struct error *err) MUST_USE;

/* The primary's leader, as who may write there (`handed`, where that came
 * with an approval); the caller frees it. */
int recover_sender(struct recovery *r, struct vault **out,
                   struct error *err) MUST_USE;

/* ERR_TOO_MANY: what would be wrapped could not be kept for whoever asked. */
int recover_room(const struct recovery *r, struct error *err) MUST_USE;

/* Raise the snapshot with v.keys, and read r->secret there.  The caller
 * destroys the copy in either case. */
int recover_copy_read(struct recovery *r, struct error *err) MUST_USE;

/* Once, and said in the run's outcome. */
int recover_deliver(struct recovery *r, struct error *err) MUST_USE;

#endif
