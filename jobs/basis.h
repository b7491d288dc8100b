/* SPDX-License-Identifier: Apache-2.0
 *
 * What a verdict was based on, as it was when it was reached, as JSON:
 *
 *   {"assay_version":"…","required":["intact",…],
 *    "rto_target_seconds":900,"rpo_target_seconds":null,
 *    "snapshot":{"cluster_id":…,"cluster_name":…,"product":…,
 *                "server_version":…,"created_at":…,"size_bytes":…,"sha256":…,
 *                "raft_index":…,"raft_term":…,"entries":…,"state_bytes":…},
 *    "transient":{"server_version":…,"isolated":true}}
 *
 * It is kept in the catalog with the run, and signed in the validation's
 * manifest: a report does not change with the settings or when the snapshot
 * is deleted. */
#ifndef ASSAY_JOBS_BASIS_H
#define ASSAY_JOBS_BASIS_H

#include "base/error.h"
#include "jobs/conclude.h"

/* malloc'd; NULL with `err` filled. */
char *basis_new(const struct conclusion *c, struct error *err) MUST_USE;

#endif
