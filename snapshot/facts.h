/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known about one archive once it has been read to its end.  Plain
 * data: the caller's storage, no locks, nothing shared. */
#ifndef ASSAY_SNAPSHOT_FACTS_H
#define ASSAY_SNAPSHOT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/json.h"

/* The keys that begin with the same two path segments: "sys/policy",
 * "logical/<uuid>"; a shorter key is its own prefix.  Counted exactly as
 * `vault operator raft snapshot inspect` does: `bytes` is the length of the
 * protobuf messages, without their length prefixes. */
struct snapshot_prefix {
    char *prefix;
    uint64_t entries;
    uint64_t bytes;
};

/* The name of the bucket for everything past LIMIT_SNAPSHOT_PREFIXES, and
 * for prefixes longer than LIMIT_SNAPSHOT_PREFIX_LENGTH. */
#define SNAPSHOT_PREFIX_OTHER "(other)"

enum { SNAPSHOT_SERVER_TEXT_MAX = 256 };

/* A raft peer, as meta.json names it. */
struct snapshot_server {
    char id[SNAPSHOT_SERVER_TEXT_MAX];
    char address[SNAPSHOT_SERVER_TEXT_MAX];
    bool voter;
};

struct snapshot_facts {
    char sha256[DIGEST_SHA256_HEX]; /* of the archive; "" if not digested */
    bool archive_digested;
    uint64_t size_bytes;  /* of the archive */
    uint64_t state_bytes; /* of state.bin */
    uint64_t entries;
    uint64_t raft_index;
    uint64_t raft_term;
    /* At most LIMIT_SNAPSHOT_SERVERS of them; NULL when there are none. */
    size_t server_count;
    struct snapshot_server *servers;
    /* Ascending by prefix, SNAPSHOT_PREFIX_OTHER last; NULL when they were
     * not asked for. */
    size_t prefix_count;
    struct snapshot_prefix *prefixes;
};

void snapshot_facts_init(struct snapshot_facts *facts);
/* Frees what it owns; init again before reuse.  Accepts a zeroed one. */
void snapshot_facts_done(struct snapshot_facts *facts);

/* Write the fields sha256 (null if not digested), size_bytes, state_bytes,
 * raft_index, raft_term, entries into the object that is open in `w`. */
void snapshot_facts_write(const struct snapshot_facts *facts, struct jsonw *w);
/* Write "prefixes": [{prefix, entries, bytes}, …] into the open object. */
void snapshot_prefixes_write(const struct snapshot_prefix *prefixes,
                             size_t count, struct jsonw *w);

#endif
