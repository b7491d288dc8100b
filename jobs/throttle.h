/* SPDX-License-Identifier: Apache-2.0
 *
 * At most so much at once, and so much in the long run: a bucket of tokens.
 * Pure; the caller locks. */
#ifndef ASSAY_JOBS_THROTTLE_H
#define ASSAY_JOBS_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/* Caller's storage; the fields are throttle.c's. */
struct throttle {
    int64_t burst;
    int64_t every_ms;
    int64_t left;
    int64_t filled_ms;
};

/* `burst` at once, then one more every `every_ms`. */
void throttle_init(struct throttle *t, int64_t burst, int64_t every_ms,
                   int64_t now_ms);
/* Take one, if there is one.  Monotonic times. */
bool throttle_take(struct throttle *t, int64_t now_ms);

#endif
