/* SPDX-License-Identifier: Apache-2.0
 *
 * What one validation tested and found, for whoever was not there: the same
 * facts as JSON, as a page, and as a signed statement.  Nothing in it changes
 * once the validation is over. */
#ifndef ASSAY_HANDLERS_REPORT_H
#define ASSAY_HANDLERS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "store/checks.h"
#include "store/runs.h"
#include "store/snapshots.h"

struct handlers_app;
struct request;

enum report_answer { REPORT_UNKNOWN, REPORT_NO, REPORT_YES };

/* Plain data. */
struct report {
    struct run run;
    struct run_phases phases;
    struct check_list checks;
    struct json *basis; /* jobs/basis.h; NULL in runs of older versions */
    /* As it was when it was tested; texts are "" and numbers 0 when nobody
     * remembers (no basis, and the snapshot was deleted). */
    struct snapshot_row snapshot;
    int64_t rto_target_ms; /* 0: none */
    int64_t rpo_target_ms;
    /* How old the snapshot was when the validation ended: what would have
     * been lost had the primary died then.  -1: not known. */
    int64_t rpo_ms;
};

/* The validation that the path names, if the caller may see it.
 * ERR_CONFLICT while it is not over. */
int report_load(struct handlers_app *app, struct request *request,
                struct report *out, struct error *err) MUST_USE;
/* Accepts a zeroed one. */
void report_done(struct report *r);

/* "valid", "invalid", "inconclusive", or NULL: it ended without. */
const char *report_verdict(const struct report *r);
/* One sentence: what the verdict rests on. */
void report_summary(const struct report *r, struct buf *out);
/* Whether the verdict is made of this check. */
enum report_answer report_requires(const struct report *r, const char *check);
enum report_answer report_rto_met(const struct report *r);
enum report_answer report_rpo_met(const struct report *r);

/* All of it into the open object. */
void report_write(const struct report *r, struct jsonw *w);
/* All of it as one HTML page that needs nothing else. */
void report_html_write(const struct report *r, struct buf *out);
/* Append the Content-Security-Policy that the page is written for. */
int report_html_policy(struct buf *out, struct error *err) MUST_USE;

/* The page's style sheet. */
extern const char report_style[];

#endif
