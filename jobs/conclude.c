/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/conclude.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "jobs/basis.h"
#include "jobs/catalogue.h"
#include "jobs/manifest.h"
#include "storage/storage.h"
#include "store/validations.h"

/* Rows that borrow the texts of the results; one array of findings for all,
 * in *findings. */
static int make_rows(const struct conclusion *c, struct check_row **rows,
                     struct check_finding_row **findings, struct error *err)
{
    size_t total = 0;
    size_t used = 0;
    for (size_t i = 0; i < c->results_count; i++)
        total += c->results[i].findings_count;
    *rows = calloc(c->results_count + 1, sizeof(**rows));
    *findings = calloc(total + 1, sizeof(**findings));
    if (*rows == NULL || *findings == NULL)
        return error_memory(err);
    for (size_t i = 0; i < c->results_count; i++) {
        const struct proof_result *r = &c->results[i];
        (*rows)[i] = (struct check_row){
            .name = r->name,
            .outcome = proof_outcome_text(r->outcome),
            .covered = r->covered,
            .total = r->total,
            .message = r->message,
            .findings = *findings + used,
            .findings_count = r->findings_count,
            .findings_total = r->findings_total,
        };
        for (size_t k = 0; k < r->findings_count; k++)
            (*findings)[used++] = (struct check_finding_row){
                .kind = r->findings[k].kind,
                .path = r->findings[k].path,
                .expected = r->findings[k].expected,
                .found = r->findings[k].found,
            };
    }
    return 0;
}

static enum store_verdict sum_up(const struct conclusion *c)
{
    const struct jobs_settings *s = c->job->settings;
    const char **required = calloc(s->required_count + 1, sizeof(*required));
    enum proof_verdict verdict = PROOF_INCONCLUSIVE;
    if (required != NULL) {
        for (size_t i = 0; i < s->required_count; i++)
            required[i] = s->required[i];
        verdict = proof_verdict(required, s->required_count, c->results,
                                c->results_count);
    }
    free(required);
    switch (verdict) {
    case PROOF_VALID:
        return STORE_VALID;
    case PROOF_INVALID:
        return STORE_INVALID;
    case PROOF_INCONCLUSIVE:
    default:
        return STORE_INCONCLUSIVE;
    }
}

static int sign(const struct conclusion *c, struct manifest_validation *m,
                struct error *err)
{
    const struct job *job = c->job;
    const struct run *run = &job->run;
    char suffix[ID_TEXT_MAX + 8];
    char key[STORAGE_KEY_MAX];
    struct buf text;
    int rc = -1;

    buf_init(&text, LIMIT_MANIFEST);
    text_copy(m->run_id, sizeof(m->run_id), run->id);
    text_copy(m->snapshot_id, sizeof(m->snapshot_id), c->row->id);
    text_copy(m->sha256, sizeof(m->sha256), c->row->sha256);
    text_copy(m->cluster, sizeof(m->cluster), run->cluster);
    text_copy(m->driver, sizeof(m->driver), run->driver);
    text_copy(m->oracle, sizeof(m->oracle), run->oracle);
    text_copy(m->requested_by, sizeof(m->requested_by), run->display_name);
    text_copy(m->entity_id, sizeof(m->entity_id), run->entity_id);
    m->created_ms = run->created_ms;
    m->started_ms = run->started_ms;
    m->finished_ms = clock_now_ms();
    m->restore_ms = c->restore_ms;
    snprintf(suffix, sizeof(suffix), "%s.json", run->id);
    if (runs_phases(job->world->store, run->id, &m->phases, err) != 0 ||
        catalogue_key(c->row, suffix, key, err) != 0 ||
        manifest_write_validation(m, job->world->signer, &text, err) != 0)
        goto done;
    if (storage_put(job->world->storage, key, text.data, text.len, err) != 0)
        goto done;
    rc = 0;
done:
    buf_done(&text);
    return rc;
}

int conclude_validation(const struct conclusion *c, struct error *err)
{
    struct manifest_validation *m = calloc(1, sizeof(*m));
    struct check_row *rows = NULL;
    struct check_finding_row *findings = NULL;
    int rc = -1;

    if (m == NULL) {
        error_memory(err);
        goto done;
    }
    if (make_rows(c, &rows, &findings, err) != 0)
        goto done;
    m->basis = basis_new(c, err);
    if (m->basis == NULL)
        goto done;
    m->verdict = sum_up(c);
    m->checks = rows;
    m->checks_count = c->results_count;
    if (job_check(c->job, err) != 0 || sign(c, m, err) != 0)
        goto done;
    struct validation_conclusion vc = {.run_id = c->job->run.id,
                                       .verdict = m->verdict,
                                       .at_ms = m->finished_ms,
                                       .restore_ms = c->restore_ms,
                                       .basis = m->basis,
                                       .checks = rows,
                                       .checks_count = c->results_count};
    if (validations_conclude(c->job->world->store, &vc, err) != 0) {
        error_prefix(err, "the catalog");
        goto done;
    }
    snprintf(c->job->summary, sizeof(c->job->summary), "snapshot %s is %s",
             c->row->id, store_verdict_name(m->verdict));
    rc = 0;
done:
    if (m != NULL)
        free(m->basis);
    free(m);
    free(rows);
    free(findings);
    return rc;
}
