/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of a cluster since a snapshot, and so what a restore undoes:
 * counted from the keys alone, which are in the clear.  Private to jobs/. */
#ifndef ASSAY_JOBS_PLAN_LOSS_H
#define ASSAY_JOBS_PLAN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/stream.h"

enum { PLAN_LOSS_GROUPS_MAX = 256, PLAN_LOSS_GROUP_NAME = 96 };

struct plan_loss_count {
    uint64_t added;   /* since the snapshot: a restore removes them */
    uint64_t changed; /* become again what they were */
    uint64_t removed; /* come back */
};

/* An engine, an auth method, or whatever else has its own keys. */
struct plan_loss_group {
    char prefix[PLAN_LOSS_GROUP_NAME]; /* "logical/<uuid>", "sys/policy" */
    char space[37]; /* uuid of its OpenBao namespace, "" for the root */
    struct plan_loss_count count;
};

/* Plain data; to be zeroed. */
struct plan_loss {
    struct plan_loss_group groups[PLAN_LOSS_GROUPS_MAX];
    size_t groups_count;
    struct plan_loss_count rest; /* of groups that had no room */
    struct plan_loss_count tokens;
    struct plan_loss_count secret_ids;
    struct plan_loss_count leases;   /* but not those of tokens */
    struct plan_loss_count entities; /* buckets of them: logins change them */
    struct plan_loss_count audits;   /* tables of audit devices */
    struct plan_loss_count keys;     /* the barrier's unseal keys */
};

/* Compare the snapshot's archive with one of the target, as
 * snapshot_compare does; groups with the most differences come first.  What a
 * healthy server changes by itself does not count.  On -1 `l` means
 * nothing. */
int plan_loss_measure(struct plan_loss *l, const struct source *snapshot,
                      const struct source *target, const struct cancel *cancel,
                      struct error *err) MUST_USE;
uint64_t plan_loss_sum(const struct plan_loss_count *c);

#endif
