/* SPDX-License-Identifier: Apache-2.0
 *
 * A validation's two halves: the run, in validation.c, and what a crash in
 * the middle of one leaves. */
#ifndef ASSAY_JOBS_VALIDATION_H
#define ASSAY_JOBS_VALIDATION_H

#include "jobs/job.h"

/* The `recover` of its kind. */
int validation_recover(const struct job_world *world,
                       const struct jobs_settings *settings,
                       const struct run *run, const struct json *leftovers,
                       struct error *err) MUST_USE;

#endif
