/* SPDX-License-Identifier: Apache-2.0
 *
 * The sums of an archive, from the cursor that has read it.  Private to
 * snapshot/. */
#ifndef ASSAY_SNAPSHOT_CURSOR_SUMS_H
#define ASSAY_SNAPSHOT_CURSOR_SUMS_H

#include "snapshot/cursor.h"
#include "snapshot/members.h"
#include "snapshot/span.h"

/* After the end; `sealed` is the cursor's. */
void snapshot_cursor_sums(const struct snapshot_cursor *c,
                          struct members_sums *sums, struct span *sealed);

#endif
