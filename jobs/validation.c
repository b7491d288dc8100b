/* SPDX-License-Identifier: Apache-2.0
 *
 * Prove one snapshot: what can be asked of the archive alone, then restore it
 * into a transient cluster, ask the copy, destroy it and see that it is gone,
 * and only then conclude.
 *
 * Three ways to end: a verdict (the run succeeded), a question that could not
 * be asked (also a verdict, `inconclusive`, whose checks say what to do), or
 * Assay's own trouble (the run failed, the snapshot keeps its verdict). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "jobs/conclude.h"
#include "jobs/seal.h"
#include "jobs/shares.h"
#include "jobs/validation.h"
#include "proof/in_copy.h"
#include "proof/unsealed.h"
#include "proof/verdict.h"
#include "storage/storage.h"

static int prepare(struct validation *v, struct error *err)
{
    struct job *job = v->job;
    const struct job_world *world = job->world;

    v->cluster = jobs_settings_cluster(job->settings, job->run.cluster);
    if (v->cluster == NULL)
        return error_set(err, ERR_INVALID,
                         "the cluster %s is not configured any more",
                         job->run.cluster);
    if (snapshots_get(world->store, job->run.snapshot_id, NULL, &v->row, err) !=
        0)
        return -1;
    v->archive = (struct archive){.world = world, .row = &v->row};
    v->work_dir = text_format("%s/work/%s", world->data_dir, job->run.id);
    if (v->work_dir == NULL)
        return error_memory(err);
    if (validation_leftovers(v, err) != 0 ||
        file_make_dirs(v->work_dir, 0700, err) != 0 ||
        history_load(job, &v->row, &v->history, err) != 0)
        return -1;
    v->context = (struct proof_context){
        .open_archive = archive_open,
        .close_archive = archive_close,
        .archive_ctx = &v->archive,
        .sha256 = v->row.sha256,
        .size_bytes = v->row.size_bytes,
        .product = v->row.product,
        .server_version = v->row.server_version,
        .history = history_proof(v->history),
        .work_dir = v->work_dir,
        .cancel = &job->cancel,
    };
    if (oracle_input_init(&v->oracle, job, &v->row, v->work_dir, err) != 0)
        return -1;
    v->context.oracle = oracle_input_get(&v->oracle);
    return 0;
}

/* The table in three parts, by what must be there first. */
enum stage { STAGE_ARCHIVE, STAGE_KEYS, STAGE_COPY };

static enum stage stage_of(const struct proof_check *check)
{
    if (check->needs_transient)
        return STAGE_COPY;
    return check->needs_keys ? STAGE_KEYS : STAGE_ARCHIVE;
}

static int run_checks(struct validation *v, enum stage stage, struct error *err)
{
    const struct proof_check *check;
    for (size_t i = 0; (check = proof_check_at(i)) != NULL; i++) {
        if (stage_of(check) != stage)
            continue;
        assert(v->results_count < CHECKS_PER_RUN_MAX);
        if (job_check(v->job, err) != 0 ||
            job_phase(v->job, check->name, err) != 0)
            return -1;
        struct proof_result *r = &v->results[v->results_count++];
        if (proof_run(check, &v->context, r, err) != 0)
            return error_prefix(err, "the check \"%s\"", check->name);
        if (stage == STAGE_COPY)
            validation_copy_explain(v, r);
    }
    return 0;
}

/* The rest of the table, with the reason why it was not asked. */
static int skip_checks(struct validation *v, const char *reason,
                       struct error *err)
{
    const struct proof_check *check;
    for (size_t i = 0; (check = proof_check_at(i)) != NULL; i++) {
        if (!check->needs_transient)
            continue;
        assert(v->results_count < CHECKS_PER_RUN_MAX);
        struct proof_result *r = &v->results[v->results_count++];
        *r = (struct proof_result){.name = check->name};
        proof_say(r, PROOF_NOT_RUN, "%s", reason);
    }
    v->context.transient_text = reason;
    return proof_in_copy(&v->context, v->results, v->results_count, err);
}

/* Damaged secrets or lost entries do not make an archive another one:
 * whether it restores is still worth knowing. */
static bool is_another_archive(const struct validation *v)
{
    for (size_t i = 0; i < v->results_count; i++)
        if (v->results[i].outcome == PROOF_FAIL &&
            (strcmp(v->results[i].name, "intact") == 0 ||
             strcmp(v->results[i].name, "authentic") == 0))
            return true;
    return false;
}

/* What the checks are told of the keys.  None at all, and `why`, is not
 * Assay's trouble: the checks that need them say so. */
static int use_keys(struct validation *v, struct error *err)
{
    struct proof_context *c = &v->context;
    if (v->keys == NULL) {
        c->unsealed_text = v->why.text;
        return 0;
    }
    for (size_t i = 0; i < keys_count(v->keys); i++)
        v->shares[i] = keys_at(v->keys, i);
    c->unsealed = proof_unsealed_new(v->shares, keys_count(v->keys));
    if (c->unsealed == NULL)
        return error_memory(err);
    seal_read_statics(v->job->settings, &v->statics, c->unsealed);
    return 0;
}

/* Nothing needs them any more. */
static void drop_keys(struct validation *v)
{
    if (v->context.unsealed != NULL)
        proof_unsealed_forget(v->context.unsealed);
    static_keys_done(&v->statics);
    keys_free(v->keys);
    v->keys = NULL;
}

