/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs: one row per execution of a slow thing, and the queue they wait in.
 * A status is stored before it is acted on, so that a crash at any instant
 * leaves a row that says what was under way and what must be cleaned up. */
#ifndef ASSAY_STORE_RUNS_H
#define ASSAY_STORE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "store/store.h"
#include "store/verdict.h"

enum run_kind { RUN_BACKUP, RUN_VALIDATION, RUN_RESTORE, RUN_RECOVERY };
enum { RUN_KINDS = 4 };

/* One list for all kinds; run_may_move says which belong to which. */
enum run_status {
    RUN_QUEUED,
    RUN_RUNNING,          /* backup */
    RUN_PROVISIONING,     /* validation, recovery */
    RUN_PENDING_APPROVAL, /* restore, recovery */
    RUN_APPROVED,         /* the same: waits for a worker, like queued */
    RUN_SAFETY_BACKUP,    /* restore */
    RUN_RESTORING,
    RUN_AWAITING_UNSEAL,
    RUN_CHECKING,
    RUN_DESTROYING, /* validation, recovery */
    RUN_VERIFYING,  /* restore */
    /* Final: the run is over. */
    RUN_SUCCEEDED,
    RUN_FAILED,
    RUN_CANCELLED,
    RUN_INTERRUPTED,
    RUN_REJECTED,
    RUN_EXPIRED,
};
enum { RUN_STATUSES = RUN_EXPIRED + 1 };

enum {
    RUN_NAME_MAX = 65, /* clusters, targets, drivers; with the final NUL */
    RUN_DISPLAY_NAME_MAX = 257,
    RUN_ENTITY_ID_MAX = 65,
    RUN_REQUESTER_KEY_MAX = 65,
    RUN_PHASE_MAX = 33,
    RUN_UNIT_MAX = 17,
    RUN_REASON_MAX = 513,
    RUN_OVERRIDES_MAX = 513,
    RUN_DIGEST_MAX = 65,
    RUN_CLUSTER_ID_MAX = 65,
    RUN_PHASES_MAX = 64, /* rows per run */
    RUN_IDEMPOTENCY_KEY_MAX = 256,
};

/* Plain data, apart from the four texts that run_done frees. */
struct run {
    char id[ID_TEXT_MAX];
    enum run_kind kind;
    enum run_status status;
    char phase[RUN_PHASE_MAX]; /* "" before the first */
    uint64_t progress_done;
    uint64_t progress_total; /* 0: not known */
    char progress_unit[RUN_UNIT_MAX];
    char cluster[RUN_NAME_MAX];
    int64_t created_ms;
    int64_t started_ms;
    int64_t finished_ms;
    char display_name[RUN_DISPLAY_NAME_MAX];
    char entity_id[RUN_ENTITY_ID_MAX];
    char requester_key[RUN_REQUESTER_KEY_MAX];
    char error[ERROR_TEXT_MAX]; /* "" when there is none */
    /* Backup: what it made.  The others: what it is about. */
    char snapshot_id[ID_TEXT_MAX];
    bool cancel_requested;
    bool dry_run;      /* restore */
    bool force;        /* restore; recovery: overwrite */
    uint64_t revision; /* grows with each change of this row */

    /* Validation */
    char driver[RUN_NAME_MAX];
    char oracle[RUN_NAME_MAX];
    enum store_verdict verdict;
    int64_t restore_ms; /* -1 when it was not measured */

    /* Restore, recovery */
    int64_t expires_ms; /* of the waiting for approval; 0 before it */
    /* What approvals are bound to; see approvals.h. */
    uint64_t plan_revision;           /* 0 before the first plan */
    unsigned approvals_needed;        /* 0: it waits for nobody */
    char plan_sha256[RUN_DIGEST_MAX]; /* the archive's */
    char plan_cluster_id[RUN_CLUSTER_ID_MAX];
    char plan_fingerprint[RUN_DIGEST_MAX];
    char target[RUN_NAME_MAX];
    char overrides[RUN_OVERRIDES_MAX]; /* names of findings, with commas */
    char reason[RUN_REASON_MAX];
    char safety_snapshot_id[ID_TEXT_MAX];

