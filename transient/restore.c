/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of the steps, and those that are the same for every driver. */
#include "transient/restore.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "transient/login.h"
#include "transient/restore_auto.h"
#include "transient/restore_steps.h"

enum {
    ACTIVE_TIMEOUT_MS = 60 * 1000,
    WORDS_MAX = 256,
};

struct step {
    const char *name;
    int (*run)(struct restore_flow *f, struct error *err);
};

int64_t restore_or_default(int64_t ms, int64_t otherwise)
{
    return ms > 0 ? ms : otherwise;
}

int restore_blame(struct restore_flow *f, enum transient_outcome outcome,
                  const struct error *err)
{
    if (outcome == TRANSIENT_BROKEN && !transient_can_restart(f->t))
        outcome = TRANSIENT_UNUSABLE;
    f->report->outcome =
        err->kind == ERR_CANCELLED ? TRANSIENT_CANCELLED : outcome;
    return -1;
}

int restore_blame_driver(struct restore_flow *f, const struct error *err)
{
    enum transient_outcome outcome = transient_outcome(f->t);

    return restore_blame(
        f, outcome == TRANSIENT_OK ? TRANSIENT_BROKEN : outcome, err);
}

void restore_add_last_words(struct restore_flow *f, struct error *err)
{
    char words[WORDS_MAX];

    transient_last_words(f->t, words, sizeof words);
    if (words[0] != '\0') {
        struct error before = *err;

        error_set(err, before.kind, "%s (the server's log: %s)", before.text,
                  words);
    }
}

int restore_connect(struct restore_flow *f, struct error *err)
{
    vault_free(f->admin);
    f->admin = NULL;
    transient_facts_get(f->t, &f->facts);
    return login_with_token(&f->facts, NULL, &f->admin, err);
}

/* A server that has just been started may say "not initialized" until raft
 * has read its own log. */
static int read_seal(struct restore_flow *f, struct vault_seal *seal,
                     struct error *err)
{
    int64_t deadline = clock_mono_ms() + RESTORE_INIT_TIMEOUT_MS;

    for (;;) {
        if (vault_seal_status(f->admin, seal, err) == 0) {
            if (seal->initialized)
                return 0;
            error_set(err, ERR_UNAVAILABLE,
                      "the restored server says that it is not initialized");
        }
        if (transient_check(f->t, err) != 0)
            return restore_blame_driver(f, err);
        if (clock_mono_ms() >= deadline)
            return restore_blame(f, TRANSIENT_BROKEN, err);
        clock_sleep_ms(RESTORE_SLICE_MS / 10);
    }
}

static int check_keys(struct restore_flow *f, const struct vault_seal *seal,
                      struct error *err)
{
    size_t have = keys_count(f->o->keys);

    if (have < seal->threshold)
        error_set(err, ERR_PRECONDITION,
                  "the snapshot needs %u of %u unseal key shares and %s%zu "
                  "%s configured: name more key files",
                  seal->threshold, seal->shares, have == 0 ? "" : "only ", have,
                  have == 1 ? "is" : "are");
    else
        return 0;
    return restore_blame(f, TRANSIENT_KEYS, err);
}

static int say_no_unseal(struct restore_flow *f, struct error *err)
{
    if (err->kind == ERR_INVALID) {
        error_prefix(err, "the snapshot's seal does not open with the "
                          "configured key shares");
        return restore_blame(f, TRANSIENT_KEYS, err);
    }
    if (transient_check(f->t, err) != 0)
        return restore_blame_driver(f, err);
    error_prefix(err, "the restored server, while it was being unsealed");
    return restore_blame(f, TRANSIENT_BROKEN, err);
}

static int step_unseal(struct restore_flow *f, struct error *err)
{
    enum transient_outcome whose = TRANSIENT_KEYS;
    struct vault_seal seal;
    unsigned i, threshold;

    if (read_seal(f, &seal, err) != 0)
        return -1;
    if (!seal.sealed)
        return 0;
    if (restore_auto_sealed(&seal))
        return restore_auto_wait(f->t, f->admin, &whose, err) == 0
                   ? 0
                   : restore_blame(f, whose, err);
    if (check_keys(f, &seal, err) != 0)
        return -1;
    threshold = seal.threshold;
    for (i = 0; i < threshold && seal.sealed; i++) {
        if (vault_unseal(f->admin, keys_at(f->o->keys, i), &seal, err) != 0)
            return say_no_unseal(f, err);
    }
    if (seal.sealed) {
        error_set(err, ERR_PRECONDITION,
                  "still sealed after %u key shares were taken", i);
        return restore_blame(f, TRANSIENT_KEYS, err);
    }
    return 0;
}

