/* SPDX-License-Identifier: Apache-2.0
 *
 * What the plan of a restore and that of a recovery have in common: it is
 * about an archive, it has a number, and it is stored for those who are to
 * agree to it.  For the worker that has the run. */
#ifndef ASSAY_JOBS_PLAN_KEEP_H
#define ASSAY_JOBS_PLAN_KEEP_H

#include "base/digest.h"
#include "base/error.h"
#include "jobs/archive.h"
#include "jobs/job.h"
#include "jobs/plan.h"

/* Read it all once more, for what is used must be what was proven: finding
 * "archive", and plan->archive_sha256.  -1 only for an end asked for. */
int plan_keep_archive(struct job *job, struct archive *archive,
                      struct plan *plan, struct error *err) MUST_USE;
/* The plan's number and fingerprint, and what is not as it was at the last
 * one.  What has only become better (a node is back, autopilot is content)
 * needs no other number. */
int plan_keep_number(const struct job *job, struct plan *plan,
                     char fingerprint[DIGEST_SHA256_HEX],
                     struct error *err) MUST_USE;
/* Into the catalog. */
int plan_keep_store(const struct job *job, const struct plan *plan,
                    const char *fingerprint, struct error *err) MUST_USE;

#endif
