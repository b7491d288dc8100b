/* SPDX-License-Identifier: Apache-2.0
 *
 * The questions of plan_examine, one file each.  Private to them. */
#ifndef ASSAY_JOBS_PLAN_ASK_H
#define ASSAY_JOBS_PLAN_ASK_H

#include "base/clock.h"
#include "jobs/plan_examine.h"
#include "jobs/plan_loss.h"
#include "jobs/plan_names.h"

struct plan_ask {
    const struct plan_subject *of;
    struct plan *plan;
    const struct snapshot_row *row;
    bool foreign;               /* the target is another cluster */
    bool compared;              /* `loss` says what became of the target */
    char since[CLOCK_TEXT_MAX]; /* the snapshot's time */
    struct plan_loss loss;
    struct plan_names names;
};

/* How old the snapshot is, and whether there is a better one. */
void plan_ask_age(struct plan_ask *a);
/* A snapshot of the target, compared: fills in `loss`, and speaks of `loss`,
 * `tokens`, `leases` and `keys`.  -1 as plan_examine. */
int plan_ask_loss(struct plan_ask *a, struct error *err) MUST_USE;
/* Once compared: `newest_writes`. */
void plan_ask_writes(struct plan_ask *a);
/* The seals of both sides, and the audit devices of the snapshot: opened with
 * the key shares that are configured only where it matters.  -1 as above. */
int plan_ask_seal(struct plan_ask *a, struct error *err) MUST_USE;
/* Whether Assay will be let in afterwards. */
void plan_ask_login(struct plan_ask *a);

#endif