    /* JSON texts, malloc'd, NULL when absent and in rows of runs_list. */
    char *params;    /* the validated request */
    char *plan;      /* restore, recovery: what was found */
    char *leftovers; /* what a crash would leave behind */
    char *basis;     /* validation: what its verdict was based on; restore,
                        recovery: what came of it */
};

/* Free what the row owns and zero it.  Accepts NULL and a zeroed one. */
void run_done(struct run *run);

const char *run_kind_name(enum run_kind kind); /* backup, validation, … */
const char *run_status_name(enum run_status status);
/* False for a name that is not one; *out is then untouched. */
bool run_kind_parse(const char *name, enum run_kind *out);
bool run_status_parse(const char *name, enum run_status *out);
/* Over, for good. */
bool run_status_final(enum run_status status);
/* Whether a run of this kind may go from one status to the other. */
bool run_may_move(enum run_kind kind, enum run_status from, enum run_status to);

/* A request for a run.  Texts may be NULL (""); `cluster` and `params` may
 * not. */
struct run_new {
    enum run_kind kind;
    const char *cluster;
    const char *params; /* JSON text */
    /* What makes two requests "the same", if not `params`: for instance the
     * request as it was sent, before "latest" was resolved. */
    const char *payload;
    const char *idempotency_key;
    const char *display_name;
    const char *entity_id;
    const char *requester_key; /* keyed hash of the token, hex */
    const char *snapshot_id;
    const char *driver;
    const char *oracle;
    const char *target;
    bool dry_run;
    bool force;
    const char *overrides;
    unsigned approvals_needed;
    const char *reason;
};

/* Put a run into the queue, or find the one that is this request already
 * (*existing = true); either way *out is that run, to be released with
 * run_done.  One transaction decides, in this order:
 *
 * - the same requester used this idempotency key before: the same run if the
 *   payload is the same, else ERR_PRECONDITION;
 * - a run of this kind and cluster is not over yet: that run if payload and
 *   requester are the same, else ERR_CONFLICT naming its id;
 * - `snapshot_id` (not of a backup) is not in the catalog or being
 *   deleted: ERR_NOT_FOUND;
 * - otherwise a new run, `queued`.
 *
 * The requester is the entity, or without one the token's hash.  A text that
 * is too long is ERR_INVALID.  Keys are remembered for seven days. */
int runs_create(struct store *s, const struct run_new *new, struct run *out,
                bool *existing, struct error *err) MUST_USE;

/* Into the catalog as it is, for `assay catalog rebuild`: the run is over.
 * 0 and nothing changed if the id is there already. */
int runs_import(struct store *s, const struct run *run,
                struct error *err) MUST_USE;

int runs_get(struct store *s, const char *id, struct run *out,
             struct error *err) MUST_USE;

struct runs_filter {
    int kind;            /* enum run_kind, or -1 for all */
    int status;          /* enum run_status, or -1 for all */
    const char *cluster; /* NULL for all */
    const char *after;   /* id of the last run of the page before, or NULL */
    size_t limit;        /* 0: LIMIT_PAGE_DEFAULT; at most LIMIT_PAGE */
};

struct run_list {
    struct run *items;
    size_t count;
    bool more; /* there are older ones */
};

/* Newest first (by id).  The caller releases *out. */
int runs_list(struct store *s, const struct runs_filter *filter,
              struct run_list *out, struct error *err) MUST_USE;
void run_list_done(struct run_list *list);

/* Runs that are not over: those that wait and those under way. */
int runs_count_active(struct store *s, size_t *out, struct error *err) MUST_USE;
/* Runs that are over, and whose transient cluster could not be destroyed: it
 * is still there, as their leftovers say. */
