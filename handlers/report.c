/* SPDX-License-Identifier: Apache-2.0
 *
 * A report as JSON, and what it says in a sentence. */
#include "handlers/report.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/run_view.h"
#include "jobs/jobs.h"

const char *report_verdict(const struct report *r)
{
    return r->run.verdict != STORE_UNVALIDATED
               ? store_verdict_name(r->run.verdict)
               : NULL;
}

enum report_answer report_requires(const struct report *r, const char *check)
{
    const struct json *list = json_get(r->basis, "required");

    if (json_type(list) != JSON_ARRAY)
        return REPORT_UNKNOWN;
    for (const struct json *n = json_first(list); n != NULL; n = json_next(n))
        if (strcmp(json_text(n, ""), check) == 0)
            return REPORT_YES;
    return REPORT_NO;
}

enum report_answer report_rto_met(const struct report *r)
{
    if (r->rto_target_ms == 0 || r->run.restore_ms < 0)
        return REPORT_UNKNOWN;
    return r->run.restore_ms <= r->rto_target_ms ? REPORT_YES : REPORT_NO;
}

/* A snapshot that is not valid saves nothing, however young it is. */
enum report_answer report_rpo_met(const struct report *r)
{
    if (r->rpo_target_ms == 0 || r->rpo_ms < 0 || r->run.verdict != STORE_VALID)
        return REPORT_UNKNOWN;
    return r->rpo_ms <= r->rpo_target_ms ? REPORT_YES : REPORT_NO;
}

/* Checks the verdict may rest on; of them those with this outcome. */
static size_t name_checks(const struct report *r, const char *outcome,
                          struct buf *out)
{
    size_t count = 0;

    for (size_t i = 0; i < r->checks.count; i++) {
        const struct check_row *c = &r->checks.items[i];

        if (report_requires(r, c->name) == REPORT_NO ||
            strcmp(c->outcome, outcome) != 0)
            continue;
        if (count++ > 0)
            buf_str(out, ", ");
        buf_str(out, c->name);
    }
    return count;
}

void report_summary(const struct report *r, struct buf *out)
{
    switch (r->run.verdict) {
    case STORE_VALID:
        buf_str(out, "Valid: every required check passed (");
        if (name_checks(r, "pass", out) == 0)
            buf_str(out, "none is on record");
        buf_str(out, ").");
        break;
    case STORE_INVALID:
        buf_str(out, "Invalid: required checks failed (");
        if (name_checks(r, "fail", out) == 0)
            buf_str(out, "none is on record");
        buf_str(out, ").");
        break;
    case STORE_INCONCLUSIVE:
        buf_str(out, "Inconclusive: nothing failed, but required checks could "
                     "not run (");
        if (name_checks(r, "not_run", out) == 0)
            buf_str(out, "none is on record");
        buf_str(out, ").");
        break;
    case STORE_UNVALIDATED:
        buf_printf(out, "No verdict: the validation %s%s.",
                   run_status_name(r->run.status),
                   r->run.status == RUN_CANCELLED ||
                           r->run.status == RUN_INTERRUPTED
                       ? " before its end"
                       : "");
        break;
    }
}

static void write_text(struct jsonw *w, const char *key, const char *value)
{
    jsonw_text(w, key, *value != '\0' ? value : NULL);
}

static void write_answer(struct jsonw *w, const char *key,
                         enum report_answer answer)
{
    if (answer == REPORT_UNKNOWN)
        jsonw_null(w, key);
    else
        jsonw_bool(w, key, answer == REPORT_YES);
}

/* `none` is what stands for "not known". */
static void write_seconds(struct jsonw *w, const char *key, int64_t ms,
                          int64_t none)
{
    if (ms == none)
        jsonw_null(w, key);
    else
        jsonw_seconds(w, key, (double)ms / 1000);
}

static void write_measured(const struct report *r, struct jsonw *w)
{
    write_seconds(w, "restore_seconds", r->run.restore_ms, -1);
    jsonw_text(w, "restore_measured_in", "sandbox");
    write_seconds(w, "rto_target_seconds", r->rto_target_ms, 0);
    write_answer(w, "rto_met", report_rto_met(r));
    write_seconds(w, "rpo_seconds", r->rpo_ms, -1);
    write_seconds(w, "rpo_target_seconds", r->rpo_target_ms, 0);
    write_answer(w, "rpo_met", report_rpo_met(r));
}

