/* SPDX-License-Identifier: Apache-2.0
 *
 * How many requests: one bucket of tokens for all, and one for each caller.
 *
 * Memory is bounded: there is room for LIMITER_CALLERS, and who comes when all
 * places are taken gets that of the caller with the fullest bucket, who loses
 * least.  Which callers share places depends on a random key, so that nobody
 * can choose whom to push out.
 *
 * Any thread. */
#ifndef ASSAY_SERVER_LIMITER_H
#define ASSAY_SERVER_LIMITER_H

#include <stdint.h>

#include "base/error.h"
#include "server/options.h"

struct limiter;

enum { LIMITER_CALLERS = 4096 };

int limiter_new(const struct server_rates *rates, struct limiter **out,
                struct error *err) MUST_USE;
/* Accepts NULL. */
void limiter_free(struct limiter *l);
/* From now on; who has more than the new burst has that. */
void limiter_set(struct limiter *l, const struct server_rates *rates);

/* One request of `who`, any text, at a monotonic time.  0: go on.  Else it is
 * one too many, nothing was taken, and there is one in so many ms. */
int64_t limiter_take(struct limiter *l, const char *who, int64_t now_ms);
/* What limiter_take would say, taking nothing. */
int64_t limiter_look(struct limiter *l, const char *who, int64_t now_ms);
/* That one does not count after all. */
void limiter_give_back(struct limiter *l, const char *who, int64_t now_ms);
/* The same for all together. */
int64_t limiter_take_all(struct limiter *l, int64_t now_ms);
void limiter_give_back_all(struct limiter *l, int64_t now_ms);

#endif
