/* SPDX-License-Identifier: Apache-2.0
 *
 * What a restore undoes. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jobs/plan_ask.h"
#include "jobs/plan_copy.h"

/* Named in one sentence; the rest is counted. */
enum { PLACES_SHOWN = 6, LIST_FULL = 160, MEASURE_BYTES = 8 * 1024 * 1024 };

/* A sentence that grows until it is full. */
struct words {
    char text[360];
    size_t len;
};

PRINTF_LIKE(2, 3)
static void put(struct words *w, const char *fmt, ...)
{
    size_t room = sizeof(w->text) - w->len;
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(w->text + w->len, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        w->len += (size_t)n < room ? (size_t)n : room - 1;
}

static int compare(struct plan_ask *a, struct plan_copy *copy,
                   struct error *why)
{
    const struct source target = plan_copy_source(copy);
    struct source archive;

    if (archive_open(a->of->archive, &archive, why) != 0)
        return -1;
    int rc = plan_loss_measure(&a->loss, &archive, &target, &a->of->job->cancel,
                               why);
    archive_close(a->of->archive, &archive);
    return rc;
}

static void estimate_again(struct plan_ask *a, const struct plan_copy *copy)
{
    if (copy->size >= MEASURE_BYTES && copy->took_ms > 0)
        target_estimate(
            a->of->target, copy->size * 1000 / (uint64_t)copy->took_ms + 1,
            "measured while a snapshot of the target was taken", a->plan);
}

/* -1 only for an end asked for. */
static int look(struct plan_ask *a, struct error *why, struct error *err)
{
    struct plan_copy copy;
    int rc = plan_copy_take(&copy, a->of->job, a->of->target->vault,
                            a->row->size_bytes, why);

    if (rc == 0) {
        estimate_again(a, &copy);
        rc = compare(a, &copy, why);
    }
    plan_copy_done(&copy);
    a->compared = rc == 0;
    if (rc != 0 && why->kind == ERR_CANCELLED) {
        *err = *why;
        return -1;
    }
    return 0;
}

static void put_place(struct plan_ask *a, const struct plan_loss_group *g,
                      struct words *w)
{
    char name[80];

    plan_names_text(&a->names, g, name, sizeof(name));
    put(w, "%s%s +%" PRIu64 " ~%" PRIu64 " -%" PRIu64, w->len == 0 ? "" : ", ",
        name, g->count.added, g->count.changed, g->count.removed);
}

/* A login makes an entity or changes one, that of somebody who comes to
 * approve too: by itself it is no reason to ask once more. */
static void put_entities(const struct plan_loss_count *c, struct words *w)
{
    if (plan_loss_sum(c) > 0)
        put(w, "%sbuckets of entities +%" PRIu64 " ~%" PRIu64 " -%" PRIu64,
            w->len == 0 ? "" : ", ", c->added, c->changed, c->removed);
}

static void say_loss(struct plan_ask *a)
{
    const struct plan_loss *l = &a->loss;
    bool rest = plan_loss_sum(&l->rest) > 0;
    struct words w = {.len = 0};
    size_t shown = 0;

    for (; shown < l->groups_count && shown < PLACES_SHOWN && w.len < LIST_FULL;
         shown++)
        put_place(a, &l->groups[shown], &w);
    if (shown < l->groups_count || rest)
        put(&w, "%s%zu%s more places", w.len == 0 ? "" : ", and ",
            l->groups_count - shown, rest ? " or" : "");
    bool data = w.len > 0;
    put_entities(&l->entities, &w);
    if (!data)
        plan_say(a->plan, "loss", PLAN_OK,
                 "nothing but the servers' own bookkeeping has changed since "
                 "%s%s%s",
                 a->since, w.len > 0 ? ", and what logins change: " : "",
                 w.text);
    else
        plan_say(a->plan, "loss", PLAN_WARNING,
                 "undone is what changed since %s: %s (entries + written, "
                 "~ changed, - deleted, which come back)%s",
                 a->since, w.text,
                 a->names.refused ? "; for names, grant read on sys/mounts "
                                    "and sys/auth"
                                  : "");
}

static void say_tokens(struct plan_ask *a)
{
    const struct plan_loss *l = &a->loss;
    uint64_t dead = l->tokens.added + l->secret_ids.added;
    uint64_t back = l->tokens.removed + l->secret_ids.removed;
    struct words w = {.len = 0};

    if (dead > 0)
        put(&w,
            "%" PRIu64 " tokens and %" PRIu64 " secret-ids made since %s stop "
            "working: whoever holds one, the requester too, must log in "
            "again, and new secret-ids must be handed out",
            l->tokens.added, l->secret_ids.added, a->since);
    if (back > 0)
        put(&w,
            "%s%" PRIu64 " tokens and %" PRIu64 " secret-ids that were "
            "revoked or ended since are back; of those only what has run out "
            "is revoked again",
            w.len == 0 ? "" : "; ", l->tokens.removed, l->secret_ids.removed);
    /* Never only ok: somebody logs in to approve. */
    if (w.len == 0)
        put(&w,
            "no token and no secret-id was made or ended since %s; those "
            "that are made before the restore stop working",
            a->since);
    plan_say(a->plan, "tokens", PLAN_WARNING, "%s", w.text);
}

static void say_leases(struct plan_ask *a)
{
    const struct plan_loss_count *c = &a->loss.leases;

    if (c->added == 0)
        plan_say(a->plan, "leases", PLAN_OK,
                 "no lease was given out since %s that would be forgotten; "
                 "%" PRIu64 " that ended since are revoked once more",
                 a->since, c->removed);
    else
        plan_say(a->plan, "leases", PLAN_WARNING,
                 "%" PRIu64 " leases given out since %s are forgotten, and "
                 "nobody revokes what they stand for (database users, cloud "
                 "keys): revoke them before (sys/leases/revoke-prefix), or "
                 "clean up there",
                 c->added, a->since);
}

/* Tried on both products: after a rekey the plain endpoint refuses an older
 * archive (400), the other one takes it, and from then on the older shares
 * are the ones that unseal. */
static void say_keys(struct plan_ask *a)
{
    const struct target *t = a->of->target;
    bool shamir = strcmp(t->status.seal_type, "shamir") == 0;

    if (plan_loss_sum(&a->loss.keys) == 0)
        plan_say(a->plan, "keys", PLAN_OK,
                 "the target's keys are those of the snapshot; what unseals "
                 "it now unseals it afterwards");
    else if (!shamir)
        plan_say(a->plan, "keys", PLAN_WARNING,
                 "the target's root key was sealed anew since %s: its seal "
                 "(%s) must still be able to open what it sealed then",
                 a->since, t->status.seal_type);
    else if (t->force)
        plan_say(a->plan, "keys", PLAN_WARNING,
                 "the target was rekeyed since %s: after the restore only the "
                 "key shares from before the rekey unseal it; have them at "
                 "hand, the next restart of a node asks for them",
                 a->since);
    else
        plan_say(a->plan, "keys", PLAN_STOP,
                 "the target was rekeyed since %s: without force the server "
                 "refuses the archive, and after the restore only the key "
                 "shares from before the rekey unseal it; if they are there, "
                 "ask with force",
                 a->since);
}

static void say_unknown(struct plan_ask *a, const struct error *why)
{
    plan_say(a->plan, "loss", PLAN_WARNING,
             "what changed since %s, and so would be undone, cannot be told: "
             "%.280s",
             a->since, why->text);
    plan_say(a->plan, "tokens", PLAN_WARNING,
             "how many tokens and secret-ids were made since %s cannot be "
             "told: they stop working; those revoked since are back",
             a->since);
    plan_say(a->plan, "keys", PLAN_WARNING,
             "whether the target was rekeyed since %s cannot be told: then "
             "only the key shares from before unseal what force restores",
             a->since);
    plan_say(a->plan, "leases", PLAN_WARNING,
             "which leases were given out since %s cannot be told: they are "
             "forgotten, and what they stand for stays",
             a->since);
    plan_say(a->plan, "newest_writes", PLAN_WARNING,
             "which secrets were written since %s cannot be told", a->since);
}

/* Nothing of it is left, so nothing needs to be compared. */
static void say_replaced(struct plan_ask *a)
{
    char engines[200];

    plan_names_engines(&a->names, engines, sizeof(engines));
    plan_say(a->plan, "loss", PLAN_WARNING,
             "all that cluster %s (%.80s) holds is replaced%s%s",
             a->of->target->status.cluster_id,
             a->of->target->status.cluster_name, engines[0] != '\0' ? ": " : "",
             engines);
    plan_say(a->plan, "tokens", PLAN_WARNING,
             "every token and secret-id of the target stops working; those of "
             "the snapshot, of %s, are good again",
             a->since);
}

int plan_ask_loss(struct plan_ask *a, struct error *err)
{
    struct error why = {0};

    if (a->foreign) {
        say_replaced(a);
        return 0;
    }
    if (look(a, &why, err) != 0)
        return -1;
    if (!a->compared) {
        say_unknown(a, &why);
        return 0;
    }
    say_keys(a);
    say_loss(a);
    say_tokens(a);
    say_leases(a);
    return 0;
}
