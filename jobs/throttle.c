/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/throttle.h"

#include <assert.h>

void throttle_init(struct throttle *t, int64_t burst, int64_t every_ms,
                   int64_t now_ms)
{
    assert(burst > 0 && every_ms > 0);
    *t = (struct throttle){burst, every_ms, burst, now_ms};
}

static void fill(struct throttle *t, int64_t now_ms)
{
    int64_t new = (now_ms - t->filled_ms) / t->every_ms;

    if (new <= 0)
        return;
    /* What is left of the time counts for the next one. */
    t->filled_ms += new * t->every_ms;
    t->left = new >= t->burst - t->left ? t->burst : t->left + new;
}

bool throttle_take(struct throttle *t, int64_t now_ms)
{
    fill(t, now_ms);
    if (t->left == 0)
        return false;
    t->left--;
    return true;
}
