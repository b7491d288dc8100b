/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings wait in bins, so that a busy primary's drift does not crowd out
 * the one fault. */
#include "proof/crosscheck.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proof/explain.h"
#include "proof/unlike.h"
#include "proof/veil.h"

/* Clocks of Assay's and of the server's host, in step by NTP. */
enum { SLACK_MS = 2000, PATH_TEXT_MAX = 1024 };

enum bin { BIN_FAULT, BIN_UNKNOWN, BIN_DRIFT, BIN_NOTE, BINS };

struct crosscheck {
    const struct crosscheck_options *o;
    struct explain_facts facts;
    struct veil *veils[TRIPLE_SIDES];
    struct proof_result bins[BINS];
    uint64_t total;
    uint64_t denials; /* not_covered records that were reported */
    uint64_t hidden;  /* objects behind one */
    uint64_t unexplained;
    uint64_t partly;
    char first_denied[ERROR_TEXT_MAX / 4]; /* the policy line it lacks, */
    bool denied_in_copy;                   /* and whose policy that is */
};

static void object_name(const struct inventory_record *r,
                        char out[PATH_TEXT_MAX])
{
    (void)snprintf(out, PATH_TEXT_MAX, "%s:%s", r->kind, r->path);
}

/* "fault", "changed" and so on: what became of it, as the copy has it. */
static void find(struct crosscheck *c, const struct triple *t,
                 const struct explanation *e)
{
    static const struct {
        const char *word;
        enum bin bin;
    } classes[] = {
        [EXPLAIN_DRIFT] = {"drift", BIN_DRIFT},
        [EXPLAIN_FAULT] = {"fault", BIN_FAULT},
        [EXPLAIN_UNEXPLAINED] = {"unexplained", BIN_UNKNOWN},
    };
    const struct inventory_record *copy = t->side[TRIPLE_RESTORED];
    const struct inventory_record *oracle = t->side[e->against];
    char kind[32], path[PATH_TEXT_MAX];
    char expected[UNLIKE_TEXT_MAX], found[UNLIKE_TEXT_MAX];

    (void)snprintf(kind, sizeof kind, "%s_%s", classes[e->verdict].word,
                   copy == NULL     ? "missing"
                   : oracle == NULL ? "added"
                                    : "changed");
    object_name(copy == NULL ? oracle : copy, path);
    unlike_text(oracle, copy, expected);
    unlike_text(copy, oracle, found);
    proof_find(&c->bins[classes[e->verdict].bin], kind, path, expected, found);
}

static unsigned hidden_sides(const struct crosscheck *c, const struct triple *t,
                             const struct inventory_record *any)
{
    unsigned hidden = 0;

    /* Values are in no inventory that is kept. */
    if (text_ends(any->kind, "_value"))
        hidden |= 1u << TRIPLE_BASELINE;
    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        if (t->side[i] == NULL && veil_hides(c->veils[i], any->kind, any->path))
            hidden |= 1u << i;
    return hidden;
}

static void judge_object(struct crosscheck *c, const struct triple *t,
                         const struct inventory_record *any)
{
    struct explanation e;

    explain_object(&c->facts, t, hidden_sides(c, t, any), &e);
    c->total++;
    c->partly += e.partly;
    switch (e.verdict) {
    case EXPLAIN_RIGHT:
        break;
    case EXPLAIN_UNSEEN:
        c->hidden++;
        break;
    case EXPLAIN_UNEXPLAINED:
        c->unexplained++;
        find(c, t, &e);
        break;
    case EXPLAIN_DRIFT:
    case EXPLAIN_FAULT:
        find(c, t, &e);
        break;
    }
}

/* Who did not show it, of those that matter: the copy, and the oracle that
 * decides.  What only the primary hides the baseline tells. */
static bool who_hides(const struct crosscheck *c, const struct triple *t,
                      enum triple_side *out)
{
    const enum triple_side oracle =
        c->facts.asked[TRIPLE_BASELINE] ? TRIPLE_BASELINE : TRIPLE_PRIMARY;

    if (t->side[TRIPLE_RESTORED] != NULL)
        *out = TRIPLE_RESTORED;
    else if (t->side[oracle] != NULL)
        *out = oracle;
    else
        return false;
    return true;
}

static void judge_veil(struct crosscheck *c, const struct triple *t)
{
    const struct inventory_record *r;
    const char *policy, *reason;
    enum triple_side side;
    char found[UNLIKE_TEXT_MAX];
    bool matters;

    if (!who_hides(c, t, &side))
        return;
    r = t->side[side];
    policy = inventory_field(r, "policy");
    reason = inventory_field(r, "reason");
    matters = veil_matters(r);
    c->total++;
    c->denials++;
    (void)snprintf(found, sizeof found, "%s: %s", triple_side_text(side),
                   reason == NULL ? "not told why" : reason);
    proof_find(&c->bins[matters ? BIN_UNKNOWN : BIN_NOTE],
               INVENTORY_NOT_COVERED, r->path, policy, found);
    if (policy == NULL || c->first_denied[0] != '\0')
        return;
    (void)text_copy(c->first_denied, sizeof c->first_denied, policy);
    c->denied_in_copy = side == TRIPLE_RESTORED;
}

static void judge(struct crosscheck *c, const struct triple *t)
{
    const struct inventory_record *any = NULL;

    for (unsigned i = 0; i < TRIPLE_SIDES && any == NULL; i++)
        any = t->side[i];
    if (strcmp(any->kind, INVENTORY_NOT_COVERED) == 0)
        judge_veil(c, t);
    else
        judge_object(c, t, any);
}

