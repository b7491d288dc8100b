/* SPDX-License-Identifier: Apache-2.0
 *
 * What backups, validations and restores have in common. */
#ifndef ASSAY_HANDLERS_RUNS_H
#define ASSAY_HANDLERS_RUNS_H

#include "base/error.h"
#include "jobs/jobs.h"
#include "server/reply.h"
#include "server/request.h"
#include "store/runs.h"

struct handlers_app;

/* Who asks, as jobs/ wants it; points into the request. */
struct jobs_caller runs_caller(const struct request *request);

/* The answer to a request for a run: the run, where it can be read, when to
 * look again.  200, or 202 for "Prefer: respond-async". */
int runs_answer_created(struct handlers_app *app, struct request *request,
                        struct reply *reply, const struct jobs_submitted *made,
                        struct error *err) MUST_USE;
/* The run of that kind that the path names, if the caller may see it: call it
 * before anything else is said or done.  *run is released with run_done. */
int runs_load(struct handlers_app *app, struct request *request,
              enum run_kind kind, struct run *run, struct error *err) MUST_USE;
/* That run, and when to look again. */
int runs_answer(struct handlers_app *app, struct reply *reply,
                const struct run *run, struct error *err) MUST_USE;
/* GET :id of that kind, with its long poll. */
int runs_answer_read(struct handlers_app *app, struct request *request,
                     struct reply *reply, enum run_kind kind,
                     struct error *err) MUST_USE;
int runs_answer_list(struct handlers_app *app, struct request *request,
                     struct reply *reply, enum run_kind kind,
                     struct error *err) MUST_USE;
/* POST :id/cancel: the run as it is then. */
int runs_answer_cancel(struct handlers_app *app, struct request *request,
                       struct reply *reply, enum run_kind kind,
                       struct error *err) MUST_USE;

/* A text field that is too long for the catalog, or "": ERR_INVALID names
 * it.  *out is NULL when it was not given. */
int runs_text_field(const struct request *request, const char *field,
                    const char **out, struct error *err) MUST_USE;

#endif
