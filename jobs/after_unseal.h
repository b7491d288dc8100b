/* SPDX-License-Identifier: Apache-2.0
 *
 * The key holders of a restored cluster: told which nodes are sealed and what
 * each of them waits for, asked for their shares, and spared the rest.
 *
 * Shares are tried on the archive first (jobs/holders.h): what is in it is
 * what the nodes hold now.  The right ones are kept, in secret memory, for as
 * long as the run waits, and given to every sealed node that has the
 * snapshot's share count; a process that still has its old one would take
 * them for something else, and must be restarted before. */
#ifndef ASSAY_JOBS_AFTER_UNSEAL_H
#define ASSAY_JOBS_AFTER_UNSEAL_H

#include "base/error.h"
#include "jobs/after.h"

/* The run becomes `awaiting_unseal`; does nothing if it is that already.
 * Reads the archive once. */
int after_unseal_open(struct after *a, struct error *err) MUST_USE;
/* After a look: tell how the nodes are, give the shares to those that fit. */
void after_unseal_step(struct after *a);
/* The shares are wiped, nobody is waited for.  Accepts one that was never
 * opened. */
void after_unseal_close(struct after *a);

#endif
