/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over a cluster, primary or restored copy, that makes its
 * inventory: every namespace, mount and auth method, and in each what the
 * table of probes knows to ask (proof/probes.h).
 *
 * Many requests are under way at once, and nothing grows with the number of
 * secrets: records go to the sorter, folders that wait are a stack of lists,
 * and while those are large one list is asked for at a time.  Secrets are not
 * read, unless their values are to be compared. */
#ifndef ASSAY_PROOF_WALK_H
#define ASSAY_PROOF_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"
#include "proof/inventory.h"
#include "vault/vault.h"

enum { WALK_KINDS_MAX = 96 };

struct walk_options {
    struct vault *vault;  /* logged in; its leader is asked */
    const char *path;     /* the inventory, made or replaced */
    const char *work_dir; /* private; nothing stays there */
    const struct inventory_key *key;
    unsigned concurrency;         /* requests under way; 0: 64 */
    unsigned requests_per_second; /* 0: no limit */
    /* Read the secrets of KV stores and record a keyed hash of each, as
     * kv1_value and kv2_value.  Only for a file that is thrown away once it
     * is compared: a stored inventory has no values, not even hashed. */
    bool compare_values;
    const struct cancel *cancel;
    /* Now and then, from the walking thread; may be NULL. */
    void (*progress)(void *ctx, uint64_t records, uint64_t requests);
    void *progress_ctx;
};

/* Plain data. */
struct walk_result {
    struct inventory_head head;
    uint64_t records;
    uint64_t requests;
    uint64_t not_covered; /* records of that kind */
    size_t kind_count;
    struct walk_kind {
        const char *name; /* static */
        uint64_t count;
    } kinds[WALK_KINDS_MAX]; /* in no order */
};

/* Blocks for as long as it takes.
 *
 * 0: the file is there, and says what could not be looked at.  -1: there is
 * none; ERR_UNAVAILABLE when the server went away, was sealed or lost its
 * lead on the way, ERR_DENIED without a login, ERR_CANCELLED, ERR_IO. */
int walk_run(const struct walk_options *o, struct walk_result *out,
             struct error *err) MUST_USE;

#endif
