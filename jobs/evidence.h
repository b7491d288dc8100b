/* SPDX-License-Identifier: Apache-2.0
 *
 * What reports and statements need to know of the engine.  Any thread; never
 * waits. */
#ifndef ASSAY_JOBS_EVIDENCE_H
#define ASSAY_JOBS_EVIDENCE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct jobs;

/* in-toto's name for a statement, and ours for what it states.  That is a
 * URN: a name and not an address, so that it belongs to nobody who could lose
 * it, and no verifier is tempted to fetch it. */
#define EVIDENCE_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define EVIDENCE_PREDICATE_TYPE "urn:assay:validation:v1"

/* What is aimed at, as configured now; 0: no target.  Plain data. */
struct jobs_targets {
    int64_t rto_ms; /* a restore, as measured in the sandbox */
    int64_t rpo_ms; /* the age of the newest valid snapshot */
};

struct jobs_targets jobs_targets(struct jobs *j);
/* The question that a check asks, one sentence; NULL for a check that this
 * version does not have. */
const char *jobs_check_question(const char *check);
/* Append the DSSE envelope of an in-toto statement, signed with the key of
 * the manifests. */
int jobs_sign_statement(struct jobs *j, const struct buf *statement,
                        struct buf *out, struct error *err) MUST_USE;

#endif
