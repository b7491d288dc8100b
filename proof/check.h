/* SPDX-License-Identifier: Apache-2.0
 *
 * What is asked of a snapshot: a table of checks.
 *
 * A check that could not run is never a pass, and every check says how much
 * it looked at.  -1 from a check means that Assay or its surroundings failed
 * (disk, memory, cancelled): nothing was learnt.  What is wrong with the
 * snapshot is a result. */
#ifndef ASSAY_PROOF_CHECK_H
#define ASSAY_PROOF_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "proof/context.h"

enum proof_outcome {
    PROOF_NOT_RUN,
    PROOF_PASS,
    PROOF_FAIL,
    PROOF_DRIFT,
};

/* "pass", "fail", "drift", "not_run". */
const char *proof_outcome_text(enum proof_outcome outcome);
/* -1 for any other text. */
int proof_outcome_parse(const char *text, enum proof_outcome *out) MUST_USE;

/* Malloc'd texts; `expected` and `found` may be NULL.  Never a value of a
 * secret: names, sizes and digests. */
struct proof_finding {
    char *kind; /* "entry_missing", "entry_added", "entry_changed", … */
    char *path;
    char *expected;
    char *found;
};

struct proof_result {
    const char *name; /* the check's, static */
    enum proof_outcome outcome;
    uint64_t covered; /* of `total`, in entries or bytes */
    uint64_t total;
    char message[ERROR_TEXT_MAX];   /* one sentence */
    struct proof_finding *findings; /* the first LIMIT_FINDINGS */
    size_t findings_count;
    uint64_t findings_total;
};

struct proof_check {
    const char *name, *question; /* one sentence, for help and reports */
    bool needs_keys;             /* unseals the archive */
    bool needs_transient;        /* not worth asking before the restore */
    int (*run)(const struct proof_context *c, struct proof_result *r,
               struct error *err);
};

/* Those that need nothing, then keys, then a copy; NULL past the end. */
const struct proof_check *proof_check_at(size_t i);
/* NULL for a name that is not in the table: refused at configuration. */
const struct proof_check *proof_check_find(const char *name);

/* Run one check.  `r` is overwritten, and to be released by the caller also
 * after -1.  May take as long as reading an archive twice does. */
int proof_run(const struct proof_check *check, const struct proof_context *c,
              struct proof_result *r, struct error *err) MUST_USE;
void proof_result_done(struct proof_result *r);

/* {"name":…,"outcome":…,"covered":…,"total":…,"message":…,"findings":[…],
 * "findings_total":…} as one item of an array or under `key`. */
void proof_result_write(const struct proof_result *r, struct jsonw *w,
                        const char *key);

/* For checks: count a finding and keep it while there is room. */
void proof_find(struct proof_result *r, const char *kind, const char *path,
                const char *expected, const char *found);
void proof_say(struct proof_result *r, enum proof_outcome outcome,
               const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