int runs_count_undestroyed(struct store *s, size_t *out,
                           struct error *err) MUST_USE;

/* Take the oldest waiting run of the kinds in `kinds` (bits 1 << kind): its
 * status becomes running, provisioning or checking, and started_ms is set.
 * *claimed is false, and *out untouched, when none waits. */
int runs_claim(struct store *s, unsigned kinds, struct run *out, bool *claimed,
               struct error *err) MUST_USE;

/* Move on to a status that is not final.  ERR_CONFLICT if run_may_move says
 * no.  0 if that is its status already. */
int runs_set_status(struct store *s, const char *id, enum run_status status,
                    struct error *err) MUST_USE;
/* Close the phase before and open this one; progress starts at nothing. */
int runs_begin_phase(struct store *s, const char *id, const char *name,
                     struct error *err) MUST_USE;
struct run_progress {
    uint64_t done;
    uint64_t total; /* 0: not known */
    const char *unit;
};

/* A commit each time: call it a few times a second, not for each block. */
int runs_set_progress(struct store *s, const char *id,
                      const struct run_progress *progress,
                      struct error *err) MUST_USE;
/* JSON text, or NULL for "nothing is left".  Stored before the thing is
 * made. */
int runs_set_leftovers(struct store *s, const char *id, const char *json,
                       struct error *err) MUST_USE;
int runs_set_snapshot(struct store *s, const char *id, const char *snapshot_id,
                      struct error *err) MUST_USE;
/* `restore_ms` -1 when it was not measured.  The snapshot's own verdict is
 * snapshots_set_verdict; validations.h does all in one transaction. */
int runs_set_validation_result(struct store *s, const char *id,
                               enum store_verdict verdict, int64_t restore_ms,
                               struct error *err) MUST_USE;
int runs_set_plan(struct store *s, const char *id, const char *json,
                  struct error *err) MUST_USE;
/* JSON text; also of a run whose end is being written. */
int runs_set_outcome(struct store *s, const char *id, const char *json,
                     struct error *err) MUST_USE;
int runs_set_safety_snapshot(struct store *s, const char *id,
                             const char *snapshot_id,
                             struct error *err) MUST_USE;
/* End the run: a final status, finished_ms, the open phase closed.  `text`
 * is the error, NULL for none.  ERR_CONFLICT as runs_set_status. */
int runs_finish(struct store *s, const char *id, enum run_status status,
                const char *text, struct error *err) MUST_USE;

/* A run that waits becomes `cancelled` at once; one under way gets
 * cancel_requested, for its worker to see; ERR_CONFLICT if it is over. */
int runs_request_cancel(struct store *s, const char *id,
                        struct error *err) MUST_USE;

/* At start, before workers: every run under way becomes `interrupted`
 * (waiting ones stay), and `cleanup` is called, without locks, for each run
 * that has leftovers, older ones whose cleaning failed included.  When it
 * returns 0 they are forgotten; when -1 they are kept for the next start and
 * its text is added to the run's error.  A NULL cleanup keeps them.
 * *interrupted counts the runs that changed. */
typedef int (*runs_cleanup)(void *ctx, const struct run *run,
                            struct error *err);
int runs_interrupt_unfinished(struct store *s, runs_cleanup cleanup, void *ctx,
                              size_t *interrupted, struct error *err) MUST_USE;

struct run_phase {
    char name[RUN_PHASE_MAX];
    int64_t started_ms;
    int64_t duration_ms; /* -1: under way, or cut off by a crash */
};

struct run_phases {
    struct run_phase items[RUN_PHASES_MAX];
    size_t count;
};

/* In order.  A run without phases, and an unknown id, have none. */
int runs_phases(struct store *s, const char *id, struct run_phases *out,
                struct error *err) MUST_USE;
/* After runs_import: the phases that run had.  0 and nothing changed if it
 * has phases already. */
int runs_import_phases(struct store *s, const char *id,
                       const struct run_phases *phases,
                       struct error *err) MUST_USE;

#endif