/* What the inventories have in common, and when they were made. */
static void learn(struct crosscheck *c, const struct triple_reader *reader)
{
    const struct inventory_head *copy =
        triple_reader_head(reader, TRIPLE_RESTORED);

    c->facts.taken_ms = c->o->taken_ms;
    c->facts.slack_ms = SLACK_MS;
    for (unsigned i = 0; i < TRIPLE_SIDES; i++) {
        const struct inventory_head *head =
            triple_reader_head(reader, (enum triple_side)i);

        if (head == NULL)
            continue;
        c->facts.asked[i] = true;
        if (strcmp(head->key_id, copy->key_id) != 0)
            c->facts.apart[i] |= UNLIKE_KEYS;
        if (strcmp(head->server_version, copy->server_version) != 0)
            c->facts.apart[i] |= UNLIKE_SERVERS;
        if (i == TRIPLE_BASELINE)
            c->facts.baseline_ms = head->started_ms;
        if (strcmp(head->cluster_id, copy->cluster_id) != 0) {
            c->total++;
            proof_find(&c->bins[BIN_FAULT], "fault_changed", "cluster:id",
                       head->cluster_id, copy->cluster_id);
        }
    }
}

static int read_all(struct crosscheck *c, struct error *err)
{
    const struct crosscheck_options *o = c->o;
    struct triple_reader *reader = NULL;
    struct triple t;
    int rc = -1;

    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        if (o->paths[i] != NULL &&
            veil_load(o->paths[i], &c->veils[i], err) != 0)
            goto done;
    if (triple_reader_open(o->paths, &reader, err) != 0)
        goto done;
    learn(c, reader);
    while ((rc = triple_reader_next(reader, &t, err)) == 1) {
        if (cancelled(o->cancel)) {
            rc = error_set(err, ERR_CANCELLED, "cancelled");
            break;
        }
        judge(c, &t);
    }
done:
    triple_reader_close(reader);
    return rc;
}

static void take_findings(const struct crosscheck *c, struct proof_result *r)
{
    for (unsigned b = 0; b < BINS; b++) {
        const struct proof_result *bin = &c->bins[b];

        for (size_t i = 0; i < bin->findings_count; i++) {
            const struct proof_finding *f = &bin->findings[i];

            proof_find(r, f->kind, f->path, f->expected, f->found);
        }
        r->findings_total += bin->findings_total - bin->findings_count;
    }
}

static const char *first_path(const struct proof_result *bin)
{
    return bin->findings_count > 0 ? bin->findings[0].path : "?";
}

/* Why it did not run, and what to do; the first reason that there is. */
static void say_unknown(const struct crosscheck *c, struct proof_result *r)
{
    char what[ERROR_TEXT_MAX];

    if (c->first_denied[0] != '\0')
        (void)snprintf(
            what, sizeof what, "Assay's policy%s hides some: it lacks %s",
            c->denied_in_copy ? " in the snapshot" : "", c->first_denied);
    else if (c->unexplained > 0)
        (void)snprintf(what, sizeof what,
                       "%" PRIu64 " differ and have no times of their own "
                       "that tell drift from fault (the first: %.120s); a "
                       "baseline would (validation.baseline)",
                       c->unexplained, first_path(&c->bins[BIN_UNKNOWN]));
    else if (c->bins[BIN_UNKNOWN].findings_total == 0 && c->partly > 0)
        (void)snprintf(what, sizeof what,
                       "%" PRIu64 " only in part: their hashes were made "
                       "under another Assay's key, or the servers are of "
                       "different versions",
                       c->partly);
    else
        (void)snprintf(what, sizeof what,
                       "a side does not show all it has (the first: %.160s)",
                       first_path(&c->bins[BIN_UNKNOWN]));
    proof_say(r, PROOF_NOT_RUN,
              "compared %" PRIu64 " of %" PRIu64 " objects with %s: %.360s",
              r->covered, r->total, c->o->with, what);
}

static void conclude(const struct crosscheck *c, struct proof_result *r)
{
    uint64_t faults = c->bins[BIN_FAULT].findings_total;
    uint64_t drift = c->bins[BIN_DRIFT].findings_total;

    take_findings(c, r);
    r->total = c->total;
    r->covered = c->total - c->denials - c->hidden - c->unexplained - c->partly;
    if (faults > 0)
        proof_say(r, PROOF_FAIL,
                  "%" PRIu64 " of %" PRIu64 " objects are not as they were "
                  "when the snapshot was taken; the first: %.200s; compared "
                  "with %s, where %" PRIu64 " changed since",
                  faults, c->total, first_path(&c->bins[BIN_FAULT]), c->o->with,
                  drift);
    else if (c->bins[BIN_UNKNOWN].findings_total + c->hidden + c->partly > 0)
        say_unknown(c, r);
    else if (drift > 0)
        proof_say(r, PROOF_DRIFT,
                  "compared %" PRIu64 " of %" PRIu64 " objects with %s: "
                  "%" PRIu64 " changed since the snapshot, nothing else is off",
                  r->covered, r->total, c->o->with, drift);
    else
        proof_say(r, PROOF_PASS,
                  "compared %" PRIu64 " of %" PRIu64 " objects with %s: all "
                  "are as they were",
                  r->covered, r->total, c->o->with);
}

int crosscheck_run(const struct crosscheck_options *o, struct proof_result *r,
                   struct error *err)
{
    struct crosscheck *c = calloc(1, sizeof *c);
    int rc;

    if (c == NULL)
        return error_memory(err);
    c->o = o;
    rc = read_all(c, err);
    if (rc == 0)
        conclude(c, r);
    for (unsigned i = 0; i < TRIPLE_SIDES; i++)
        veil_free(c->veils[i]);
    for (unsigned b = 0; b < BINS; b++)
        proof_result_done(&c->bins[b]);
    free(c);
    return rc;
}