static void write_run(const struct report *r, struct jsonw *w)
{
    const struct run *run = &r->run;
    struct buf summary;

    buf_init(&summary, LIMIT_REQUEST_BODY);
    report_summary(r, &summary);
    jsonw_text(w, "validation_id", run->id);
    jsonw_text(w, "verdict", report_verdict(r));
    jsonw_text(w, "summary", buf_text(&summary));
    jsonw_text(w, "status", run_status_name(run->status));
    write_text(w, "error", run->error);
    jsonw_text(w, "cluster", run->cluster);
    write_text(w, "oracle", run->oracle);
    jsonw_object(w, "requested_by");
    jsonw_text(w, "display_name", run->display_name);
    jsonw_text(w, "entity_id", run->entity_id);
    jsonw_end_object(w);
    jsonw_time(w, "created_at", run->created_ms);
    jsonw_time(w, "started_at", run->started_ms);
    jsonw_time(w, "finished_at", run->finished_ms);
    write_seconds(w, "duration_seconds",
                  run->started_ms > 0 ? run->finished_ms - run->started_ms : -1,
                  -1);
    jsonw_text(w, "assay_version",
               json_get_text(r->basis, "assay_version", NULL));
    buf_done(&summary);
}

static void write_number(struct jsonw *w, const char *key, uint64_t value,
                         bool known)
{
    if (known)
        jsonw_u64(w, key, value);
    else
        jsonw_null(w, key);
}

static void write_snapshot(const struct snapshot_row *s, struct jsonw *w)
{
    bool known = s->sha256[0] != '\0';

    jsonw_object(w, "snapshot");
    jsonw_text(w, "id", s->id);
    write_text(w, "sha256", s->sha256);
    jsonw_time(w, "created_at", s->created_ms);
    write_text(w, "cluster_id", s->cluster_id);
    write_text(w, "cluster_name", s->cluster_name);
    write_text(w, "product", s->product);
    write_text(w, "server_version", s->server_version);
    write_number(w, "size_bytes", s->size_bytes, known);
    write_number(w, "raft_index", s->raft_index, known);
    write_number(w, "raft_term", s->raft_term, known);
    write_number(w, "entries", s->entries, known);
    write_number(w, "state_bytes", s->state_bytes, known);
    jsonw_end_object(w);
}

static void write_transient(const struct report *r, struct jsonw *w)
{
    const struct json *t = json_get(r->basis, "transient");
    const struct json *isolated = json_get(t, "isolated");

    jsonw_object(w, "transient");
    write_text(w, "driver", json_get_text(t, "driver", r->run.driver));
    jsonw_text(w, "server_version", json_get_text(t, "server_version", NULL));
    if (json_type(isolated) == JSON_BOOL)
        jsonw_bool(w, "isolated", json_bool(isolated, false));
    else
        jsonw_null(w, "isolated");
    jsonw_end_object(w);
}

static void write_checks(const struct report *r, struct jsonw *w)
{
    jsonw_array(w, "checks");
    for (size_t i = 0; i < r->checks.count; i++) {
        const struct check_row *c = &r->checks.items[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "question", jobs_check_question(c->name));
        write_answer(w, "required", report_requires(r, c->name));
        run_view_write_check(c, w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

void report_write(const struct report *r, struct jsonw *w)
{
    write_run(r, w);
    write_measured(r, w);
    write_snapshot(&r->snapshot, w);
    write_transient(r, w);
    jsonw_array(w, "required");
    for (const struct json *n = json_first(json_get(r->basis, "required"));
         n != NULL; n = json_next(n))
        jsonw_text(w, NULL, json_text(n, ""));
    jsonw_end_array(w);
    write_checks(r, w);
    run_view_write_phases(&r->phases, w);
}

/* A browser names HTML in its Accept; clients of the API do not. */
static bool wants_page(const struct request *request)
{
    const char *accept = request_header(request, "Accept");

    return accept != NULL && strstr(accept, "text/html") != NULL;
}

static int answer_page(const struct report *r, struct reply *reply,
                       struct error *err)
{
    struct buf page;
    struct buf policy;
    int rc = -1;

    buf_init(&page, LIMIT_REPLY_BODY);
    buf_init(&policy, LIMIT_HEADER_BYTES);
    report_html_write(r, &page);
    if (buf_check(&page, "the report", err) != 0 ||
        report_html_policy(&policy, err) != 0)
        goto done;
    reply_raw(reply, 200, "text/html; charset=utf-8", buf_text(&page),
              page.len);
    reply_header(reply, "Content-Security-Policy", buf_text(&policy));
    reply_header(reply, "X-Content-Type-Options", "nosniff");
    reply_header(reply, "Referrer-Policy", "no-referrer");
    rc = 0;
done:
    buf_done(&page);
    buf_done(&policy);
    return rc;
}

int handlers_report_read(void *app, struct request *request,
                         struct reply *reply, struct error *err)
{
    struct report r = {0};
    int rc = 0;

    if (report_load(app, request, &r, err) != 0)
        return -1;
    if (wants_page(request))
        rc = answer_page(&r, reply, err);
    else
        report_write(&r, reply_data(reply));
    reply_header(reply, "Vary", "Accept");
    report_done(&r);
    return rc;
}
