/* SPDX-License-Identifier: Apache-2.0
 *
 * A report as one page: no script, nothing fetched, to be saved, mailed and
 * printed.  Whatever comes from a cluster, an archive or a caller goes through
 * html_text; the policy, which the page also carries inside, allows nothing
 * but its own style sheet, by hash. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"
#include "handlers/html.h"
#include "handlers/report.h"
#include "jobs/jobs.h"

enum { HUMAN_MAX = 32, LONG_LIST = 12 };

static int policy(struct buf *out, const char *more, struct error *err)
{
    struct digest *d = digest_new();
    uint8_t sum[DIGEST_SHA256_SIZE];
    char *hash = NULL;

    if (d == NULL)
        return error_memory(err);
    digest_update(d, report_style, strlen(report_style));
    digest_final(d, sum);
    digest_free(d);
    hash = text_base64(sum, sizeof(sum));
    if (hash == NULL)
        return error_memory(err);
    buf_printf(out,
               "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
               "form-action 'none'%s",
               hash, more);
    free(hash);
    return buf_check(out, "the policy", err);
}

int report_html_policy(struct buf *out, struct error *err)
{
    return policy(out, "; frame-ancestors 'none'", err);
}

static void badge(struct buf *out, const char *kind, const char *text)
{
    buf_str(out, "<span class=\"badge ");
    html_text(out, kind);
    buf_str(out, "\">");
    html_text(out, text);
    buf_str(out, "</span>");
}

/* `class` is ours; "" or NULL as value: not known. */
static void fact(struct buf *out, const char *name, const char *value,
                 const char *class)
{
    buf_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"%s\">", name,
               class);
    if (value == NULL || *value == '\0')
        buf_str(out, "<span class=\"soft\">not known</span>");
    else
        html_text(out, value);
    buf_str(out, "</td></tr>\n");
}

enum { WHEN_MAX = 24 };

/* RFC 3339 as people write it, to the second; "" for no time. */
static void people_time(int64_t ms, char out[WHEN_MAX])
{
    char text[CLOCK_TEXT_MAX];

    out[0] = '\0';
    if (ms <= 0)
        return;
    clock_text(ms, text);
    (void)snprintf(out, WHEN_MAX, "%.10s %.8s UTC", text, text + 11);
}

static void fact_time(struct buf *out, const char *name, int64_t ms)
{
    char text[WHEN_MAX];

    people_time(ms, text);
    fact(out, name, text, "");
}

/* "name (detail)", either of which may be missing. */
static void fact_with(struct buf *out, const char *name, const char *value,
                      const char *detail)
{
    char *both = *value != '\0' && *detail != '\0'
                     ? text_format("%s (%s)", value, detail)
                     : text_dup(*value != '\0' ? value : detail);

    fact(out, name, both, "");
    free(both);
}

