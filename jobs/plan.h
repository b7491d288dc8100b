/* SPDX-License-Identifier: Apache-2.0
 *
 * What a restore or a recovery found out before it does anything: shown by a
 * dry run, agreed to by those who approve, made again before it goes on. */
#ifndef ASSAY_JOBS_PLAN_H
#define ASSAY_JOBS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "store/runs.h"

enum {
    PLAN_FINDINGS_MAX = 32,
    PLAN_CHANGES_MAX = 8,
    PLAN_SUBJECT_MAX = 1400, /* two paths and some words */
};

enum plan_level {
    PLAN_OK,
    PLAN_WARNING,
    PLAN_BLOCKER, /* becomes a warning where the request overrides it */
    PLAN_STOP,    /* a blocker that nobody can override */
};

struct plan_finding {
    const char *name; /* static */
    enum plan_level level;
    char message[ERROR_TEXT_MAX];
};

/* Plain data. */
struct plan {
    const char *overrides; /* names with commas; NULL: none */
    bool force;
    char subject[PLAN_SUBJECT_MAX]; /* of a recovery: what goes where */
    char archive_sha256[DIGEST_SHA256_HEX];
    char cluster_id[RUN_CLUSTER_ID_MAX]; /* the target's, "" if not known */
    uint64_t revision;
    struct plan_finding findings[PLAN_FINDINGS_MAX];
    size_t count;
    /* What is not as in the revision before; see plan_compare. */
    char changes[PLAN_CHANGES_MAX][160];
    size_t changes_count;
};

/* The findings that can be overridden, NULL behind the last: a blocker of
 * another name stays one. */
extern const char *const plan_overridable[];
/* Whether `overrides` has that name. */
bool plan_overrides(const char *overrides, const char *name);
/* The names with commas, into *out.  ERR_INVALID for one that is not in
 * plan_overridable: it says which there are. */
int plan_join_overrides(const char *const *names, size_t count, struct buf *out,
                        struct error *err) MUST_USE;

/* Say what `name` turned out to be; a second word about it replaces the
 * first. */
void plan_say(struct plan *p, const char *name, enum plan_level level,
              const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The first finding that forbids to go on, or NULL. */
const struct plan_finding *plan_blocker(const struct plan *p);

/* SHA-256 of what somebody agrees to: name and level of each finding, archive,
 * cluster, subject, force and overrides; not of the messages, which hold
 * figures. */
int plan_fingerprint(const struct plan *p, char out[DIGEST_SHA256_HEX],
                     struct error *err) MUST_USE;
/* *covered: whoever agreed to the plan `before` (as plan_write writes it) has
 * agreed to this one, of the same run: archive, cluster and subject are the
 * same, and no finding is new or worse. */
int plan_covered(const struct plan *p, const char *before, bool *covered,
                 struct error *err) MUST_USE;
/* Fill in what differs from the plan that `before` (as plan_write writes it)
 * was. */
int plan_compare(struct plan *p, const char *before,
                 struct error *err) MUST_USE;
/* {"revision":…,"blocked":…,"archive_sha256":…,"target_cluster_id":…,
 * "subject" (of a recovery),
 * "changes":[…],"findings":[{"name","level","message"}]}, level ok, warning
 * or blocker. */
int plan_write(const struct plan *p, struct buf *out,
               struct error *err) MUST_USE;

#endif
