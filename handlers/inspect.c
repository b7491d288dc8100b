/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a snapshot, from the counts per key prefix that were taken when
 * its archive streamed in: no archive is read here.  Equal counts do not
 * prove equal content; `assay snapshot diff` compares entry by entry. */
#include <string.h>

#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "store/snapshots.h"

int handlers_inspect_read(void *app, struct request *request,
                          struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct jsonw *w = reply_data(reply);
    struct snapshot_row row = {0};
    struct snapshot_prefix_list list = {0};

    if (snapshots_get(a->store, request_param(request, "id"),
                      request_text(request, "cluster", NULL), &row, err) != 0 ||
        snapshots_prefixes(a->store, row.id, &list, err) != 0)
        return -1;
    request_set_subject(request, row.id);
    jsonw_text(w, "id", row.id);
    jsonw_u64(w, "entries", row.entries);
    jsonw_u64(w, "state_bytes", row.state_bytes);
    jsonw_u64(w, "raft_index", row.raft_index);
    jsonw_u64(w, "raft_term", row.raft_term);
    jsonw_array(w, "prefixes");
    for (size_t i = 0; i < list.count; i++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "prefix", list.items[i].prefix);
        jsonw_u64(w, "entries", list.items[i].entries);
        jsonw_u64(w, "bytes", list.items[i].bytes);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    snapshot_prefix_list_done(&list);
    return 0;
}

struct totals {
    uint64_t added;
    uint64_t removed;
    uint64_t changed;
};

/* One prefix; NULL on the side where it does not exist. */
static void compare_prefix(struct jsonw *w, const struct snapshot_prefix_row *x,
                           const struct snapshot_prefix_row *y,
                           struct totals *totals)
{
    static const struct snapshot_prefix_row none = {0};
    const struct snapshot_prefix_row *from = x != NULL ? x : &none;
    const struct snapshot_prefix_row *to = y != NULL ? y : &none;
    const char *change = "changed";

    if (from->entries == to->entries && from->bytes == to->bytes)
        return;
    if (x == NULL)
        change = "added";
    else if (y == NULL)
        change = "removed";
    else
        totals->changed++;
    if (to->entries > from->entries)
        totals->added += to->entries - from->entries;
    else
        totals->removed += from->entries - to->entries;
    jsonw_object(w, NULL);
    jsonw_text(w, "prefix", x != NULL ? x->prefix : y->prefix);
    jsonw_text(w, "change", change);
    jsonw_u64(w, "entries_from", from->entries);
    jsonw_u64(w, "entries_to", to->entries);
    jsonw_u64(w, "bytes_from", from->bytes);
    jsonw_u64(w, "bytes_to", to->bytes);
    jsonw_end_object(w);
}

/* Both lists are sorted: a merge. */
static void compare_prefixes(struct jsonw *w,
                             const struct snapshot_prefix_list *x,
                             const struct snapshot_prefix_list *y,
                             struct totals *totals)
{
    size_t i = 0;
    size_t j = 0;

    while (i < x->count || j < y->count) {
        int order = 0;

        if (i == x->count)
            order = 1;
        else if (j == y->count)
            order = -1;
        else
            order = strcmp(x->items[i].prefix, y->items[j].prefix);
        compare_prefix(w, order <= 0 ? &x->items[i] : NULL,
                       order >= 0 ? &y->items[j] : NULL, totals);
        i += order <= 0;
        j += order >= 0;
    }
}

int handlers_inspect_diff(void *app, struct request *request,
                          struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    const char *cluster = request_text(request, "cluster", NULL);
    struct jsonw *w = reply_data(reply);
    struct snapshot_row from = {0};
    struct snapshot_row to = {0};
    struct snapshot_prefix_list x = {0};
    struct snapshot_prefix_list y = {0};
    struct totals totals = {0};
    int rc = -1;

    if (snapshots_get(a->store, request_param(request, "id"), cluster, &from,
                      err) != 0 ||
        snapshots_get(a->store, request_param(request, "other"), cluster, &to,
                      err) != 0 ||
        snapshots_prefixes(a->store, from.id, &x, err) != 0 ||
        snapshots_prefixes(a->store, to.id, &y, err) != 0)
        goto done;
    request_set_subject(request, from.id);
    jsonw_text(w, "from", from.id);
    jsonw_text(w, "to", to.id);
    jsonw_bool(w, "same_archive", strcmp(from.sha256, to.sha256) == 0);
    jsonw_u64(w, "entries_from", from.entries);
    jsonw_u64(w, "entries_to", to.entries);
    jsonw_array(w, "prefixes");
    compare_prefixes(w, &x, &y, &totals);
    jsonw_end_array(w);
    jsonw_u64(w, "entries_added", totals.added);
    jsonw_u64(w, "entries_removed", totals.removed);
    jsonw_u64(w, "prefixes_changed", totals.changed);
    rc = 0;
done:
    snapshot_prefix_list_done(&x);
    snapshot_prefix_list_done(&y);
    return rc;
}
