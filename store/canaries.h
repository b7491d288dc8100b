/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a snapshot has its canaries, as its manifest says. */
#ifndef ASSAY_STORE_CANARIES_H
#define ASSAY_STORE_CANARIES_H

#include <stdbool.h>

#include "base/error.h"
#include "store/store.h"

struct canary_row {
    bool configured;              /* when it was taken */
    char problem[ERROR_TEXT_MAX]; /* "": they are all there */
};

/* ERR_NOT_FOUND without that snapshot.  A row that is not `configured` is not
 * stored. */
int canaries_set(struct store *s, const char *snapshot_id,
                 const struct canary_row *row, struct error *err) MUST_USE;
/* Not `configured` where there is none. */
int canaries_get(struct store *s, const char *snapshot_id,
                 struct canary_row *out, struct error *err) MUST_USE;

#endif
