/* SPDX-License-Identifier: Apache-2.0
 *
 * Bring a database up to date.  For store/ only. */
#ifndef ASSAY_STORE_MIGRATE_H
#define ASSAY_STORE_MIGRATE_H

#include <stddef.h>

#include "base/error.h"
#include "migrations/migrations.h"
#include "store/db.h"

/* Apply what is missing of `list`, each in its own transaction together with
 * the row that records it.  Refuses, untouched, a database of another program,
 * one with more migrations than the list, and one where an applied migration
 * was another text (all ERR_PRECONDITION). */
int migrate_apply(struct db *db, const struct migration *list, size_t count,
                  struct error *err) MUST_USE;
/* Is it up to date?  Writes nothing; what migrate_apply refuses and what it
 * would change are ERR_PRECONDITION. */
int migrate_check(struct db *db, const struct migration *list, size_t count,
                  struct error *err) MUST_USE;

#endif
