/* SPDX-License-Identifier: Apache-2.0
 *
 * What `assay restore` tells a person: what was chosen, what was proved, what
 * would happen, what did. */
#ifndef ASSAY_CLI_RESTORE_PRINT_H
#define ASSAY_CLI_RESTORE_PRINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/restore_source.h"
#include "cli/restore_target.h"
#include "snapshot/prove.h"
#include "store/runs.h"
#include "store/snapshots.h"

/* Each appends lines. */
void restore_print_source(struct buf *out, const struct restore_source *s,
                          const struct snapshot_proof *proof);
void restore_print_target(struct buf *out, const struct restore_target *t);
/* The plan of a run, as the engine stored it; false when it is blocked or
 * cannot be read.  `first` gets the name of the first blocker. */
bool restore_print_plan(struct buf *out, const struct run *run, char *first,
                        size_t first_size);

struct restore_report {
    const struct run *run;
    const struct run_phases *phases; /* NULL: not known */
    const struct snapshot_row *row;
    const struct restore_target *target;
    const char *safety; /* a path, or NULL */
    bool force;         /* the way back takes it, too */
    bool sent;
};

/* What happened, and what to type next. */
void restore_print_report(struct buf *out, const struct restore_report *r);

#endif
