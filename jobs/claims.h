/* SPDX-License-Identifier: Apache-2.0
 *
 * Wrapping tokens that wait for whoever asked for them: in secret memory
 * alone, given away once.  Private to jobs/.  The list is guarded by the lock
 * of the engine; times are monotonic. */
#ifndef ASSAY_JOBS_CLAIMS_H
#define ASSAY_JOBS_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct claims;

/* 0: there is room for one more.  ERR_TOO_MANY: LIMIT_HANDED_TOKENS are
 * there. */
int claims_room(const struct claims *list, struct error *err) MUST_USE;
/* Keep `token`, which becomes the list's, also on -1, for that run.
 * ERR_TOO_MANY: as above. */
int claims_put(struct claims **list, const char *run_id, char *token,
               int64_t until, struct error *err) MUST_USE;
/* Whether there is one. */
bool claims_wait(const struct claims *list, const char *run_id, int64_t now);
/* The token, for the caller to release with secret_free; NULL: there is
 * none (any more). */
char *claims_take(struct claims **list, const char *run_id, int64_t now);
/* Wipe those whose time is over at `now`. */
void claims_expire(struct claims **list, int64_t now);
void claims_drop_all(struct claims **list);

#endif
