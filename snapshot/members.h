/* SPDX-License-Identifier: Apache-2.0
 *
 * The small text members of an archive. */
#ifndef ASSAY_SNAPSHOT_MEMBERS_H
#define ASSAY_SNAPSHOT_MEMBERS_H

#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"
#include "snapshot/facts.h"

enum member {
    MEMBER_META,
    MEMBER_STATE,
    MEMBER_SUMS,
    MEMBER_SEALED,
    MEMBERS,
};

const char *members_name(enum member member);
/* MEMBERS for any other name. */
enum member members_find(const char *name);

/* meta.json: raft_index, raft_term, servers, and state_bytes as it claims.
 * Only what raft itself needs is required. */
int members_parse_meta(const char *text, size_t len,
                       struct snapshot_facts *facts,
                       struct error *err) MUST_USE;

/* SHA256SUMS: exactly one line for meta.json and one for state.bin, in any
 * order; lower-case hex. */
struct members_sums {
    char meta[DIGEST_SHA256_HEX];
    char state[DIGEST_SHA256_HEX];
};
int members_parse_sums(const char *text, size_t len, struct members_sums *sums,
                       struct error *err) MUST_USE;

#endif
