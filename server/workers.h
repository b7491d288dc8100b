/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads for what must not run on a thread that speaks HTTP, and the place
 * where long polls wait.  Knows neither requests nor connections: a piece of
 * work is run, and the one who runs it may park it again.
 *
 * Invariants under the lock: a piece of work is queued, parked or in
 * somebody's hands, never two of these.  `generation` counts wakes; work that
 * saw an older one when it last ran is not parked but queued again, so that no
 * wake is lost between looking and parking. */
#ifndef ASSAY_SERVER_WORKERS_H
#define ASSAY_SERVER_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct workers;

/* Embedded in the caller's own struct; the fields are workers.c's, but for
 * those marked. */
struct work {
    struct work *prev;
    struct work *next;
    int64_t until_mono_ms;
    uint64_t seen; /* caller: workers_generation() before looking */
    int fd;        /* caller: hung up means nobody waits; -1 for none */
    bool expired;  /* for the caller: waiting is over, answer now */
};

struct workers_options {
    unsigned threads;
    unsigned parked; /* at most so many at once */
    /* Run a piece of work, then resume or park it. */
    void (*run)(void *ctx, struct work *work);
    void *ctx;
};

int workers_new(const struct workers_options *options, struct workers **out,
                struct error *err) MUST_USE;
/* Expires what is parked, runs what is queued, ends the threads: when it
 * returns, no work is in the pool's hands, and none is taken any more; what
 * follows may still be called.  May be called again.  Accepts NULL. */
void workers_stop(struct workers *workers);
/* The same; nobody may call anything any more. */
void workers_free(struct workers *workers);

/* The rest may be called by any thread, also from `run`.  After submit and
 * park the work belongs to the pool, but for the answer false: it is being
 * stopped, and the work is still the caller's. */
uint64_t workers_generation(struct workers *workers);
bool workers_submit(struct workers *workers, struct work *work) MUST_USE;
/* Run it again at the next wake, at `until_mono_ms` (then `expired`), or when
 * the other end of `fd` is gone (also).  At once and expired if too many are
 * parked already, or after workers_expire. */
bool workers_park(struct workers *workers, struct work *work,
                  int64_t until_mono_ms) MUST_USE;
void workers_wake(struct workers *workers);
/* Expire everything parked, from now on. */
void workers_expire(struct workers *workers);

#endif
