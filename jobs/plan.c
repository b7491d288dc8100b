/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static const char *const levels[] = {
    [PLAN_OK] = "ok",
    [PLAN_WARNING] = "warning",
    [PLAN_BLOCKER] = "blocker",
    [PLAN_STOP] = "blocker",
};

static struct plan_finding *find(struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->findings[i].name, name) == 0)
            return &p->findings[i];
    assert(p->count < PLAN_FINDINGS_MAX);
    return &p->findings[p->count++];
}

void plan_say(struct plan *p, const char *name, enum plan_level level,
              const char *fmt, ...)
{
    struct plan_finding *f = find(p, name);
    const char *end = "";
    char text[ERROR_TEXT_MAX - 64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (level == PLAN_BLOCKER && p->override) {
        level = PLAN_WARNING;
        end = " (overridden by the request)";
    }
    f->name = name;
    f->level = level;
    snprintf(f->message, sizeof(f->message), "%s%s", text, end);
}

const struct plan_finding *plan_blocker(const struct plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->findings[i].level >= PLAN_BLOCKER)
            return &p->findings[i];
    return NULL;
}

int plan_write(struct plan *p, struct buf *out, struct error *err)
{
    struct jsonw w;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "revision", ++p->revision);
    jsonw_bool(&w, "blocked", plan_blocker(p) != NULL);
    jsonw_array(&w, "findings");
    for (size_t i = 0; i < p->count; i++) {
        jsonw_object(&w, NULL);
        jsonw_text(&w, "name", p->findings[i].name);
        jsonw_text(&w, "level", levels[p->findings[i].level]);
        jsonw_text(&w, "message", p->findings[i].message);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    return buf_check(out, "the plan", err);
}
