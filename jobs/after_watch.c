/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/after_watch.h"

#include "base/clock.h"
#include "jobs/after_unseal.h"

enum { POLL_MS = 500 };

int after_watch_pause(const struct after *a, struct error *err)
{
    clock_sleep_ms(POLL_MS);
    if (cancelled(&a->job->cancel))
        return error_set(err, ERR_CANCELLED,
                         "the archive had been accepted by %s; its state was "
                         "not verified to the end",
                         a->job->run.target);
    return 0;
}

static bool nobody_is_sealed(const struct after *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (!a->node[i].status.reachable || a->node[i].status.sealed)
            return false;
    return true;
}

/* The key holders' part in it. */
static int see_to_seals(struct after *a, struct error *err)
{
    if (a->sealed > 0 && a->opened_at == 0) {
        a->opened_at = clock_mono_ms();
        if (after_unseal_open(a, err) != 0)
            return -1;
    }
    if (a->opened_at == 0)
        return 0;
    after_unseal_step(a);
    if (!nobody_is_sealed(a))
        return 0;
    after_unseal_close(a);
    a->opened_at = 0;
    if (job_status(a->job, RUN_VERIFYING, err) != 0)
        return -1;
    return job_phase(a->job, "nodes", err);
}

static int give_up(struct after *a, struct error *err)
{
    const char *what = a->applied == AFTER_APPLIED ? "applied" : "accepted";

    if (a->sealed > 0) {
        a->state = AFTER_SEALED;
        return error_set(err, ERR_UNAVAILABLE,
                         "the archive was %s and %zu of %zu nodes are sealed; "
                         "nobody unsealed them in time. Unseal them with the "
                         "keys of the snapshot's cluster; where a key has an "
                         "invalid size, restart the server first",
                         what, a->sealed, a->count);
    }
    if (a->applied == AFTER_APPLIED)
        a->state = AFTER_UNSETTLED;
    return error_set(err, ERR_UNAVAILABLE,
                     "the archive was %s, but the cluster did not settle in "
                     "time: %.300s",
                     what, a->text);
}

int after_watch(struct after *a, bool (*enough)(const struct after *a),
                struct error *err)
{
    const struct jobs_settings *settings = a->job->settings;

    for (;;) {
        after_look(a);
        if (see_to_seals(a, err) != 0)
            return -1;
        if (enough(a))
            return 0;
        int64_t now = clock_mono_ms();
        if (a->sealed > 0 ? now - a->opened_at > settings->await_unseal_ms
                          : now - a->sealed_at > settings->settle_ms)
            return give_up(a, err);
        if (after_watch_pause(a, err) != 0)
            return -1;
    }
}
