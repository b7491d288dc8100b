/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of checks, and what they all need. */
#include "proof/check.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "proof/checks.h"

static const struct proof_check checks[] = {
    {
        .name = "intact",
        .question = "Is the stored archive complete, and the one that was "
                    "catalogued?",
        .run = proof_intact,
    },
    {
        .name = "plausible",
        .question = "Is everything there that the snapshot before it had, "
                    "as far as counts can tell?",
        .run = proof_plausible,
    },
    {
        .name = "authentic",
        .question = "Did the cluster itself seal the sums of this archive?",
        .needs_keys = true,
        .run = proof_authentic,
    },
    {
        .name = "decryptable",
        .question = "Does every single entry decrypt with the cluster's key "
                    "shares?",
        .needs_keys = true,
        .run = proof_decryptable,
    },
    {
        .name = "restorable",
        .question = "Does a fresh server accept it, unseal with the "
                    "production keys and become active?",
        .needs_transient = true,
        .run = proof_restorable,
    },
    {
        .name = "lossless",
        .question = "Does the restored copy hold the same entries, byte for "
                    "byte?",
        .needs_transient = true,
        .run = proof_lossless,
    },
    {
        .name = "consistent",
        .question = "Does the restored copy answer like the oracle: the "
                    "primary, or what it was when the snapshot was taken?",
        .needs_transient = true,
        .run = proof_consistent,
    },
    {
        .name = "usable",
        .question = "Does the restored copy take a login and give back its "
                    "canaries?",
        .needs_transient = true,
        .run = proof_usable,
    },
};

static const char *const outcome_names[] = {
    [PROOF_NOT_RUN] = "not_run",
    [PROOF_PASS] = "pass",
    [PROOF_FAIL] = "fail",
    [PROOF_DRIFT] = "drift",
};

enum { OUTCOMES = sizeof outcome_names / sizeof outcome_names[0] };

const char *proof_outcome_text(enum proof_outcome outcome)
{
    assert((unsigned)outcome < OUTCOMES);
    return outcome_names[outcome];
}

int proof_outcome_parse(const char *text, enum proof_outcome *out)
{
    unsigned i;

    for (i = 0; i < OUTCOMES; i++) {
        if (strcmp(outcome_names[i], text) == 0) {
            *out = (enum proof_outcome)i;
            return 0;
        }
    }
    return -1;
}

const struct proof_check *proof_check_at(size_t i)
{
    return i < sizeof checks / sizeof checks[0] ? &checks[i] : NULL;
}

const struct proof_check *proof_check_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (strcmp(checks[i].name, name) == 0)
            return &checks[i];
    }
    return NULL;
}

int proof_run(const struct proof_check *check, const struct proof_context *c,
              struct proof_result *r, struct error *err)
{
    memset(r, 0, sizeof *r);
    r->name = check->name;
    r->outcome = PROOF_NOT_RUN;
    return check->run(c, r, err);
}

static void release(struct proof_finding *f)
{
    free(f->kind);
    free(f->path);
    free(f->expected);
    free(f->found);
}

void proof_result_done(struct proof_result *r)
{
    size_t i;

    for (i = 0; i < r->findings_count; i++)
        release(&r->findings[i]);
    free(r->findings);
    r->findings = NULL;
    r->findings_count = 0;
}

static void write_finding(const struct proof_finding *f, struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_text(w, "kind", f->kind);
    jsonw_text(w, "path", f->path);
    jsonw_text(w, "expected", f->expected);
    jsonw_text(w, "found", f->found);
    jsonw_end_object(w);
}

void proof_result_write(const struct proof_result *r, struct jsonw *w,
                        const char *key)
{
    size_t i;

    jsonw_object(w, key);
    jsonw_text(w, "name", r->name);
    jsonw_text(w, "outcome", proof_outcome_text(r->outcome));
    jsonw_u64(w, "covered", r->covered);
    jsonw_u64(w, "total", r->total);
    jsonw_text(w, "message", r->message);
    jsonw_array(w, "findings");
    for (i = 0; i < r->findings_count; i++)
        write_finding(&r->findings[i], w);
    jsonw_end_array(w);
    jsonw_u64(w, "findings_total", r->findings_total);
    jsonw_end_object(w);
}

/* Room for one more, or NULL: past the limit, or no memory.  Either way the
 * finding still counts. */
static struct proof_finding *room(struct proof_result *r)
{
    if (r->findings == NULL)
        r->findings = calloc(LIMIT_FINDINGS, sizeof *r->findings);
    if (r->findings == NULL || r->findings_count == LIMIT_FINDINGS)
        return NULL;
    return &r->findings[r->findings_count];
}

void proof_find(struct proof_result *r, const char *kind, const char *path,
                const char *expected, const char *found)
{
    struct proof_finding *f = room(r);

    r->findings_total++;
    if (f == NULL)
        return;
    f->kind = text_dup(kind);
    f->path = text_dup(path);
    f->expected = expected == NULL ? NULL : text_dup(expected);
    f->found = found == NULL ? NULL : text_dup(found);
    r->findings_count++;
}

void proof_say(struct proof_result *r, enum proof_outcome outcome,
               const char *fmt, ...)
{
    va_list ap;

    r->outcome = outcome;
    va_start(ap, fmt);
    (void)vsnprintf(r->message, sizeof r->message, fmt, ap);
    va_end(ap);
}