/* What only the cluster's own seal knows. */
static int ask_once_more(struct validation *v, struct error *err)
{
    struct proof_context c = v->context;
    if (!proof_in_copy_wanted(&c, v->results, v->results_count))
        return 0;
    if (job_check(v->job, err) != 0 || job_phase(v->job, "in_copy", err) != 0)
        return -1;
    if (v->transient != NULL &&
        strcmp(v->raise.options.driver, "existing") == 0) {
        c.transient = NULL;
        c.transient_text = "a standing cluster gets its own data back, and is "
                           "not restored into twice";
    }
    return proof_in_copy(&c, v->results, v->results_count, err);
}

/* Restore and ask the copy.  The caller destroys it, whatever comes. */
static int ask_the_copy(struct validation *v, struct error *err)
{
    if (v->keys == NULL)
        v->report.outcome = TRANSIENT_KEYS;
    else if (validation_copy_make(v, err) != 0)
        return -1;
    if (v->transient == NULL || !transient_needs_keys(v->transient))
        drop_keys(v);
    validation_copy_describe(v);
    if (v->copy != NULL && job_status(v->job, RUN_CHECKING, err) != 0)
        return -1;
    if (run_checks(v, STAGE_COPY, err) == 0 && ask_once_more(v, err) == 0)
        return 0;
    if (v->transient != NULL)
        transient_explain(v->transient, err);
    return -1;
}

/* A production credential is used only for an archive that Assay took. */
static int is_ours(struct validation *v, char *reason, size_t size)
{
    struct error err = {0};
    if (archive_check_manifest(v->job, &v->row, &err) == 0)
        return 1;
    snprintf(reason, size,
             "not asked: the keys are used only for an archive whose manifest "
             "is signed by a trusted key: %.300s",
             err.text);
    return 0;
}

/* 0, -1, or JOB_WAITS for key holders. */
static int get_keys(struct validation *v, struct error *err)
{
    struct job *job = v->job;
    if (!shares_need_holders(job, v->cluster))
        return shares_read(v->cluster, &job->cancel, &v->keys, &v->why, err);
    if (is_another_archive(v)) {
        (void)error_set(&v->why, ERR_PRECONDITION,
                        "nobody was asked for them, because what is stored is "
                        "not the archive that was taken");
        return 0;
    }
    int rc = shares_ask(job, &v->archive, err);
    /* Nobody can help: the checks find out why. */
    return rc != 0
               ? rc
               : shares_read(v->cluster, &job->cancel, &v->keys, &v->why, err);
}

/* All that needs keys. */
static int ask(struct validation *v, struct error *err)
{
    char reason[ERROR_TEXT_MAX];
    int rc = 0;

    if (use_keys(v, err) != 0 || run_checks(v, STAGE_KEYS, err) != 0)
        return -1;
    if (is_another_archive(v)) {
        return skip_checks(v,
                           "not asked: what is stored is not the archive that "
                           "was taken",
                           err);
    }
    if (!is_ours(v, reason, sizeof(reason))) {
        return skip_checks(v, reason, err);
    }
    if (canary_expect(v->job, &v->row, &v->canary, err) != 0)
        return -1;
    v->context.canary = &v->canary.proof;
    rc = ask_the_copy(v, err);
    struct error loud = {0};
    if (validation_copy_destroy(v, &loud) != 0) {
        *err = loud;
        return -1;
    }
    return rc;
}

static int conclude(struct validation *v, struct error *err)
{
    struct conclusion c = {.job = v->job,
                           .row = &v->row,
                           .results = v->results,
                           .results_count = v->results_count,
                           .restore_ms = v->restore_ms,
                           .transient_version = v->transient_version};
    if (file_remove_tree(v->work_dir, err) != 0)
        return -1;
    return conclude_validation(&c, err);
}

static void end_validation(struct validation *v)
{
    struct error why = {0};

    if (v->work_dir != NULL && file_remove_tree(v->work_dir, &why) != 0)
        error_clear(&why);
    /* A transient that would not go stays on record. */
    if (v->transient == NULL && job_leftovers(v->job, NULL, &why) != 0)
        error_clear(&why);
    transient_free(v->transient);
    raise_done(&v->raise);
    proof_unsealed_free(v->context.unsealed);
    history_free(v->history);
    oracle_input_done(&v->oracle);
    static_keys_done(&v->statics);
    keys_free(v->keys);
    for (size_t i = 0; i < v->results_count; i++)
        proof_result_done(&v->results[i]);
    free(v->work_dir);
    free(v);
}

static int run_validation(struct job *job, struct error *err)
{
    struct validation *v = calloc(1, sizeof(*v));
    int rc = -1;

    if (v == NULL)
        return error_memory(err);
    *v = (struct validation){.job = job, .restore_ms = -1};
    job->state = v;
    if (prepare(v, err) != 0 || run_checks(v, STAGE_ARCHIVE, err) != 0)
        goto done;
    rc = get_keys(v, err);
    if (rc == JOB_WAITS)
        return rc;
    if (rc == 0)
        rc = ask(v, err);
    if (rc == 0)
        rc = conclude(v, err);
done:
    end_validation(v);
    return rc;
}

/* The key holders have had their time. */
static int resume_validation(struct job *job, struct error *err)
{
    struct validation *v = job->state;
    int rc = -1;

    if (shares_take(job, &v->keys, &v->why, err) != 0 ||
        job_status(job, RUN_PROVISIONING, err) != 0)
        goto done;
    rc = ask(v, err);
    if (rc == 0)
        rc = conclude(v, err);
done:
    end_validation(v);
    return rc;
}

const struct job_kind job_validation = {
    .kind = RUN_VALIDATION,
    .run = run_validation,
    .resume = resume_validation,
    .recover = validation_recover,
};
