/* SPDX-License-Identifier: Apache-2.0
 *
 * The transient cluster of a validation: made, described, destroyed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "jobs/catalogue.h"
#include "jobs/guard.h"
#include "jobs/log_keep.h"
#include "jobs/scratch.h"
#include "jobs/validation.h"
#include "vault/status.h"
#include "vault/vault.h"

enum { DESTROY_TRIES = 3, DEATH_LOOKS = 10, DEATH_EVERY_MS = 100 };

int validation_leftovers(struct validation *v, struct error *err)
{
    struct buf text;
    struct jsonw w;
    char suffix[ID_TEXT_MAX + 8];
    char key[STORAGE_KEY_MAX];
    snprintf(suffix, sizeof(suffix), "%s.json", v->job->run.id);
    if (catalogue_key(&v->row, suffix, key, err) != 0)
        return -1;
    buf_init(&text, LIMIT_REQUEST_BODY);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "manifest", key);
    jsonw_text(&w, "work_dir", v->work_dir);
    if (v->transient != NULL)
        jsonw_text(&w, "transient", transient_leftovers(v->transient));
    jsonw_end_object(&w);
    int rc = buf_check(&text, "the leftovers", err);
    if (rc == 0)
        rc = job_leftovers(v->job, buf_text(&text), err);
    buf_done(&text);
    return rc;
}

/* The transient's own phases become the run's; what the catalog refuses ends
 * the run as soon as the call is back. */
static void transient_phase_begins(void *ctx, const char *name)
{
    struct validation *v = ctx;
    if (v->trouble.kind != ERR_NONE)
        return;
    if (strcmp(name, "upload") == 0 &&
        job_status(v->job, RUN_RESTORING, &v->trouble) != 0)
        return;
    if (job_phase(v->job, name, &v->trouble) != 0)
        return;
}

/* How far an operator's tool has come, and what it reports. */
static void transient_progress(void *ctx, uint64_t done, uint64_t total,
                               const char *unit)
{
    struct validation *v = ctx;
    job_progress(v->job, done, total, unit);
}

static void transient_said(void *ctx, const char *text)
{
    const struct validation *v = ctx;
    log_debug("%s %s: %s", run_kind_name(v->job->run.kind), v->job->run.id,
              text);
}

static int make_transient(struct validation *v, const char *base_dir,
                          struct error *err)
{
    const struct raise_what what = {.cluster = v->cluster,
                                    .row = &v->row,
                                    .unsealed = v->context.unsealed,
                                    .keys = v->keys};
    struct transient_options *o = &v->raise.options;
    if (raise_init(&v->raise, v->job, &what, err) != 0)
        return -1;
    o->base_dir = base_dir;
    o->events = (struct transient_events){.phase = transient_phase_begins,
                                          .progress = transient_progress,
                                          .said = transient_said,
                                          .ctx = v};
    if (transient_new(o, &v->transient, err) != 0)
        return -1;
    return validation_leftovers(v, err);
}

/* 0 also when there is no copy: then report.outcome and v->why say so.  -1:
 * Assay's trouble, or cancelled. */
static int restore(struct validation *v, struct error *err)
{
    struct source stored;
    struct guard guard = {0};
    if (archive_open(&v->archive, &stored, err) != 0)
        return -1;
    if (guard_init(&guard, &stored, v->row.sha256, v->row.size_bytes, err) !=
        0) {
        archive_close(&v->archive, &stored);
        return -1;
    }
    struct source archive = guard_source(&guard);
    struct transient_restore_options o = {
        .archive = &archive,
        .cluster_id = v->row.cluster_id,
        .keys = v->keys,
        .auth = v->job->settings->drivers->auth,
        .primary = v->cluster->vault,
    };
    int rc = transient_restore(v->transient, &o, &v->report, &v->copy, &v->why);
    guard_done(&guard);
    archive_close(&v->archive, &stored);
    if (v->trouble.kind != ERR_NONE) {
        *err = v->trouble;
        return -1;
    }
    if (rc != 0 && (v->report.outcome == TRANSIENT_BROKEN ||
                    v->report.outcome == TRANSIENT_CANCELLED)) {
        *err = v->why;
        if (v->report.outcome == TRANSIENT_CANCELLED)
            err->kind = ERR_CANCELLED;
        return -1;
    }
    return 0;
}

int validation_copy_make(struct validation *v, struct error *err)
{
    char *base_dir = text_format("%s/transient", v->job->world->data_dir);
    int rc = -1;

    if (base_dir == NULL)
        return error_memory(err);
    if (scratch_take(v->job, &v->has_scratch, err) == 0 &&
        make_transient(v, base_dir, err) == 0)
        rc = restore(v, err);
    free(base_dir);
    return rc;
}

