/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs do on their own, in the audit record.  Where there is none
 * (job_world.audit is NULL) these do nothing. */
#ifndef ASSAY_JOBS_RECORDED_H
#define ASSAY_JOBS_RECORDED_H

#include "jobs/job.h"

/* A restore or a recovery is about to hand something to a cluster, `message`
 * says what to whom.  -1: that cannot be written down, so it must not happen.
 */
int recorded_sending(const struct job *job, const char *message,
                     struct error *err) MUST_USE;
/* A run is over.  Only those two kinds are of interest; what cannot be written
 * is logged. */
void recorded_end(const struct job *job, enum run_status status,
                  const char *error);

/* The ends that no job sees: those of runs that expire, or that the last
 * life left.  First look at the newest runs in a status, then let them
 * end, then ask which of them are over; that writes them, and releases the
 * list.  What cannot be read or written is logged. */
void recorded_look(const struct job_world *world, enum run_status status,
                   struct run_list *out);
void recorded_over(const struct job_world *world, struct run_list *list);

#endif
