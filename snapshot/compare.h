/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between two snapshots: entry by entry from two archives, or
 * prefix by prefix from two sets of stored counts. */
#ifndef ASSAY_SNAPSHOT_COMPARE_H
#define ASSAY_SNAPSHOT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "snapshot/facts.h"

enum snapshot_change_kind {
    SNAPSHOT_ADDED,   /* only in the right one */
    SNAPSHOT_REMOVED, /* only in the left one */
    SNAPSHOT_CHANGED, /* same key, other value */
};

/* Valid only during the callback.  `key` is not NUL-terminated and need not
 * be printable.  Sizes are those of the values; 0 where there is none. */
struct snapshot_change {
    enum snapshot_change_kind kind;
    const uint8_t *key;
    size_t key_len;
    uint64_t left_size;
    uint64_t right_size;
};

struct snapshot_compare_options {
    /* For every difference, ascending by key; NULL for counts only.  An
     * archive may still turn out corrupt after some calls. */
    void (*changed)(void *ctx, const struct snapshot_change *change);
    void *ctx;
    const struct cancel *cancel; /* may be NULL */
    /* What errors call the archives; NULL: "the left archive", "the right
     * archive". */
    const char *left_name;
    const char *right_name;
    /* Where the facts of each go on success; NULL: not wanted.  They are
     * overwritten, the caller releases them; with prefixes and, where
     * `digest_archives`, sha256. */
    struct snapshot_facts *left_facts;
    struct snapshot_facts *right_facts;
    bool digest_archives;
};

struct snapshot_comparison {
    uint64_t equal;
    uint64_t added;
    uint64_t removed;
    uint64_t changed;
    uint64_t left_entries;
    uint64_t right_entries;
};

/* Merge the two sorted rows of entries, reading both sources to their ends in
 * constant memory (one entry of each), and check both archives like a reader
 * does.  0 and `out` filled if both are intact, however much they differ; -1
 * with the name of the archive before the error otherwise.  `options` may be
 * NULL. */
int snapshot_compare(const struct source *left, const struct source *right,
                     const struct snapshot_compare_options *options,
                     struct snapshot_comparison *out,
                     struct error *err) MUST_USE;

/* A borrowed array of counts, in any order, each prefix once. */
struct snapshot_prefix_list {
    const struct snapshot_prefix *items;
    size_t count;
};

/* A prefix whose counts differ; 0 on a side where it does not occur.
 * `prefix` points into one of the lists. */
struct snapshot_prefix_delta {
    const char *prefix;
    uint64_t left_entries;
    uint64_t right_entries;
    uint64_t left_bytes;
    uint64_t right_bytes;
};

/* 0 and the differing prefixes, ascending, in a malloc'd array (NULL when
 * there are none).  Equal counts do not prove equal entries. */
int snapshot_prefix_diff(const struct snapshot_prefix_list *left,
                         const struct snapshot_prefix_list *right,
                         struct snapshot_prefix_delta **deltas, size_t *count,
                         struct error *err) MUST_USE;

#endif
