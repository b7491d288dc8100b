/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that has taken an archive sleeps five seconds before it answers
 * again, and goes on with the share count it was initialised with.  Killing
 * it the moment the data is in and starting it anew cures both. */
#include "transient/restore.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "transient/driver.h"
#include "vault/auth.h"
#include "vault/call.h"
#include "vault/raft.h"
#include "vault/status.h"
#include "vault/sys.h"

enum {
    INIT_TIMEOUT_MS = 30 * 1000,
    RESTORE_TIMEOUT_MS = 10 * 60 * 1000,
    ACTIVE_TIMEOUT_MS = 60 * 1000,
    /* A server whose log does not tell: it sleeps 5 s with every request
     * blocked, so an answer after this time means that it is done. */
    SILENT_MS = 8 * 1000,
    SLICE_MS = 250,
    PATIENCE_MS = 1000, /* for one small question */
    WORDS_MAX = 256,
};

struct flow {
    struct transient *t;
    const struct transient_restore_options *o;
    struct transient_report *report;
    struct vault *admin; /* the throw-away cluster, as its root */
    struct vault *vault; /* the restored copy, as ourselves */
    struct vault_keys throwaway;
};

struct step {
    const char *name;
    int (*run)(struct flow *f, struct error *err);
};

static int64_t or_default(int64_t ms, int64_t otherwise)
{
    return ms > 0 ? ms : otherwise;
}

/* Who is to blame, unless somebody cancelled. */
static int blame(struct flow *f, enum transient_outcome outcome,
                 const struct error *err)
{
    f->report->outcome =
        err->kind == ERR_CANCELLED ? TRANSIENT_CANCELLED : outcome;
    return -1;
}

/* The driver failed, and knows why. */
static int blame_driver(struct flow *f, const struct error *err)
{
    enum transient_outcome outcome = transient_outcome(f->t);

    return blame(f, outcome == TRANSIENT_OK ? TRANSIENT_BROKEN : outcome, err);
}

static void add_last_words(struct flow *f, struct error *err)
{
    char words[WORDS_MAX];

    transient_last_words(f->t, words, sizeof words);
    if (words[0] != '\0') {
        struct error before = *err;

        error_set(err, before.kind, "%s (the server's log: %s)", before.text,
                  words);
    }
}

static int connect_as_nobody(struct flow *f, struct error *err)
{
    struct vault_options o;

    memset(&o, 0, sizeof o);
    o.address = transient_address(f->t);
    o.auth.method = VAULT_AUTH_NONE;
    return vault_new(&o, &f->admin, err);
}

static int step_up(struct flow *f, struct error *err)
{
    const struct vault_wait wait = {.timeout_ms = INIT_TIMEOUT_MS,
                                    .cancel = transient_cancel(f->t)};
    struct vault_status status;

    if (transient_up(f->t, err) != 0)
        return blame_driver(f, err);
    if (connect_as_nobody(f, err) != 0 ||
        vault_wait_ready(f->admin, VAULT_UNTIL_ANSWERS, &wait, &status, err) !=
            0)
        return blame(f, TRANSIENT_BROKEN, err);
    return 0;
}

static int step_init(struct flow *f, struct error *err)
{
    const struct vault_init_options one_share = {.shares = 1, .threshold = 1};
    const struct vault_wait wait = {
        .timeout_ms = or_default(f->o->init_timeout_ms, INIT_TIMEOUT_MS),
        .cancel = transient_cancel(f->t),
    };
    struct vault_status status;
    struct vault_seal seal;

    if (vault_init(f->admin, &one_share, &f->throwaway, err) != 0 ||
        vault_unseal(f->admin, f->throwaway.share[0], &seal, err) != 0 ||
        vault_use_token(f->admin, f->throwaway.root_token, err) != 0 ||
        vault_wait_ready(f->admin, VAULT_UNTIL_ACTIVE, &wait, &status, err) !=
            0) {
        add_last_words(f, err);
        error_prefix(err, "the empty transient server");
        return blame(f, TRANSIENT_BROKEN, err);
    }
    return 0;
}

