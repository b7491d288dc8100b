/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a run gets the unseal key shares of its cluster from: files, the
 * output of a command, or key holders.  Private to jobs/. */
#ifndef ASSAY_JOBS_SHARES_H
#define ASSAY_JOBS_SHARES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/stream.h"
#include "jobs/archive.h"
#include "jobs/job.h"

struct keys;

/* The shares that are configured; *out without any when none are.  *out NULL:
 * they cannot be had, `why` says what to do.  -1: without memory, or
 * ERR_CANCELLED.  Blocks as long as the command takes. */
int shares_read(const struct jobs_settings_cluster *cluster,
                const struct cancel *cancel, struct keys **out,
                struct error *why, struct error *err) MUST_USE;

/* Whether key holders are to be asked. */
bool shares_need_holders(const struct job *job,
                         const struct jobs_settings_cluster *cluster);
/* Ask them.  0: nobody can help; JOB_WAITS: return that from the job, and
 * when it is resumed call shares_take. */
int shares_ask(struct job *job, struct archive *archive,
               struct error *err) MUST_USE;
/* The time of asking is over.  *out NULL: not enough came, `why` says so.
 * ERR_CANCELLED if that is why it is over. */
int shares_take(struct job *job, struct keys **out, struct error *why,
                struct error *err) MUST_USE;

#endif
