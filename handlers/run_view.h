/* SPDX-License-Identifier: Apache-2.0
 *
 * A run as JSON.  The names are the API's promise. */
#ifndef ASSAY_HANDLERS_RUN_VIEW_H
#define ASSAY_HANDLERS_RUN_VIEW_H

#include "base/error.h"
#include "base/json.h"
#include "jobs/jobs.h"
#include "store/checks.h"
#include "store/runs.h"

/* All of it, phases and checks included, into the open object. */
int run_view_write(struct store *store, const struct run *run, struct jsonw *w,
                   struct error *err) MUST_USE;
/* A check with its findings, without braces, into the open object. */
void run_view_write_check(const struct check_row *check, struct jsonw *w);
/* "phases": […] */
void run_view_write_phases(const struct run_phases *phases, struct jsonw *w);
/* How far its key holders are, as sys/unseal says it, into the open object. */
void run_view_write_unseal(const struct jobs_unseal_view *view,
                           struct jsonw *w);
/* "nodes": […]: those of a restore that waits to be unsealed. */
void run_view_write_nodes(const struct jobs_unseal_nodes *nodes,
                          struct jsonw *w);
/* Flat scalars only, for key_info. */
void run_view_write_row(const struct run *run, struct jsonw *w);

#endif
