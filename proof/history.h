/* SPDX-License-Identifier: Apache-2.0
 *
 * What the catalog knows about the snapshot and about the one before it, and
 * how much of a difference is none: for the check `plausible`.  Plain data;
 * owned by whoever made it. */
#ifndef ASSAY_PROOF_HISTORY_H
#define ASSAY_PROOF_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct proof_prefix {
    const char *prefix; /* two segments of a key, "logical/<uuid>" */
    uint64_t entries;
    uint64_t bytes;
};

/* One snapshot, as it was counted while it streamed in. */
struct proof_counts {
    const char *id;
    int64_t created_ms;
    const char *cluster_id;
    const char *product;
    const char *server_version;
    uint64_t raft_index;
    const struct proof_prefix *prefixes; /* sorted bytewise */
    size_t prefixes_count;
};

/* A loss of at most `max_drop_percent` is none, and neither is one where
 * there was little to lose. */
struct proof_limits {
    unsigned max_drop_percent; /* 1 … 100 */
    uint64_t min_entries;      /* fewer before: their loss is not counted */
    uint64_t min_bytes;
    const char *const *ignore; /* prefixes that come and go */
    size_t ignore_count;
};

struct proof_history {
    struct proof_counts now;
    const struct proof_counts *before; /* NULL: it is the first */
    struct proof_limits limits;
};

#endif
