/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's key holder on the spot: hands it the shares that are here when
 * it waits for them, and tells what it says of each node. */
#ifndef ASSAY_CLI_RESTORE_UNSEAL_H
#define ASSAY_CLI_RESTORE_UNSEAL_H

#include <stdbool.h>

#include "jobs/unseal.h"

struct keys;

/* Zeroed but for the first two. */
struct restore_unseal {
    struct jobs *jobs;
    const struct keys *keys; /* the snapshot's; may be none */
    bool given;
    bool asked_people;
    struct jobs_unseal_nodes told; /* what was said of them last */
};

/* To be called now and then while a run waits for its target to be unsealed.
 * Never waits; says on standard error what somebody must do, each thing
 * once. */
void restore_unseal_step(struct restore_unseal *u, const char *run_id);

#endif
