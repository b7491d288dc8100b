/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that has taken an archive sleeps five seconds before it answers
 * again, and goes on with the share count it was initialised with.  Killing
 * it the moment the data is in and starting it anew cures both; where it
 * cannot be killed, it is waited for. */
#include "base/clock.h"
#include "transient/foreign.h"
#include "transient/restore_steps.h"
#include "vault/call.h"

enum {
    RESTORE_TIMEOUT_MS = 10 * 60 * 1000,
    /* A server whose log does not tell: it sleeps 5 s with every request
     * blocked, so an answer after this time means that it is done. */
    SILENT_MS = 8 * 1000,
    PATIENCE_MS = 1000, /* for one small question */
};

/* True when it answers a small question in a short time. */
static bool server_answers(struct restore_flow *f)
{
    const struct vault_request seal_status = {
        .method = "GET",
        .path = "sys/seal-status",
        .token = "",
        .timeout_ms = PATIENCE_MS,
    };

    return vault_call(f->admin, &seal_status, NULL, NULL) == 0;
}

static int64_t limit_ms(const struct restore_flow *f)
{
    return restore_or_default(f->o->restore_timeout_ms, RESTORE_TIMEOUT_MS);
}

/* The data is in: the log says so, or the server answers again. */
static int wait_for_ours(struct restore_flow *f, struct error *err)
{
    int64_t started = clock_mono_ms();
    int64_t limit = limit_ms(f);
    int64_t past = 0;

    while (past < limit) {
        int in = transient_wait_restored(f->t, RESTORE_SLICE_MS, err);

        if (in < 0)
            return restore_blame_driver(f, err);
        past = clock_mono_ms() - started;
        if (in > 0 || (past > SILENT_MS && server_answers(f)))
            return 0;
        if (cancelled(transient_cancel(f->t))) {
            error_set(err, ERR_CANCELLED, "cancelled");
            return restore_blame(f, TRANSIENT_CANCELLED, err);
        }
    }
    error_set(err, ERR_UNAVAILABLE,
              "the transient server did not finish restoring within %lld s",
              (long long)(limit / 1000));
    restore_add_last_words(f, err);
    return restore_blame(f, TRANSIENT_BROKEN, err);
}

static int wait_for_foreign(struct restore_flow *f, struct error *err)
{
    const struct foreign_data data = {
        .before = f->cluster_id,
        .after = f->o->cluster_id,
        .wait = {.timeout_ms = limit_ms(f), .cancel = transient_cancel(f->t)},
        .gone_ms = restore_patience(f),
    };

    if (foreign_wait_data(f->admin, &data, err) != 0)
        return restore_blame(f, TRANSIENT_BROKEN, err);
    return 0;
}

int restore_data(struct restore_flow *f, struct error *err)
{
    bool ours = transient_can_restart(f->t);

    if ((ours ? wait_for_ours(f, err) : wait_for_foreign(f, err)) != 0)
        return -1;
    vault_keys_done(&f->throwaway);
    if (ours && transient_restart(f->t, err) != 0)
        return restore_blame_driver(f, err);
    if (restore_connect(f, err) != 0)
        return restore_blame(f, TRANSIENT_BROKEN, err);
    return 0;
}
