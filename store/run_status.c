/* SPDX-License-Identifier: Apache-2.0
 *
 * The states of a run and the moves between them, as data. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "store/runs.h"

static const char *const kinds[RUN_KINDS] = {
    [RUN_BACKUP] = "backup",
    [RUN_VALIDATION] = "validation",
    [RUN_RESTORE] = "restore",
    [RUN_RECOVERY] = "recovery",
};

static const char *const statuses[RUN_STATUSES] = {
    [RUN_QUEUED] = "queued",
    [RUN_RUNNING] = "running",
    [RUN_PROVISIONING] = "provisioning",
    [RUN_PENDING_APPROVAL] = "pending_approval",
    [RUN_APPROVED] = "approved",
    [RUN_SAFETY_BACKUP] = "safety_backup",
    [RUN_RESTORING] = "restoring",
    [RUN_AWAITING_UNSEAL] = "awaiting_unseal",
    [RUN_CHECKING] = "checking",
    [RUN_DESTROYING] = "destroying",
    [RUN_VERIFYING] = "verifying",
    [RUN_SUCCEEDED] = "succeeded",
    [RUN_FAILED] = "failed",
    [RUN_CANCELLED] = "cancelled",
    [RUN_INTERRUPTED] = "interrupted",
    [RUN_REJECTED] = "rejected",
    [RUN_EXPIRED] = "expired",
};

#define TO(status) (1u << RUN_##status)
/* What may happen to any run that a worker has. */
#define TROUBLE (TO(FAILED) | TO(CANCELLED) | TO(INTERRUPTED))

/* [kind][from]: the set of statuses to go to.  A final status has none.
 *
 * A validation whose question is answered (or cannot be asked) before there
 * is a transient cluster goes from provisioning or checking straight to its
 * end; it waits for key shares before there is one.  So does the dry run of a
 * restore, which sends nothing.  A real one is planned, waits for approval, and
 * is planned again before it goes on.  So is a recovery, which then raises a
 * copy as a validation does, and is `checking` again while it reads it. */
static const unsigned moves[RUN_KINDS][RUN_STATUSES] = {
    [RUN_BACKUP] =
        {
            [RUN_QUEUED] = TO(RUNNING) | TO(FAILED) | TO(CANCELLED),
            [RUN_RUNNING] = TO(SUCCEEDED) | TROUBLE,
        },
    [RUN_VALIDATION] =
        {
            [RUN_QUEUED] = TO(PROVISIONING) | TO(FAILED) | TO(CANCELLED),
            [RUN_PROVISIONING] = TO(AWAITING_UNSEAL) | TO(RESTORING) |
                                 TO(CHECKING) | TO(DESTROYING) | TO(SUCCEEDED) |
                                 TROUBLE,
            [RUN_AWAITING_UNSEAL] = TO(PROVISIONING) | TROUBLE,
            [RUN_RESTORING] = TO(CHECKING) | TO(DESTROYING) | TROUBLE,
            [RUN_CHECKING] = TO(DESTROYING) | TO(SUCCEEDED) | TROUBLE,
            [RUN_DESTROYING] = TO(SUCCEEDED) | TROUBLE,
        },
    [RUN_RESTORE] =
        {
            [RUN_QUEUED] = TO(CHECKING) | TO(FAILED) | TO(CANCELLED),
            [RUN_PENDING_APPROVAL] = TO(APPROVED) | TO(REJECTED) | TO(EXPIRED) |
                                     TO(FAILED) | TO(CANCELLED),
            [RUN_APPROVED] = TO(CHECKING) | TROUBLE,
            [RUN_CHECKING] = TO(PENDING_APPROVAL) | TO(SAFETY_BACKUP) |
                             TO(RESTORING) | TO(SUCCEEDED) | TO(EXPIRED) |
                             TROUBLE,
            [RUN_SAFETY_BACKUP] = TO(RESTORING) | TO(SUCCEEDED) | TROUBLE,
            [RUN_RESTORING] = TO(AWAITING_UNSEAL) | TO(VERIFYING) | TROUBLE,
            [RUN_AWAITING_UNSEAL] = TO(VERIFYING) | TROUBLE,
            [RUN_VERIFYING] = TO(AWAITING_UNSEAL) | TO(SUCCEEDED) | TROUBLE,
        },
    [RUN_RECOVERY] =
        {
            [RUN_QUEUED] = TO(CHECKING) | TO(FAILED) | TO(CANCELLED),
            [RUN_PENDING_APPROVAL] = TO(APPROVED) | TO(REJECTED) | TO(EXPIRED) |
                                     TO(FAILED) | TO(CANCELLED),
            [RUN_APPROVED] = TO(CHECKING) | TROUBLE,
            [RUN_CHECKING] = TO(PENDING_APPROVAL) | TO(PROVISIONING) |
                             TO(DESTROYING) | TO(EXPIRED) | TROUBLE,
            [RUN_PROVISIONING] = TO(AWAITING_UNSEAL) | TO(RESTORING) |
                                 TO(CHECKING) | TO(DESTROYING) | TROUBLE,
            [RUN_AWAITING_UNSEAL] = TO(PROVISIONING) | TROUBLE,
            [RUN_RESTORING] = TO(CHECKING) | TO(DESTROYING) | TROUBLE,
            [RUN_DESTROYING] = TO(SUCCEEDED) | TROUBLE,
        },
};

const char *run_kind_name(enum run_kind kind)
{
    assert((unsigned)kind < RUN_KINDS);
    return kinds[kind];
}

const char *run_status_name(enum run_status status)
{
    assert((unsigned)status < RUN_STATUSES);
    return statuses[status];
}

bool run_kind_parse(const char *name, enum run_kind *out)
{
    for (unsigned i = 0; name != NULL && i < RUN_KINDS; i++) {
        if (strcmp(kinds[i], name) == 0) {
            *out = (enum run_kind)i;
            return true;
        }
    }
    return false;
}

bool run_status_parse(const char *name, enum run_status *out)
{
    for (unsigned i = 0; name != NULL && i < RUN_STATUSES; i++) {
        if (strcmp(statuses[i], name) == 0) {
            *out = (enum run_status)i;
            return true;
        }
    }
    return false;
}

bool run_status_final(enum run_status status)
{
    return status >= RUN_SUCCEEDED;
}

bool run_may_move(enum run_kind kind, enum run_status from, enum run_status to)
{
    assert((unsigned)kind < RUN_KINDS && (unsigned)from < RUN_STATUSES &&
           (unsigned)to < RUN_STATUSES);
    return (moves[kind][from] & (1u << to)) != 0;
}
