/* SPDX-License-Identifier: Apache-2.0
 *
 * Who agreed to a restore or a recovery.  An approval is bound to one revision
 * of the plan, and with it to one archive and one cluster; a plan that says
 * something else is a new revision, for which the approvals of before do not
 * count.
 *
 * Each function is one transaction, so that of two approvers at once exactly
 * one is the last. */
#ifndef ASSAY_STORE_APPROVALS_H
#define ASSAY_STORE_APPROVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/runs.h"

/* What is to be agreed to.  Texts are copied. */
struct approvals_plan {
    const char *json;
    uint64_t revision;
    const char *fingerprint; /* of what matters in it */
    const char *sha256;      /* of the archive */
    const char *cluster_id;  /* of the target as it is now */
};

/* The run's plan is this from now on. */
int approvals_set_plan(struct store *s, const char *run_id,
                       const struct approvals_plan *plan,
                       struct error *err) MUST_USE;

/* From checking to pending_approval, until `expires_ms` (Unix).  The run is
 * nobody's then; started_ms is unset until it goes on.  ERR_CANCELLED if that
 * was asked for meanwhile. */
int approvals_wait(struct store *s, const char *run_id, int64_t expires_ms,
                   struct error *err) MUST_USE;

/* A run of that kind, and no other of that id: who may approve the one need
 * not be who may approve the other. */
struct approval_run {
    enum run_kind kind;
    const char *id;
};

struct approval_new {
    struct approval_run run;
    const char *entity_id; /* "": a root token */
    const char *display_name;
    const char *token_key;  /* as run.requester_key */
    uint64_t plan_revision; /* the one that was looked at */
};

/* Add one; the same entity twice is one.  With the last that is needed the
 * run becomes `approved`, and *approved true.
 *
 * ERR_NOT_FOUND: no such run.  ERR_CONFLICT: it does not wait for
 * approval (any more), or its plan is another revision.  ERR_DENIED: it is
 * the requester's own. */
int approvals_give(struct store *s, const struct approval_new *new,
                   bool *approved, struct error *err) MUST_USE;
/* End a run that waits as `rejected`; `text` is its error.  ERR_CONFLICT,
 * ERR_NOT_FOUND as above. */
int approvals_reject(struct store *s, const struct approval_run *which,
                     const char *text, struct error *err) MUST_USE;
/* End every run that waits for approval longer than until `now_ms` as
 * `expired`; how many those were. */
int approvals_expire(struct store *s, int64_t now_ms, size_t *expired,
                     struct error *err) MUST_USE;

struct approval_row {
    char entity_id[RUN_ENTITY_ID_MAX];
    char display_name[RUN_DISPLAY_NAME_MAX];
    int64_t at_ms;
    uint64_t plan_revision;
    char archive_sha256[RUN_DIGEST_MAX];
    char cluster_id[RUN_CLUSTER_ID_MAX];
    bool counts; /* it is of the plan as it is now */
};

struct approval_list {
    struct approval_row *items;
    size_t count;
};

/* In the order in which they came, at most LIMIT_PAGE; an unknown id has
 * none.  The caller releases *out. */
int approvals_load(struct store *s, const char *run_id,
                   struct approval_list *out, struct error *err) MUST_USE;
void approval_list_done(struct approval_list *list);
/* Those that count. */
int approvals_count(struct store *s, const char *run_id, unsigned *out,
                    struct error *err) MUST_USE;

/* The restore that took this snapshot of `target` before it changed it: the
 * way back from it.  "": there is none. */
int approvals_way_back(struct store *s, const char *snapshot_id,
                       const char *target, char run_id[ID_TEXT_MAX],
                       struct error *err) MUST_USE;

#endif
