/* SPDX-License-Identifier: Apache-2.0
 *
 * The logs of transient servers, as evidence:
 *
 *   <data_dir>/evidence/<run id>/server.log   what was the server's own
 *                                server.json  its sha256, bytes, left_out,
 *                                             cut, server_version
 *
 * The newest LOG_KEEP_RUNS of them, none older than LOG_KEEP_DAYS.  Private
 * to jobs/. */
#ifndef ASSAY_JOBS_LOG_KEEP_H
#define ASSAY_JOBS_LOG_KEEP_H

#include "base/error.h"
#include "transient/transient.h"

enum { LOG_KEEP_RUNS = 200, LOG_KEEP_DAYS = 90 };

/* Before the transient goes.  Does nothing for one that has no log, and
 * nothing a second time. */
int log_keep(const char *data_dir, const char *run_id,
             const struct transient *t, struct error *err) MUST_USE;

/* malloc'd; NULL without memory.  Whether it is there is another matter. */
char *log_keep_path(const char *data_dir, const char *run_id);

/* Remove what is too old or one too many. */
int log_keep_prune(const char *data_dir, struct error *err) MUST_USE;

#endif
