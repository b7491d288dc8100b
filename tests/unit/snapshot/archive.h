/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives for tests, from their parts: each step can be done wrong on
 * purpose.  Running out of memory ends the test program. */
#ifndef TESTS_UNIT_SNAPSHOT_ARCHIVE_H
#define TESTS_UNIT_SNAPSHOT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/stream.h"

enum { ARCHIVE_MAX = 256 * 1024 * 1024 };

/* Append to `out`. */
void archive_varint(struct buf *out, uint64_t value);
/* An entry of state.bin; `value` NULL: no value field. */
void archive_entry(struct buf *out, const char *key, const char *value);
void archive_entry_len(struct buf *out, const void *key, size_t key_len,
                       const void *value, size_t value_len);
/* A tar header; its checksum made right. */
void archive_tar_header(struct buf *out, const char *name, uint64_t size,
                        char type);
void archive_tar_fix_sum(uint8_t block[512]);
void archive_tar_member(struct buf *out, const char *name, const void *data,
                        size_t len);
void archive_tar_end(struct buf *out);
void archive_gzip(struct buf *out, const struct buf *plain, int level);
/* What zlib makes of it; false where that finds a fault. */
bool archive_gunzip(struct buf *out, const struct buf *gz);
void archive_meta(struct buf *out, uint64_t size);

/* A whole one, of these entries; members in the order "msSx" says (m meta,
 * s state, S sums, x sealed), sums wrong where `bad_sum` names m or s. */
struct archive_options {
    const char *order; /* NULL: "msSx" */
    char bad_sum;      /* 0: none */
    bool state_sum_first;
    int level;        /* of gzip: 0 is stored */
    const char *meta; /* NULL: made */
    const char *sums; /* NULL: made */
    int wrong_size;   /* added to Size */
};
void archive_build(struct buf *out, const struct buf *state,
                   const struct archive_options *options);
/* Three entries, stored. */
void archive_small(struct buf *out);

/* A source over bytes; at most `step` bytes a time. */
struct archive_source {
    const char *data;
    size_t len;
    size_t at;
    size_t step;
    bool fail; /* at the end: an error instead of the end */
};
struct source archive_source(struct archive_source *s);

#endif
