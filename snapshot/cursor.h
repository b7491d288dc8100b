/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive's entries one at a time, pulled from a source.  One thread at a
 * time per cursor; blocks as long as the source does. */
#ifndef ASSAY_SNAPSHOT_CURSOR_H
#define ASSAY_SNAPSHOT_CURSOR_H

#include "base/error.h"
#include "base/stream.h"
#include "snapshot/reader.h"

struct snapshot_cursor;

/* `source` must outlive the cursor.  options->entry is not used.  NULL
 * without memory. */
struct snapshot_cursor *
snapshot_cursor_new(const struct source *source,
                    const struct snapshot_reader_options *options);
void snapshot_cursor_free(struct snapshot_cursor *c);

/* The next entry, valid until the next call; NULL at the end, when the whole
 * archive has been read and is intact. */
int snapshot_cursor_next(struct snapshot_cursor *c,
                         const struct snapshot_entry **entry,
                         struct error *err) MUST_USE;
/* After the end: what is known, handed over once. */
void snapshot_cursor_take_facts(struct snapshot_cursor *c,
                                struct snapshot_facts *facts);

#endif
