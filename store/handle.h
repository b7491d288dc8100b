/* SPDX-License-Identifier: Apache-2.0
 *
 * What the other files of store/ need of the handle: transactions. */
#ifndef ASSAY_STORE_HANDLE_H
#define ASSAY_STORE_HANDLE_H

#include <stdbool.h>

#include "base/error.h"
#include "store/db.h"
#include "store/store.h"

/* The write connection, locked, in a transaction.  Always followed by
 * store_write_end. */
int store_write_begin(struct store *s, struct db **db,
                      struct error *err) MUST_USE;
/* Commit if `rc` is 0, else roll back; unlock; then, if `changed` and
 * committed, tell the listeners.  Returns -1 if `rc` is or the commit
 * failed. */
int store_write_end(struct store *s, int rc, bool changed,
                    struct error *err) MUST_USE;

/* A read connection of the caller's own, in a transaction: all its queries
 * see one state.  Always followed by store_read_end. */
int store_read_begin(struct store *s, struct db **db,
                     struct error *err) MUST_USE;
void store_read_end(struct store *s, struct db *db);

/* For store_last_steps: the steps of this connection since `before`. */
void store_note_steps(const struct db *db, uint64_t before);

#endif
