/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader one entry at a time: what push and the cursor are made of.
 * Only for use inside snapshot/. */
#ifndef ASSAY_SNAPSHOT_READER_STEP_H
#define ASSAY_SNAPSHOT_READER_STEP_H

#include "snapshot/members.h"
#include "snapshot/reader.h"
#include "snapshot/span.h"

/* As snapshot_reader_new, but values are kept although there is no entry
 * callback. */
struct snapshot_reader *
snapshot_reader_new_stepped(const struct snapshot_reader_options *options);
/* Give the next bytes.  They must stay until step has found no entry. */
void snapshot_reader_feed(struct snapshot_reader *r, const void *data,
                          size_t len);
/* The next entry in what was given (*found), valid until the next call; or
 * nothing, when all of it is used up. */
int snapshot_reader_step(struct snapshot_reader *r, bool *found,
                         struct snapshot_entry *entry,
                         struct error *err) MUST_USE;
/* After finish: the two sums, and SHA256SUMS.sealed, which is the reader's. */
void snapshot_reader_sums(const struct snapshot_reader *r,
                          struct members_sums *sums, struct span *sealed);

#endif
