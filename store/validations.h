/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_STORE_VALIDATIONS_H
#define ASSAY_STORE_VALIDATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/checks.h"
#include "store/store.h"
#include "store/verdict.h"

struct validation_conclusion {
    const char *run_id;
    enum store_verdict verdict; /* not STORE_UNVALIDATED */
    int64_t at_ms;              /* when it concluded; 0: now */
    int64_t restore_ms;         /* -1 when it was not measured */
    const char *basis;          /* JSON text, or NULL (runs.h) */
    const struct check_row *checks;
    size_t checks_count;
};

/* The run has its answer: its checks, its verdict, the verdict of its
 * snapshot (under the rule of snapshots_set_verdict) and `succeeded`, all of
 * it or none.  ERR_CONFLICT if the run may not succeed from where it is. */
int validations_conclude(struct store *s, const struct validation_conclusion *c,
                         struct error *err) MUST_USE;

#endif
