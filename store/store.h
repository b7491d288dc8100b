/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalog: one SQLite database in WAL mode, an index of what lies in
 * storage and the queue of runs.  This header is the handle; the tables have
 * a header each (runs.h, checks.h, snapshots.h).
 *
 * All functions of store/ share these rules.  Any thread may call them.
 * They block for a disk access, never for the network.  Readers do not wait
 * for a writer; writers wait for each other, milliseconds.  They return 0, or
 * -1 with `err` filled: ERR_NOT_FOUND for an id that is not there (or is no
 * id at all), ERR_IO for disk and database (full, read-only), ERR_CORRUPT for
 * a damaged database, ERR_UNAVAILABLE when another process keeps it locked.
 * What a function returned 0 for has reached the disk.  Times are Unix
 * milliseconds, 0 when unset.  Text arguments are copied. */
#ifndef ASSAY_STORE_STORE_H
#define ASSAY_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct store;

enum { STORE_LISTENERS_MAX = 8 };

/* Open the catalog at `path`; made with mode 0600 if it is not there, and
 * brought up to this binary's schema, one transaction per migration.  The
 * directory must exist.  Refuses a database that is newer than this binary
 * or whose applied migrations were edited (ERR_PRECONDITION), and a file that
 * is not an SQLite database (ERR_CORRUPT). */
int store_open(const char *path, struct store **out,
               struct error *err) MUST_USE;
/* To read it as it is: nothing is made, nothing brought up to date.
 * ERR_NOT_FOUND when it is not there, and store_open's errors;
 * ERR_PRECONDITION for one that is older than this binary, too.  Whatever
 * writes fails on this handle. */
int store_open_to_read(const char *path, struct store **out,
                       struct error *err) MUST_USE;
/* No other call may be under way.  Accepts NULL. */
void store_close(struct store *s);

/* Be the only process that runs the queue: an advisory lock beside the
 * database, held until store_close or the end of the process.  ERR_CONFLICT
 * if another process has it.  Readers (`assay catalog check`) do not need
 * it; whoever calls runs_claim or runs_interrupt_unfinished does. */
int store_own(struct store *s, struct error *err) MUST_USE;

/* Read everything: integrity and foreign keys.  ERR_CORRUPT names the first
 * problem.  Seconds on a large catalog. */
int store_check(struct store *s, struct error *err) MUST_USE;
/* Cheap, for readiness: a transaction that writes and is committed. */
int store_writable(struct store *s, struct error *err) MUST_USE;

/* Small key/values, such as the id of this instance.  `size` includes the
 * final NUL; ERR_NOT_FOUND if the key was never set. */
int store_meta_get(struct store *s, const char *key, char *out, size_t size,
                   struct error *err) MUST_USE;
int store_meta_set(struct store *s, const char *key, const char *value,
                   struct error *err) MUST_USE;

/* A counter that grows after each committed change of runs or snapshots
 * made through this handle.  Starts at 1. */
uint64_t store_revision(const struct store *s);
/* Wait until the revision is no longer `seen`, or `timeout_ms` have passed;
 * the revision then. */
uint64_t store_wait(struct store *s, uint64_t seen, int64_t timeout_ms);

/* Call fn(ctx) after each such change, on the thread that made it, with no
 * lock held: it may call the store, and must not block.  ERR_INTERNAL when
 * STORE_LISTENERS_MAX are there already. */
typedef void (*store_listener)(void *ctx);
int store_on_change(struct store *s, store_listener fn, void *ctx,
                    struct error *err) MUST_USE;
/* Once this has returned, fn(ctx) is not running and will not run.  Not
 * from within a listener. */
void store_off_change(struct store *s, store_listener fn, void *ctx);

/* Virtual machine steps of the most recent list query of this thread: what a
 * page costs, without a clock (tests and tests/bench). */
uint64_t store_last_steps(void);

#endif