/* It has ended.  Only if it did so by itself does that speak of the data. */
static int say_ended(struct restore_flow *f, const struct error *err)
{
    if (transient_outcome(f->t) == TRANSIENT_LIMIT)
        return restore_blame(f, TRANSIENT_LIMIT, err);
    return restore_blame(f,
                         err->kind == ERR_PRECONDITION ? TRANSIENT_NOT_ACTIVE
                                                       : TRANSIENT_BROKEN,
                         err);
}

/* Not active in time.  Of one that is not ours and does not answer nobody
 * knows whether it would be. */
static int say_inactive(struct restore_flow *f, bool answers, int64_t limit,
                        struct error *err)
{
    if (!answers && !transient_can_restart(f->t)) {
        error_prefix(err, "it was unsealed, and then it died or was taken "
                          "away: see what ended it, and validate again");
        return restore_blame(f, TRANSIENT_UNUSABLE, err);
    }
    error_set(err, ERR_PRECONDITION, "unsealed, but not active within %lld s",
              (long long)(limit / 1000));
    restore_add_last_words(f, err);
    return restore_blame(f, TRANSIENT_NOT_ACTIVE, err);
}

static bool is_lost(const struct restore_flow *f, int64_t answered)
{
    return !transient_can_restart(f->t) &&
           clock_mono_ms() - answered >= restore_patience(f);
}

/* In slices, so that a server that dies is noticed at once. */
static int wait_active(struct restore_flow *f, struct vault_status *status,
                       struct error *err)
{
    const struct vault_wait slice = {.timeout_ms = RESTORE_SLICE_MS,
                                     .cancel = transient_cancel(f->t)};
    int64_t limit =
        restore_or_default(f->o->active_timeout_ms, ACTIVE_TIMEOUT_MS);
    int64_t deadline = clock_mono_ms() + limit;
    int64_t answered = clock_mono_ms();

    for (;;) {
        if (vault_wait_ready(f->admin, VAULT_UNTIL_ACTIVE, &slice, status,
                             err) == 0)
            return 0;
        if (status->reachable)
            answered = clock_mono_ms();
        if (err->kind == ERR_CANCELLED)
            return restore_blame(f, TRANSIENT_CANCELLED, err);
        if (transient_check(f->t, err) != 0)
            return say_ended(f, err);
        if (clock_mono_ms() >= deadline || is_lost(f, answered))
            return say_inactive(f, status->reachable, limit, err);
    }
}

static int step_active(struct restore_flow *f, struct error *err)
{
    struct vault_status status;

    if (wait_active(f, &status, err) != 0)
        return -1;
    if (f->o->cluster_id != NULL && f->o->cluster_id[0] != '\0' &&
        strcmp(status.cluster_id, f->o->cluster_id) != 0) {
        error_set(err, ERR_PRECONDITION,
                  "the restored copy is of cluster %s, the snapshot is of "
                  "cluster %s",
                  status.cluster_id, f->o->cluster_id);
        return restore_blame(f, TRANSIENT_NOT_ACTIVE, err);
    }
    return 0;
}

static const struct step steps[] = {
    {"up", restore_up},         {"init", restore_init},
    {"upload", restore_upload}, {"restore", restore_data},
    {"unseal", step_unseal},    {"active", step_active},
    {"login", restore_login},
};

_Static_assert(sizeof steps / sizeof steps[0] == TRANSIENT_PHASES,
               "every step is a phase of the report");

static int run_step(struct restore_flow *f, const struct step *step,
                    struct error *err)
{
    struct transient_report *r = f->report;
    struct transient_phase *phase = &r->phases[r->phase_count++];
    int64_t started = clock_mono_ms();
    int rc;

    phase->name = step->name;
    phase->started_at_ms = clock_now_ms();
    transient_phase(f->t, step->name);
    if (cancelled(transient_cancel(f->t))) {
        error_set(err, ERR_CANCELLED, "cancelled");
        rc = restore_blame(f, TRANSIENT_CANCELLED, err);
    } else {
        rc = step->run(f, err);
    }
    phase->duration_ms = clock_mono_ms() - started;
    return rc;
}

int transient_restore(struct transient *t,
                      const struct transient_restore_options *o,
                      struct transient_report *report, struct vault **out,
                      struct error *err)
{
    struct restore_flow f = {.t = t, .o = o, .report = report};
    int64_t started = clock_mono_ms();
    struct error own;
    int rc = 0;
    size_t i;

    assert(o->archive != NULL && (o->auth != NULL || o->primary != NULL));
    if (err == NULL)
        err = &own; /* outcomes are judged by it */
    memset(report, 0, sizeof *report);
    for (i = 0; i < TRANSIENT_PHASES && rc == 0; i++)
        rc = run_step(&f, &steps[i], err);
    report->total_ms = clock_mono_ms() - started;
    if (rc == 0) {
        *out = f.vault;
        f.vault = NULL;
    }
    vault_free(f.vault);
    vault_free(f.admin);
    vault_keys_done(&f.throwaway);
    return rc;
}