/* Only a server that read all of it and said no speaks about the archive. */
static enum transient_outcome
judge_refusal(const struct vault_restore_result *result,
              const struct error *err)
{
    if (result->outcome != VAULT_RESTORE_REFUSED ||
        strstr(err->text, "i/o timeout") != NULL)
        return TRANSIENT_BROKEN;
    return result->status == 400 || result->status == 500 ? TRANSIENT_REFUSED
                                                          : TRANSIENT_BROKEN;
}

static int step_upload(struct flow *f, struct error *err)
{
    const struct vault_restore what = {
        .source = f->o->archive,
        .force = true,
        .this_node = true,
        .cancel = transient_cancel(f->t),
    };
    struct vault_restore_result result;

    if (vault_snapshot_restore(f->admin, &what, &result, err) != 0) {
        error_prefix(err, "the transient server did not take the archive");
        return blame(f, judge_refusal(&result, err), err);
    }
    return 0;
}

/* True when it answers a small question in a short time. */
static bool server_answers(struct flow *f)
{
    const struct vault_request seal_status = {
        .method = "GET",
        .path = "sys/seal-status",
        .token = "",
        .timeout_ms = PATIENCE_MS,
    };

    return vault_call(f->admin, &seal_status, NULL, NULL) == 0;
}

/* The data is in: the log says so, or the server answers again. */
static int wait_for_data(struct flow *f, struct error *err)
{
    int64_t started = clock_mono_ms();
    int64_t limit = or_default(f->o->restore_timeout_ms, RESTORE_TIMEOUT_MS);
    int64_t past = 0;

    while (past < limit) {
        int in = transient_wait_restored(f->t, SLICE_MS, err);

        if (in < 0)
            return blame_driver(f, err);
        past = clock_mono_ms() - started;
        if (in > 0 || (past > SILENT_MS && server_answers(f)))
            return 0;
        if (cancelled(transient_cancel(f->t))) {
            error_set(err, ERR_CANCELLED, "cancelled");
            return blame(f, TRANSIENT_CANCELLED, err);
        }
    }
    error_set(err, ERR_UNAVAILABLE,
              "the transient server did not finish restoring within %lld s",
              (long long)(limit / 1000));
    add_last_words(f, err);
    return blame(f, TRANSIENT_BROKEN, err);
}

static int step_restore(struct flow *f, struct error *err)
{
    if (wait_for_data(f, err) != 0)
        return -1;
    vault_free(f->admin);
    f->admin = NULL;
    vault_keys_done(&f->throwaway);
    if (transient_restart(f->t, err) != 0)
        return blame_driver(f, err);
    if (connect_as_nobody(f, err) != 0)
        return blame(f, TRANSIENT_BROKEN, err);
    return 0;
}

/* A server that has just been started may say "not initialized" until raft
 * has read its own log. */
static int read_seal(struct flow *f, struct vault_seal *seal, struct error *err)
{
    int64_t deadline = clock_mono_ms() + INIT_TIMEOUT_MS;

    for (;;) {
        if (vault_seal_status(f->admin, seal, err) == 0) {
            if (seal->initialized)
                return 0;
            error_set(err, ERR_UNAVAILABLE,
                      "the restored server says that it is not initialized");
        }
        if (transient_check(f->t, err) != 0)
            return blame_driver(f, err);
        if (clock_mono_ms() >= deadline)
            return blame(f, TRANSIENT_BROKEN, err);
        clock_sleep_ms(SLICE_MS / 10);
    }
}

static int check_keys(struct flow *f, const struct vault_seal *seal,
                      struct error *err)
{
    size_t have = keys_count(f->o->keys);

    if (strcmp(seal->type, "shamir") != 0)
        error_set(err, ERR_PRECONDITION,
                  "the snapshot is of a cluster with %s auto-unseal: key "
                  "shares cannot unseal a copy of it",
                  seal->type);
    else if (have < seal->threshold)
        error_set(err, ERR_PRECONDITION,
                  "the snapshot needs %u of %u unseal key shares and %s%zu "
                  "%s configured: name more key files",
                  seal->threshold, seal->shares, have == 0 ? "" : "only ", have,
                  have == 1 ? "is" : "are");
    else
        return 0;
    return blame(f, TRANSIENT_KEYS, err);
}

