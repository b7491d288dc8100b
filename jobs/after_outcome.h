/* SPDX-License-Identifier: Apache-2.0
 *
 * What came of a restore, as JSON beside the run: not only whether it
 * succeeded, but what state the cluster is in and how to go on from there.
 *
 *   {"state":"restored","sent":"accepted","applied":true,
 *    "leader":"…","leader_changed":false,
 *    "nodes":[{"id","address","leader","sealed","raft_applied_index",
 *              "message"}],
 *    "login":{"ok":true,"message":null},"autopilot_healthy":true,
 *    "baseline":{"outcome","covered","total","message","findings",…} or null,
 *    "way_back":{"method":"POST","path":"restores","body":{…}} or null} */
#ifndef ASSAY_JOBS_AFTER_OUTCOME_H
#define ASSAY_JOBS_AFTER_OUTCOME_H

#include "base/error.h"
#include "jobs/after.h"

/* "unknown", "unchanged", "sealed", "unsettled", "locked_out", "differs",
 * "restored". */
const char *after_outcome_state(enum after_state state);
/* Into the catalog. */
int after_outcome_store(const struct after *a, struct error *err) MUST_USE;
/* Add to an error the request that leads back to the safety snapshot; nothing
 * where nothing has changed. */
void after_outcome_advise(const struct after *a, struct error *err);

#endif
