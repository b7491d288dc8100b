/* SPDX-License-Identifier: Apache-2.0
 *
 * Find processes by a word in their command line that nobody else has.
 *
 * A process id that was written down may be somebody else's by the time it
 * is read; a random name of 64 bits is not.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_MARKED_H
#define ASSAY_TRANSIENT_MARKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Is there a living process, other than this one, with `mark` in its command
 * line?  Zombies have none. */
bool marked_any(const char *mark);
/* SIGKILL to all of them, again and again until there is none. */
int marked_kill_all(const char *mark, int64_t timeout_ms,
                    struct error *err) MUST_USE;

#endif