static int step_unseal(struct flow *f, struct error *err)
{
    struct vault_seal seal;
    unsigned i, threshold;

    if (read_seal(f, &seal, err) != 0)
        return -1;
    if (!seal.sealed)
        return 0;
    if (check_keys(f, &seal, err) != 0)
        return -1;
    threshold = seal.threshold;
    for (i = 0; i < threshold && seal.sealed; i++) {
        if (vault_unseal(f->admin, keys_at(f->o->keys, i), &seal, err) != 0) {
            enum transient_outcome whose =
                err->kind == ERR_INVALID ? TRANSIENT_KEYS : TRANSIENT_BROKEN;

            error_prefix(err, "the snapshot's seal does not open with the "
                              "configured key shares");
            return blame(f, whose, err);
        }
    }
    if (seal.sealed) {
        error_set(err, ERR_PRECONDITION,
                  "still sealed after %u key shares were taken", i);
        return blame(f, TRANSIENT_KEYS, err);
    }
    return 0;
}

/* In slices, so that a server that dies is noticed at once. */
static int wait_active(struct flow *f, struct vault_status *status,
                       struct error *err)
{
    const struct vault_wait slice = {.timeout_ms = SLICE_MS,
                                     .cancel = transient_cancel(f->t)};
    int64_t limit = or_default(f->o->active_timeout_ms, ACTIVE_TIMEOUT_MS);
    int64_t deadline = clock_mono_ms() + limit;

    for (;;) {
        if (vault_wait_ready(f->admin, VAULT_UNTIL_ACTIVE, &slice, status,
                             err) == 0)
            return 0;
        if (err->kind == ERR_CANCELLED)
            return blame(f, TRANSIENT_CANCELLED, err);
        if (transient_check(f->t, err) != 0)
            return blame(f, TRANSIENT_NOT_ACTIVE, err);
        if (clock_mono_ms() < deadline)
            continue;
        error_set(err, ERR_PRECONDITION,
                  "unsealed, but not active within %lld s",
                  (long long)(limit / 1000));
        add_last_words(f, err);
        return blame(f, TRANSIENT_NOT_ACTIVE, err);
    }
}

static int step_active(struct flow *f, struct error *err)
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
        return blame(f, TRANSIENT_NOT_ACTIVE, err);
    }
    return 0;
}

static int connect_as_ourselves(struct flow *f, struct error *err)
{
    struct vault_options o;

    if (f->o->auth == NULL)
        return vault_like(f->o->primary, transient_address(f->t), &f->vault,
                          err);
    memset(&o, 0, sizeof o);
    o.address = transient_address(f->t);
    o.auth = *f->o->auth;
    return vault_new(&o, &f->vault, err);
}

static int step_login(struct flow *f, struct error *err)
{
    struct vault_token token;

    if (connect_as_ourselves(f, err) != 0)
        return blame(f, TRANSIENT_BROKEN, err);
    if (vault_own_token(f->vault, &token, err) != 0) {
        error_prefix(err, "cannot log in to the restored copy (the "
                          "credential must be older than the snapshot, and "
                          "not bound to addresses)");
        return blame(f, TRANSIENT_LOGIN, err);
    }
    f->report->batch_login = strcmp(token.type, "batch") == 0;
    return 0;
}

static const struct step steps[] = {
    {"up", step_up},           {"init", step_init},     {"upload", step_upload},
    {"restore", step_restore}, {"unseal", step_unseal}, {"active", step_active},
    {"login", step_login},
};

_Static_assert(sizeof steps / sizeof steps[0] == TRANSIENT_PHASES,
               "every step is a phase of the report");

static int run_step(struct flow *f, const struct step *step, struct error *err)
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
        rc = blame(f, TRANSIENT_CANCELLED, err);
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
    struct flow f = {.t = t, .o = o, .report = report};
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
