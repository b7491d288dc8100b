/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

static const char *const levels[] = {
    [PLAN_OK] = "ok",
    [PLAN_WARNING] = "warning",
    [PLAN_BLOCKER] = "blocker",
    [PLAN_STOP] = "blocker",
};

const char *const plan_overridable[] = {
    "verdict",     /* the snapshot was not proved */
    "server",      /* another product, or an older version */
    "voters",      /* a foreign snapshot, and more than one node */
    "seal",        /* of another kind: restarted with it, it unseals */
    "login_after", /* nobody verifies what was restored */
    "upload_time", /* longer than the listener waits */
    "safety_snapshot",
    NULL,
};

bool plan_overrides(const char *overrides, const char *name)
{
    size_t len = strlen(name);

    while (overrides != NULL && *overrides != '\0') {
        size_t word = strcspn(overrides, ",");

        if (word == len && strncmp(overrides, name, len) == 0)
            return true;
        overrides += word + (overrides[word] == ',');
    }
    return false;
}

static bool may_be_overridden(const char *name)
{
    for (size_t i = 0; plan_overridable[i] != NULL; i++)
        if (strcmp(plan_overridable[i], name) == 0)
            return true;
    return false;
}

static int no_such_override(const char *name, struct error *err)
{
    char known[256] = "";
    size_t len = 0;

    for (size_t i = 0; plan_overridable[i] != NULL; i++) {
        int n = snprintf(known + len, sizeof(known) - len, "%s%s",
                         i == 0 ? "" : ", ", plan_overridable[i]);
        if (n < 0 || (size_t)n >= sizeof(known) - len)
            break;
        len += (size_t)n;
    }
    return error_set(err, ERR_INVALID,
                     "overrides: there is no finding named \"%.64s\" that can "
                     "be overridden; there are %s",
                     name, known);
}

int plan_join_overrides(const char *const *names, size_t count, struct buf *out,
                        struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!may_be_overridden(names[i]))
            return no_such_override(names[i], err);
        if (plan_overrides(buf_text(out), names[i]))
            continue;
        buf_printf(out, "%s%s", out->len == 0 ? "" : ",", names[i]);
    }
    return buf_check(out, "the overrides", err);
}

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
    if (level == PLAN_BLOCKER && may_be_overridden(name) &&
        plan_overrides(p->overrides, name)) {
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

static void hash_text(struct digest *d, const char *text)
{
    digest_update(d, text, strlen(text) + 1);
}

int plan_fingerprint(const struct plan *p, char out[DIGEST_SHA256_HEX],
                     struct error *err)
{
    struct digest *d = digest_new();

    if (d == NULL)
        return error_memory(err);
    hash_text(d, p->archive_sha256);
    hash_text(d, p->cluster_id);
    hash_text(d, p->force ? "force" : "plain");
    hash_text(d, p->overrides != NULL ? p->overrides : "");
    if (p->subject[0] != '\0')
        hash_text(d, p->subject);
    for (size_t i = 0; i < p->count; i++) {
        hash_text(d, p->findings[i].name);
        hash_text(d, levels[p->findings[i].level]);
    }
    digest_final_hex(d, out);
    digest_free(d);
    return 0;
}

static void note(struct plan *p, const char *what, const char *was,
                 const char *is)
{
    if (p->changes_count == PLAN_CHANGES_MAX || strcmp(was, is) == 0)
        return;
    char *text = p->changes[p->changes_count++];

    snprintf(text, sizeof(p->changes[0]), "%.32s was %.48s, is %.48s", what,
             *was != '\0' ? was : "unknown", *is != '\0' ? is : "unknown");
}

static const struct json *find_before(const struct json *findings,
                                      const char *name)
{
    for (const struct json *f = json_first(findings); f != NULL;
         f = json_next(f))
        if (strcmp(json_get_text(f, "name", ""), name) == 0)
            return f;
    return NULL;
}

/* Of a level's text; what is not known is as bad as can be. */
static enum plan_level level_of(const char *text)
{
    enum plan_level level = PLAN_OK;

    while (level < PLAN_STOP && strcmp(levels[level], text) != 0)
        level++;
    return level;
}

static bool no_worse(const struct plan *p, const struct json *root)
{
    const struct json *findings = json_get(root, "findings");

    if (strcmp(json_get_text(root, "archive_sha256", ""), p->archive_sha256) !=
            0 ||
        strcmp(json_get_text(root, "subject", ""), p->subject) != 0 ||
        strcmp(json_get_text(root, "target_cluster_id", ""), p->cluster_id) !=
            0)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        const struct plan_finding *f = &p->findings[i];
        const struct json *was = find_before(findings, f->name);

        if (was == NULL || f->level > level_of(json_get_text(was, "level", "")))
            return false;
    }
    return true;
}

int plan_covered(const struct plan *p, const char *before, bool *covered,
                 struct error *err)
{
    struct json *root = NULL;

    if (json_parse(before, strlen(before), &root, err) != 0)
        return error_prefix(err, "the plan from before");
    *covered = no_worse(p, root);
    json_free(root);
    return 0;
}

static void compare_findings(struct plan *p, const struct json *findings)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct json *was = find_before(findings, p->findings[i].name);

        note(p, p->findings[i].name,
             was == NULL ? "not mentioned" : json_get_text(was, "level", ""),
             levels[p->findings[i].level]);
    }
    for (const struct json *f = json_first(findings); f != NULL;
         f = json_next(f)) {
        const char *name = json_get_text(f, "name", "");
        bool there = false;

        for (size_t i = 0; i < p->count; i++)
            there = there || strcmp(p->findings[i].name, name) == 0;
        if (!there)
            note(p, name, json_get_text(f, "level", ""), "not mentioned");
    }
}

int plan_compare(struct plan *p, const char *before, struct error *err)
{
    struct json *root = NULL;

    if (json_parse(before, strlen(before), &root, err) != 0)
        return error_prefix(err, "the plan from before");
    p->changes_count = 0;
    note(p, "the archive", json_get_text(root, "archive_sha256", ""),
         p->archive_sha256);
    note(p, "the target's cluster id",
         json_get_text(root, "target_cluster_id", ""), p->cluster_id);
    if (strcmp(json_get_text(root, "subject", ""), p->subject) != 0 &&
        p->changes_count < PLAN_CHANGES_MAX)
        text_copy(p->changes[p->changes_count++], sizeof(p->changes[0]),
                  "the subject is not what it was: read it again");
    compare_findings(p, json_get(root, "findings"));
    json_free(root);
    return 0;
}

int plan_write(const struct plan *p, struct buf *out, struct error *err)
{
    struct jsonw w;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "revision", p->revision);
    jsonw_bool(&w, "blocked", plan_blocker(p) != NULL);
    jsonw_text(&w, "archive_sha256", p->archive_sha256);
    jsonw_text(&w, "target_cluster_id", p->cluster_id);
    if (p->subject[0] != '\0')
        jsonw_text(&w, "subject", p->subject);
    jsonw_array(&w, "changes");
    for (size_t i = 0; i < p->changes_count; i++)
        jsonw_text(&w, NULL, p->changes[i]);
    jsonw_end_array(&w);
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
