/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive through the reader, whole or in pieces. */
#ifndef TESTS_UNIT_SNAPSHOT_READING_H
#define TESTS_UNIT_SNAPSHOT_READING_H

#include <stddef.h>

#include "archive.h"
#include "snapshot/reader.h"

/* Push all of it, `step` bytes a time (0: at once), and finish. */
int reading_all(const void *data, size_t len, size_t step,
                const struct snapshot_reader_options *options,
                struct snapshot_facts *facts, struct error *err);
void reading_good(const struct buf *b, size_t step);
/* With this sentence, however it is cut into pieces. */
void reading_bad(const struct buf *b, const char *sentence);
/* Build with `options` from a few entries, and expect this sentence (NULL:
 * intact). */
void reading_build(const struct archive_options *options, const char *sentence);

#endif
