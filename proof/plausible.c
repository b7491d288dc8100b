/* SPDX-License-Identifier: Apache-2.0
 *
 * A mount that was emptied, or the snapshot of another cluster, is a perfect
 * archive: only the snapshot before it tells.
 *
 * Both lists of prefixes are sorted: a merge.  What came is never suspicious,
 * only what went; and what goes by itself every day (leases, tokens) is not
 * looked at. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "proof/checks.h"
#include "proof/history.h"
#include "proof/unsealed.h"

enum { NUMBER_MAX = 48 };

struct walk {
    const struct proof_context *c;
    const struct proof_limits *limits;
    struct proof_result *r;
    uint64_t dropped;     /* prefixes, and the sum of all */
    const char *first;    /* of them */
    uint64_t before, now; /* entries in all prefixes looked at */
};

static bool fell(uint64_t before, uint64_t now, unsigned max_drop_percent)
{
    /* Not before * percent: that might overflow. */
    return now < before && (double)(before - now) * 100 >
                               (double)before * (double)max_drop_percent;
}

static bool ignored(const struct proof_limits *limits, const char *prefix)
{
    for (size_t i = 0; i < limits->ignore_count; i++)
        if (strcmp(limits->ignore[i], prefix) == 0)
            return true;
    return false;
}

/* A cubbyhole holds what belongs to tokens and goes with them.  Which mount
 * it is, only the key shares tell; so ask only when it matters. */
static bool is_cubbyhole(const struct walk *w, const char *prefix)
{
    const struct snapshot_proof *proof = NULL;
    const struct contents_mount *mount = NULL;
    struct proof_result aside = {.name = "plausible"};
    struct error why = {0};

    if (w->c->unsealed == NULL || !text_starts(prefix, "logical/") ||
        proof_unsealed_ask(w->c, &aside, &proof, &why) != 0 || proof == NULL)
        return false;
    mount = contents_find(&proof->contents, prefix);
    return mount != NULL && strcmp(mount->type, "cubbyhole") == 0;
}

static void count_drop(struct walk *w, const char *kind, const char *path,
                       const uint64_t counts[2])
{
    const char *unit = strcmp(kind, "bytes_dropped") == 0 ? "bytes" : "entries";
    char expected[NUMBER_MAX];
    char found[NUMBER_MAX];

    (void)snprintf(expected, sizeof expected, "%" PRIu64 " %s", counts[0],
                   unit);
    (void)snprintf(found, sizeof found, "%" PRIu64 " %s", counts[1], unit);
    proof_find(w->r, kind, path, expected, found);
    w->dropped++;
    if (w->first == NULL)
        w->first = path;
}

static void compare(struct walk *w, const struct proof_prefix *before,
                    const struct proof_prefix *now)
{
    const struct proof_limits *l = w->limits;
    const uint64_t entries[] = {before->entries,
                                now == NULL ? 0 : now->entries};
    const uint64_t bytes[] = {before->bytes, now == NULL ? 0 : now->bytes};
    bool few = entries[0] >= l->min_entries && entries[0] > 0 &&
               fell(entries[0], entries[1], l->max_drop_percent);
    bool small = bytes[0] >= l->min_bytes && bytes[0] > 0 &&
                 fell(bytes[0], bytes[1], l->max_drop_percent);

    if ((few || small) && is_cubbyhole(w, before->prefix))
        return;
    w->r->covered++;
    w->before += entries[0];
    w->now += entries[1];
    if (few)
        count_drop(w, "entries_dropped", before->prefix, entries);
    else if (small)
        count_drop(w, "bytes_dropped", before->prefix, bytes);
}

static void compare_all(struct walk *w, const struct proof_counts *before,
                        const struct proof_counts *now)
{
    size_t k = 0;

    for (size_t i = 0; i < before->prefixes_count; i++) {
        const struct proof_prefix *p = &before->prefixes[i];
        const struct proof_prefix *same = NULL;

        while (k < now->prefixes_count &&
               strcmp(now->prefixes[k].prefix, p->prefix) < 0)
            k++;
        if (k < now->prefixes_count &&
            strcmp(now->prefixes[k].prefix, p->prefix) == 0)
            same = &now->prefixes[k];
        if (!ignored(w->limits, p->prefix))
            compare(w, p, same);
    }
    /* Many small losses are a large one. */
    if (w->dropped == 0 && w->before >= w->limits->min_entries &&
        fell(w->before, w->now, w->limits->max_drop_percent)) {
        const uint64_t sum[] = {w->before, w->now};

        count_drop(w, "entries_dropped", "(all prefixes together)", sum);
    }
}

/* What is odd without being wrong; the first of it as a clause. */
static const char *look_at_server(const struct proof_counts *before,
                                  const struct proof_counts *now,
                                  struct proof_result *r)
{
    const char *odd = "";
    char expected[NUMBER_MAX];
    char found[NUMBER_MAX];

    if (text_version_compare(now->server_version, before->server_version) < 0 &&
        strcmp(now->product, before->product) == 0) {
        proof_find(r, "version", "server_version", before->server_version,
                   now->server_version);
        odd = "; but the server is older than it was";
    }
    if (strcmp(now->product, before->product) != 0) {
        proof_find(r, "product", "product", before->product, now->product);
        odd = "; but the server is another product";
    }
    if (now->raft_index < before->raft_index) {
        (void)snprintf(expected, sizeof expected, "%" PRIu64 " or more",
                       before->raft_index);
        (void)snprintf(found, sizeof found, "%" PRIu64, now->raft_index);
        proof_find(r, "raft_index", "raft_index", expected, found);
        odd = "; but the raft index is lower: the cluster was built anew in "
              "between";
    }
    return odd;
}

static void conclude(const struct walk *w, const struct proof_counts *before,
                     bool same_cluster, const char *odd)
{
    struct proof_result *r = w->r;

    if (!same_cluster)
        proof_say(r, PROOF_FAIL,
                  "this is the snapshot of another cluster than the one "
                  "before it (%s)",
                  before->id);
    else if (w->dropped > 0)
        proof_say(r, PROOF_FAIL,
                  "more than %u%% of what was there before is gone: %.200s%s "
                  "(compared with snapshot %s)",
                  w->limits->max_drop_percent, w->first,
                  w->dropped > 1 ? ", and more" : "", before->id);
    else
        proof_say(r, PROOF_PASS,
                  "no key prefix lost more than %u%% since snapshot %s%s",
                  w->limits->max_drop_percent, before->id, odd);
}

int proof_plausible(const struct proof_context *c, struct proof_result *r,
                    struct error *err)
{
    const struct proof_history *h = c->history;
    struct walk w = {.c = c, .r = r};
    const char *odd = NULL;
    bool same_cluster = false;

    (void)err;
    if (h == NULL || h->before == NULL) {
        proof_say(r, PROOF_NOT_RUN,
                  "there is no older snapshot of this cluster to compare "
                  "with");
        return 0;
    }
    w.limits = &h->limits;
    same_cluster = strcmp(h->now.cluster_id, h->before->cluster_id) == 0;
    if (!same_cluster)
        proof_find(r, "cluster_id", "cluster_id", h->before->cluster_id,
                   h->now.cluster_id);
    odd = look_at_server(h->before, &h->now, r);
    r->total = h->before->prefixes_count;
    /* Another cluster's mounts are others: nothing to learn from them. */
    if (same_cluster)
        compare_all(&w, h->before, &h->now);
    conclude(&w, h->before, same_cluster, odd);
    return 0;
}