/* Fetch to active: all phases up to there. */
static int64_t measured_restore(const struct transient_report *report)
{
    int64_t sum = 0;
    /* The time of one that never became active measures nothing. */
    if (report->outcome != TRANSIENT_OK && report->outcome != TRANSIENT_LOGIN)
        return -1;
    for (size_t i = 0; i < report->phase_count; i++) {
        sum += report->phases[i].duration_ms;
        if (strcmp(report->phases[i].name, "active") == 0)
            return sum;
    }
    return -1;
}

/* Other drivers' servers are not told of them. */
static bool has_audit_stanzas(const struct validation *v)
{
    const struct transient_options *o = &v->raise.options;
    return o->process != NULL && o->process->audit_file != NULL &&
           strcmp(o->driver, "process") == 0;
}

void validation_copy_describe(struct validation *v)
{
    struct proof_context *c = &v->context;
    v->restore_ms = measured_restore(&v->report);
    c->transient = v->copy;
    c->transient_outcome = v->report.outcome;
    c->transient_text = v->why.text;
    c->batch_login = v->report.batch_login;
    c->audit_declared = has_audit_stanzas(v);
    c->restore_ms = v->restore_ms;
    if (v->transient != NULL)
        text_copy(v->transient_version, sizeof(v->transient_version),
                  transient_server_version(v->transient));
    if (v->report.server_version[0] != '\0')
        text_copy(v->transient_version, sizeof(v->transient_version),
                  v->report.server_version);
    c->transient_version = v->transient_version;
    raise_note(&v->report, v->note, sizeof(v->note));
    c->transient_note = v->note;
}

/* Whoever hung up may not be dead yet, or not known to be. */
static void see_death(struct validation *v)
{
    struct vault_status status;
    struct error unanswered = {0};

    if (vault_status_get(v->copy, &status, &unanswered) == 0)
        return;
    for (int i = 0; i < DEATH_LOOKS && v->death.kind == ERR_NONE; i++) {
        if (i > 0)
            clock_sleep_ms(DEATH_EVERY_MS);
        transient_explain(v->transient, &v->death);
    }
    if (v->death.kind == ERR_NONE)
        v->death = unanswered;
}

void validation_copy_explain(struct validation *v, struct proof_result *r)
{
    char before[ERROR_TEXT_MAX];

    /* Who was not to be asked misses nothing. */
    if (r->outcome != PROOF_NOT_RUN || v->copy == NULL ||
        text_starts(r->message, "not asked"))
        return;
    if (v->death.kind == ERR_NONE)
        see_death(v);
    if (v->death.kind == ERR_NONE)
        return;
    text_copy(before, sizeof(before), r->message);
    proof_say(r, PROOF_NOT_RUN,
              "%.240s; the restored copy is gone (%.200s): validate again",
              before, v->death.text);
}

static int destroy(struct validation *v, struct error *err)
{
    struct error ignored;
    int rc = -1;

    if (log_keep(v->job->world->data_dir, v->job->run.id, v->transient,
                 &ignored) != 0 ||
        log_keep_prune(v->job->world->data_dir, &ignored) != 0)
        log_warn("%s %s: the transient server's log is not kept: %s",
                 run_kind_name(v->job->run.kind), v->job->run.id, ignored.text);
    /* Whatever the catalog says to this, the cluster must go. */
    if (job_status(v->job, RUN_DESTROYING, &ignored) != 0 ||
        job_phase(v->job, "destroy", &ignored) != 0)
        error_clear(&ignored);
    for (int i = 0; i < DESTROY_TRIES && rc != 0; i++) {
        if (i > 0)
            clock_sleep_ms(1000);
        rc = transient_down(v->transient, err);
        if (rc == 0 && !transient_gone(v->transient))
            rc = error_set(err, ERR_INTERNAL, "it is still there");
    }
    if (rc != 0)
        return error_prefix(err,
                            "THE TRANSIENT CLUSTER IS NOT GONE, and it holds "
                            "production secrets (it is tried again at the "
                            "next start)");
    transient_free(v->transient);
    v->transient = NULL;
    return 0;
}

int validation_copy_destroy(struct validation *v, struct error *err)
{
    int rc;

    vault_free(v->copy);
    v->copy = NULL;
    v->context.transient = NULL;
    rc = v->transient == NULL ? 0 : destroy(v, err);
    scratch_give(v->job, &v->has_scratch);
    return rc;
}
