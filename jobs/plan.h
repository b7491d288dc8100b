/* SPDX-License-Identifier: Apache-2.0
 *
 * What a restore found out before it does anything: shown by a dry run,
 * stored with every restore. */
#ifndef ASSAY_JOBS_PLAN_H
#define ASSAY_JOBS_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum { PLAN_FINDINGS_MAX = 32 };

enum plan_level {
    PLAN_OK,
    PLAN_WARNING,
    PLAN_BLOCKER, /* becomes a warning where the request overrides */
    PLAN_STOP,    /* a blocker that nobody can override */
};

struct plan_finding {
    const char *name; /* static */
    enum plan_level level;
    char message[ERROR_TEXT_MAX];
};

/* Plain data. */
struct plan {
    bool override;
    unsigned revision; /* how often it was written */
    struct plan_finding findings[PLAN_FINDINGS_MAX];
    size_t count;
};

/* Say what `name` turned out to be; a second word about it replaces the
 * first. */
void plan_say(struct plan *p, const char *name, enum plan_level level,
              const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The first finding that forbids to go on, or NULL. */
const struct plan_finding *plan_blocker(const struct plan *p);
/* {"revision":…,"blocked":…,"findings":[{"name","level","message"}]}, level
 * ok, warning or blocker. */
int plan_write(struct plan *p, struct buf *out, struct error *err) MUST_USE;

#endif
