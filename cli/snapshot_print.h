/* SPDX-License-Identifier: Apache-2.0
 *
 * What the snapshot commands print, as tables for people and as JSON with
 * the API's field names.  Each returns -1 (ERR_IO) when standard output does
 * not take it all. */
#ifndef ASSAY_CLI_SNAPSHOT_PRINT_H
#define ASSAY_CLI_SNAPSHOT_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "snapshot/compare.h"
#include "snapshot/contents.h"
#include "snapshot/facts.h"

/* `why` is NULL for an intact archive; else `facts` is not looked at, and
 * whether the archive is bad or could not be read follows from its kind. */
int snapshot_print_verify(const char *file, const struct snapshot_facts *facts,
                          const struct error *why, bool json,
                          struct error *err) MUST_USE;
/* `contents` is NULL without key shares. */
int snapshot_print_inspect(const char *file, const struct snapshot_facts *facts,
                           const struct contents *contents, bool json,
                           struct error *err) MUST_USE;
/* The changes of a comparison, kept as text that is ready to print. */
struct snapshot_change_list {
    struct buf text;
    bool json;
    uint64_t limit; /* at most so many are kept */
    uint64_t kept;
    bool left_out; /* there were more */
};

void snapshot_change_list_init(struct snapshot_change_list *list, bool json,
                               uint64_t limit);
void snapshot_change_list_done(struct snapshot_change_list *list);
/* For snapshot_compare_options.changed. */
void snapshot_change_list_add(void *list, const struct snapshot_change *change);
/* No more will come: now it can be printed. */
void snapshot_change_list_end(struct snapshot_change_list *list);

struct snapshot_diff {
    const char *left_file;
    const char *right_file;
    const struct snapshot_facts *left;
    const struct snapshot_facts *right;
    const struct snapshot_comparison *counts;
    const struct snapshot_change_list *changes;
};
int snapshot_print_diff(const struct snapshot_diff *diff,
                        struct error *err) MUST_USE;

#endif