static void write_head(const struct report *r, struct buf *out)
{
    struct error err = {0};
    const char *verdict = report_verdict(r);

    buf_str(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                 "<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"");
    /* Without it the header still holds. */
    if (policy(out, "", &err) != 0)
        error_clear(&err);
    buf_str(out, "\">\n<meta name=\"viewport\" "
                 "content=\"width=device-width,initial-scale=1\">\n"
                 "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_text(out, verdict != NULL ? verdict : "no verdict");
    buf_str(out, ": validation ");
    html_text(out, r->run.id);
    buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n",
               report_style);
}

static void write_summary(const struct report *r, struct buf *out)
{
    struct buf summary;

    buf_init(&summary, LIMIT_REQUEST_BODY);
    report_summary(r, &summary);
    html_text(out, buf_text(&summary));
    buf_done(&summary);
}

static void write_title(const struct report *r, struct buf *out)
{
    const char *verdict = report_verdict(r);

    buf_str(out, "<header>\n<p class=\"brand\">Assay validation report</p>\n"
                 "<h1>Snapshot of ");
    html_text(out, r->run.cluster);
    buf_char(out, ' ');
    badge(out, verdict != NULL ? verdict : "none",
          verdict != NULL ? verdict : "no verdict");
    buf_str(out, "</h1>\n<p class=\"summary\">");
    write_summary(r, out);
    buf_str(out, "</p>\n");
    if (r->run.error[0] != '\0') {
        buf_str(out, "<p>");
        html_text(out, r->run.error);
        buf_str(out, "</p>\n");
    }
    buf_str(out, "</header>\n");
}

/* A measured time and whether it is within its target; -1, 0: none. */
struct measure {
    const char *name;
    const char *note;
    int64_t ms;
    int64_t target_ms;
    enum report_answer met;
};

static void write_measure(const struct measure *m, struct buf *out)
{
    char text[HUMAN_MAX];

    buf_printf(out, "<div class=\"tile\"><span class=\"soft\">%s</span><b>",
               m->name);
    if (m->ms >= 0) {
        text_human_duration(m->ms, text, sizeof(text));
        html_text(out, text);
    } else {
        buf_str(out, "not measured");
    }
    buf_str(out, "</b>");
    if (m->target_ms > 0) {
        text_human_duration(m->target_ms, text, sizeof(text));
        buf_str(out, "target ");
        html_text(out, text);
        buf_char(out, ' ');
        if (m->met != REPORT_UNKNOWN)
            badge(out, m->met == REPORT_YES ? "met" : "missed",
                  m->met == REPORT_YES ? "met" : "missed");
        else
            buf_str(out, "<span class=\"soft\">not judged</span>");
    } else {
        buf_str(out, "no target set");
    }
    buf_printf(out, "<div class=\"note\">%s</div></div>\n", m->note);
}

static void write_measures(const struct report *r, struct buf *out)
{
    const struct measure restore = {
        .name = "Restore time, in the sandbox",
        .note = "From fetching the archive to an active server on the "
                "machine of the test. Production hardware, approvals and "
                "people take their own time.",
        .ms = r->run.restore_ms,
        .target_ms = r->rto_target_ms,
        .met = report_rto_met(r)};
    const struct measure age = {
        .name = "Recovery point (RPO)",
        .note = "The age of the snapshot when this validation ended: what "
                "would have been lost had the primary died then.",
        .ms = r->rpo_ms,
        .target_ms = r->rpo_target_ms,
        .met = report_rpo_met(r)};
    size_t passed = 0;

    for (size_t i = 0; i < r->checks.count; i++)
        passed += strcmp(r->checks.items[i].outcome, "pass") == 0;
    buf_str(out, "<div class=\"tiles\">\n");
    write_measure(&restore, out);
    write_measure(&age, out);
    buf_printf(out,
               "<div class=\"tile\"><span class=\"soft\">Checks passed</span>"
               "<b>%zu of %zu</b>those marked \"required\" make the verdict"
               "<div class=\"note\">A check that could not run never counts "
               "as passed.</div></div>\n</div>\n",
               passed, r->checks.count);
}

static void fact_number(struct buf *out, const char *name, uint64_t value,
                        bool known)
{
    char text[HUMAN_MAX] = "";

    if (known)
        (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    fact(out, name, text, "");
}

static void write_snapshot(const struct report *r, struct buf *out)
{
    const struct snapshot_row *s = &r->snapshot;
    bool known = s->sha256[0] != '\0';
    char human[HUMAN_MAX] = "";
    char bytes[HUMAN_MAX] = "";

    if (known) {
        text_human_size(s->size_bytes, human, sizeof(human));
        (void)snprintf(bytes, sizeof(bytes), "%" PRIu64 " bytes",
                       s->size_bytes);
    }
    buf_str(out, "<h2>What was tested</h2>\n<table class=\"facts\">\n");
    fact(out, "Snapshot", s->id, "mono");
    fact(out, "Archive, SHA-256", s->sha256, "mono");
    fact_time(out, "Taken", s->created_ms);
    fact(out, "Cluster", r->run.cluster, "");
    fact_with(out, "Its own name and id", s->cluster_name, s->cluster_id);
    fact_with(out, "Its server", s->product, s->server_version);
    fact_with(out, "Size", human, bytes);
    fact_number(out, "Entries", s->entries, known);
    fact_number(out, "Raft index", s->raft_index, known);
    buf_str(out, "</table>\n");
}

static const char *isolation(const struct json *transient)
{
    const struct json *isolated = json_get(transient, "isolated");

    if (json_type(isolated) != JSON_BOOL)
        return "";
    return json_bool(isolated, false)
               ? "cut off from every network and file of the host"
               : "NOT isolated: the configuration says so";
}

static void write_circumstances(const struct report *r, struct buf *out)
{
    const struct json *t = json_get(r->basis, "transient");
    const struct run *run = &r->run;

    buf_str(out, "<h2>Where, by whom, when</h2>\n<table class=\"facts\">\n");
    fact(out, "Transient driver", json_get_text(t, "driver", run->driver), "");
    if (json_get_text(t, "server_version", NULL) != NULL)
        fact_with(out, "Transient server", r->snapshot.product,
                  json_get_text(t, "server_version", ""));
    if (*isolation(t) != '\0')
        fact(out, "Its isolation", isolation(t), "");
    fact_with(out, "Requested by", run->display_name, run->entity_id);
    fact_time(out, "Begun", run->started_ms);
    fact_time(out, "Ended", run->finished_ms);
    fact(out, "Validation", run->id, "mono");
    fact(out, "Assay", json_get_text(r->basis, "assay_version", ""), "");
    buf_str(out, "</table>\n");
}

static void write_findings(const struct check_row *c, struct buf *out)
{
    if (c->findings_count == 0)
        return;
    buf_str(out, "<table class=\"findings\"><thead><tr><th>Finding</th>"
                 "<th class=\"path\">Where</th><th>Expected</th><th>Found</th>"
                 "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < c->findings_count; i++) {
        const struct check_finding_row *f = &c->findings[i];

        buf_str(out, "<tr><td>");
        html_text(out, f->kind);
        buf_str(out, "</td><td class=\"mono\">");
        html_text(out, f->path);
        buf_str(out, "</td><td>");
        html_text(out, f->expected);
        buf_str(out, "</td><td>");
        html_text(out, f->found);
        buf_str(out, "</td></tr>\n");
    }
    buf_str(out, "</tbody></table>\n");
    if (c->findings_total > c->findings_count)
        buf_printf(out,
                   "<p class=\"note\">and %" PRIu64 " more, not listed</p>\n",
                   c->findings_total - c->findings_count);
}

static void write_check(const struct report *r, const struct check_row *c,
                        struct buf *out)
{
    const char *question = jobs_check_question(c->name);

    buf_printf(out, "<article class=\"check%s\">\n<div class=\"head\">",
               c->findings_count > LONG_LIST ? " long" : "");
    badge(out, c->outcome,
          strcmp(c->outcome, "not_run") == 0 ? "not run" : c->outcome);
    buf_str(out, "<h3>");
    html_text(out, c->name);
    buf_str(out, "</h3>");
    if (report_requires(r, c->name) == REPORT_YES)
        buf_str(out, "<span class=\"soft\">required</span>");
    if (c->total > 0)
        buf_printf(out,
                   "<span class=\"note\">covered %" PRIu64 " of %" PRIu64
                   "</span>",
                   c->covered, c->total);
    buf_str(out, "</div>\n");
    if (question != NULL) {
        buf_str(out, "<p class=\"soft\">");
        html_text(out, question);
        buf_str(out, "</p>\n");
    }
    buf_str(out, "<p>");
    html_text(out, c->message);
    buf_str(out, "</p>\n");
    write_findings(c, out);
    buf_str(out, "</article>\n");
}

static void write_checks(const struct report *r, struct buf *out)
{
    buf_str(out, "<h2>Checks</h2>\n");
    if (r->checks.count == 0)
        buf_str(out, "<p class=\"soft\">None was concluded.</p>\n");
    for (size_t i = 0; i < r->checks.count; i++)
        write_check(r, &r->checks.items[i], out);
}

static void write_phase(const struct run_phase *p, int64_t longest,
                        struct buf *out)
{
    char when[WHEN_MAX];
    char took[HUMAN_MAX] = "cut off";

    people_time(p->started_ms, when);
    if (p->duration_ms >= 0)
        text_human_duration(p->duration_ms, took, sizeof(took));
    buf_str(out, "<tr><td>");
    html_text(out, p->name);
    buf_printf(out,
               "</td><td class=\"when\">%s</td><td class=\"num\">%s</td>"
               "<td class=\"barcell\">",
               when, took);
    if (p->duration_ms > 0)
        buf_printf(out,
                   "<svg aria-hidden=\"true\"><rect class=\"bar\" "
                   "width=\"%" PRId64 "%%\" height=\"100%%\" rx=\"2\"/></svg>",
                   1 + 99 * p->duration_ms / longest);
    buf_str(out, "</td></tr>\n");
}

static void write_phases(const struct report *r, struct buf *out)
{
    int64_t longest = 1;

    if (r->phases.count == 0)
        return;
    for (size_t i = 0; i < r->phases.count; i++)
        if (r->phases.items[i].duration_ms > longest)
            longest = r->phases.items[i].duration_ms;
    buf_str(out, "<h2>Phases</h2>\n<table>\n<thead><tr><th>Phase</th>"
                 "<th>Begun</th><th class=\"num\">Took</th>"
                 "<th class=\"barcell\"></th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->phases.count; i++)
        write_phase(&r->phases.items[i], longest, out);
    buf_str(out, "</tbody>\n</table>\n");
}

static void write_foot(const struct report *r, struct buf *out)
{
    buf_str(out, "<footer class=\"note\">\n<p>This page is not signed. The "
                 "same facts, signed with the key of this Assay, are "
                 "<code>validations/");
    html_text(out, r->run.id);
    buf_str(out,
            "/evidence</code>; <code>assay evidence verify</code> checks "
            "them, and so does any tool that reads DSSE and in-toto.</p>\n"
            "<p>No value of a secret was kept, logged or returned; findings "
            "name paths, sizes and digests.</p>\n"
            "</footer>\n</main>\n</body>\n</html>\n");
}

void report_html_write(const struct report *r, struct buf *out)
{
    write_head(r, out);
    write_title(r, out);
    write_measures(r, out);
    write_snapshot(r, out);
    write_circumstances(r, out);
    write_checks(r, out);
    write_phases(r, out);
    write_foot(r, out);
}
