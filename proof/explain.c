/* SPDX-License-Identifier: Apache-2.0
 *
 * Every rule rests on one thing: on an honest primary objects only grow
 * older, so their own times and versions only rise unless they are made anew.
 * The copy is what the primary was at the snapshot; the baseline was read
 * just before it, the primary is read after it.  So the copy may be newer
 * than the baseline only by what happened since that was begun, and never
 * newer than the primary. */
#include "proof/explain.h"

#include <stddef.h>

#include "proof/unlike.h"
#include "proof/volatile.h"

/* Both have the time, and a's is later. */
static bool later(int64_t a, int64_t b)
{
    return a != 0 && b != 0 && a > b;
}

/* What a server changes by itself says nothing about the primary. */
static bool counts(const struct inventory_record *r, const char *field)
{
    return volatile_find(r->kind, r->path, field) == NULL;
}

static uint64_t version(const struct inventory_record *r)
{
    return counts(r, "version") ? r->version : 0;
}

static int64_t newest(const struct inventory_record *r)
{
    int64_t changed = counts(r, "changed_ms") ? r->changed_ms : 0;

    return changed > r->created_ms ? changed : r->created_ms;
}

/* Made at or after `since`; a first version that says when it was changed is
 * as good as one that says when it was made. */
static bool is_made(const struct inventory_record *r, int64_t since)
{
    if (r->created_ms == 0 && r->version == 1)
        return r->changed_ms >= since;
    return r->created_ms >= since;
}

/* `to` is what `from` became by changes at or after `since`. */
static bool grew(const struct inventory_record *from,
                 const struct inventory_record *to, int64_t since)
{
    if (to == NULL || newest(to) < since)
        return false;
    if (from == NULL)
        return is_made(to, since);
    if (later(to->created_ms, from->created_ms))
        return to->created_ms >= since; /* deleted, and made anew */
    return to->created_ms == from->created_ms && version(to) >= version(from) &&
           newest(to) > newest(from);
}

/* Without a baseline: the copy `r` against the primary now.  Whatever has no
 * times of its own cannot be told. */
static enum explain_verdict two_ways(const struct explain_facts *f,
                                     const struct inventory_record *r,
                                     const struct inventory_record *p)
{
    int64_t since = f->taken_ms - f->slack_ms;

    if (p == NULL) /* deleted since, if it was there at all */
        return later(newest(r), f->taken_ms + f->slack_ms) ? EXPLAIN_UNEXPLAINED
                                                           : EXPLAIN_DRIFT;
    if (grew(r, p, since))
        return EXPLAIN_DRIFT;
    if (r == NULL) /* it was there at the snapshot, if it says so */
        return p->created_ms != 0 || later(since, newest(p))
                   ? EXPLAIN_FAULT
                   : EXPLAIN_UNEXPLAINED;
    /* The copy is newer than what is to come after it; or the primary had
     * moved on before the snapshot. */
    if (r->created_ms != p->created_ms || version(r) > version(p) ||
        newest(r) != newest(p))
        return EXPLAIN_FAULT;
    return EXPLAIN_UNEXPLAINED;
}

static enum unlike against(const struct explain_facts *f,
                           const struct triple *t, enum triple_side side)
{
    return unlike_records(t->side[TRIPLE_RESTORED], t->side[side],
                          f->apart[side]);
}

/* The baseline knows the object, or that there is none. */
static void with_baseline(const struct explain_facts *f, const struct triple *t,
                          bool primary, struct explanation *out)
{
    enum unlike b = against(f, t, TRIPLE_BASELINE);
    enum unlike p = primary ? against(f, t, TRIPLE_PRIMARY) : UNLIKE_SOMETHING;

    out->against = TRIPLE_BASELINE;
    if (b == UNLIKE_SOMETHING) {
        /* Changed between the baseline and the snapshot, says the primary
         * itself or the object's own time. */
        if (p != UNLIKE_SOMETHING ||
            grew(t->side[TRIPLE_BASELINE], t->side[TRIPLE_RESTORED],
                 f->baseline_ms - f->slack_ms))
            out->verdict = EXPLAIN_DRIFT;
        else
            out->verdict = EXPLAIN_FAULT;
        return;
    }
    out->partly = b == UNLIKE_UNSEEN && p != UNLIKE_NOTHING;
    if (primary && p == UNLIKE_SOMETHING) {
        out->verdict = EXPLAIN_DRIFT;
        out->against = TRIPLE_PRIMARY;
    } else {
        out->verdict = EXPLAIN_RIGHT;
    }
}

static bool shown(const struct explain_facts *f, const struct triple *t,
                  unsigned hidden, enum triple_side side)
{
    return f->asked[side] &&
           (t->side[side] != NULL || (hidden & (1u << side)) == 0);
}

void explain_object(const struct explain_facts *facts, const struct triple *t,
                    unsigned hidden, struct explanation *out)
{
    bool baseline = shown(facts, t, hidden, TRIPLE_BASELINE);
    bool primary = shown(facts, t, hidden, TRIPLE_PRIMARY);
    enum unlike p;

    *out = (struct explanation){.verdict = EXPLAIN_UNSEEN};
    if (!shown(facts, t, hidden, TRIPLE_RESTORED) || (!baseline && !primary))
        return;
    if (baseline) {
        with_baseline(facts, t, primary, out);
        return;
    }
    p = against(facts, t, TRIPLE_PRIMARY);
    out->against = TRIPLE_PRIMARY;
    out->partly = p == UNLIKE_UNSEEN;
    out->verdict =
        p == UNLIKE_SOMETHING
            ? two_ways(facts, t->side[TRIPLE_RESTORED], t->side[TRIPLE_PRIMARY])
            : EXPLAIN_RIGHT;
}
