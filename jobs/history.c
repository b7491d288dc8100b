/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/history.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"

enum { PAGE = 32 };

/* One snapshot's counts, and what they live in. */
struct counted {
    struct snapshot_prefix_list list;
    struct proof_prefix *prefixes;
};

struct history {
    struct proof_history proof;
    struct snapshot_row row; /* the one before */
    struct proof_counts before;
    struct counted counted[2];
};

static int count(struct store *store, const struct snapshot_row *row,
                 struct counted *c, struct proof_counts *out, struct error *err)
{
    if (snapshots_prefixes(store, row->id, &c->list, err) != 0)
        return -1;
    c->prefixes = calloc(c->list.count + 1, sizeof(*c->prefixes));
    if (c->prefixes == NULL)
        return error_memory(err);
    for (size_t i = 0; i < c->list.count; i++) {
        const struct snapshot_prefix_row *from = &c->list.items[i];
        c->prefixes[i] = (struct proof_prefix){.prefix = from->prefix,
                                               .entries = from->entries,
                                               .bytes = from->bytes};
    }
    *out = (struct proof_counts){
        .id = row->id,
        .created_ms = row->created_ms,
        .cluster_id = row->cluster_id,
        .product = row->product,
        .server_version = row->server_version,
        .raft_index = row->raft_index,
        .prefixes = c->prefixes,
        .prefixes_count = c->list.count,
    };
    return 0;
}

/* 1 and *out; 0: there is none.  What was found to be invalid is no measure
 * for anything. */
static int find_before(struct store *store, const struct snapshot_row *row,
                       struct snapshot_row *out, struct error *err)
{
    char after[ID_TEXT_MAX];
    struct snapshots_filter filter = {.verdict = -1,
                                      .cluster = row->cluster,
                                      .after = row->id,
                                      .limit = PAGE};
    struct snapshot_list list = {0};
    bool more = true;
    int found = 0;

    while (more && found == 0) {
        if (snapshots_list(store, &filter, &list, err) != 0)
            return -1;
        for (size_t i = 0; i < list.count && found == 0; i++) {
            if (list.items[i].verdict == STORE_INVALID)
                continue;
            *out = list.items[i];
            found = 1;
        }
        more = list.more && list.count > 0;
        if (more) {
            (void)text_copy(after, sizeof(after),
                            list.items[list.count - 1].id);
            filter.after = after;
        }
        snapshot_list_done(&list);
    }
    return found;
}

int history_load(const struct job *job, const struct snapshot_row *row,
                 struct history **out, struct error *err)
{
    struct store *store = job->world->store;
    struct history *h = calloc(1, sizeof(*h));
    int found = 0;
    int rc = -1;

    if (h == NULL)
        return error_memory(err);
    h->proof.limits = job->settings->plausible;
    found = find_before(store, row, &h->row, err);
    if (found < 0 || count(store, row, &h->counted[0], &h->proof.now, err) != 0)
        goto done;
    if (found == 1) {
        if (count(store, &h->row, &h->counted[1], &h->before, err) != 0)
            goto done;
        h->proof.before = &h->before;
    }
    *out = h;
    h = NULL;
    rc = 0;
done:
    history_free(h);
    return rc;
}

const struct proof_history *history_proof(const struct history *h)
{
    return &h->proof;
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        free(h->counted[i].prefixes);
        snapshot_prefix_list_done(&h->counted[i].list);
    }
    free(h);
}
