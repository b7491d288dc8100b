/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of transactions that more than one file of store/ needs.  Each runs
 * inside the transaction of its caller. */
#ifndef ASSAY_STORE_PARTS_H
#define ASSAY_STORE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/checks.h"
#include "store/db.h"
#include "store/query.h"
#include "store/runs.h"
#include "store/snapshots.h"

/* The columns that run_row_read expects, in its order.  The last four are
 * the texts that a list leaves out. */
#define RUN_LIST_COLUMNS                                                       \
    "id, kind, status, phase, progress_done, progress_total,"                  \
    " progress_unit, cluster, created_ms, started_ms, finished_ms,"            \
    " display_name, entity_id, requester_key, error, snapshot_id,"             \
    " cancel_requested, revision, driver, oracle, verdict, restore_ms,"        \
    " target, dry_run, force, overrides, reason, safety_snapshot_id,"          \
    " approvals_needed, expires_ms, plan_revision, plan_fingerprint,"          \
    " plan_sha256, plan_cluster_id"
#define RUN_COLUMNS RUN_LIST_COLUMNS ", params, plan, leftovers, basis"

/* The current row into *out; with the four texts if `whole`. */
int run_row_read(struct query *q, bool whole, struct run *out,
                 struct error *err) MUST_USE;
int run_row_get(struct db *db, const char *id, struct run *out,
                struct error *err) MUST_USE;
int run_row_status(struct db *db, const char *id, enum run_kind *kind,
                   enum run_status *status, struct error *err) MUST_USE;
/* ERR_CONFLICT if the run may not go to `to` from where it is. */
int run_row_may_move(struct db *db, const char *id, enum run_status to,
                     struct error *err) MUST_USE;
int run_row_begin_phase(struct db *db, const char *id, const char *name,
                        struct error *err) MUST_USE;
/* runs_finish. */
int run_row_finish(struct db *db, const char *id, enum run_status status,
                   const char *text, struct error *err) MUST_USE;
/* runs_set_validation_result. */
int run_row_set_result(struct db *db, const char *id,
                       enum store_verdict verdict, int64_t restore_ms,
                       struct error *err) MUST_USE;
/* JSON text, or NULL. */
int run_row_set_basis(struct db *db, const char *id, const char *basis,
                      struct error *err) MUST_USE;

/* checks_save. */
int checks_put(struct db *db, const char *run_id, const struct check_row *rows,
               size_t count, struct error *err) MUST_USE;

#define SNAPSHOT_COLUMNS                                                       \
    "id, cluster, cluster_id, cluster_name, product, server_version,"          \
    " created_ms, size_bytes, sha256, raft_index, raft_term, entries,"         \
    " state_bytes, verdict, validated_ms, validation_id, pinned, run_id"

/* The current row, its columns being SNAPSHOT_COLUMNS, without copies. */
void snapshot_row_read(struct query *q, struct snapshot_row *out);
int snapshot_row_read_copies(struct db *db, struct snapshot_row *row,
                             struct error *err) MUST_USE;
/* One that is not being deleted. */
int snapshot_row_get(struct db *db, const char *id, struct snapshot_row *out,
                     struct error *err) MUST_USE;

/* snapshots_set_verdict. */
int snapshots_judge(struct db *db, const struct snapshot_judgement *j,
                    struct error *err) MUST_USE;

#endif
