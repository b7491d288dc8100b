/* SPDX-License-Identifier: Apache-2.0 */
#include "store/snapshots.h"
#include "handlers/handlers.h"
#include "handlers/internal.h"
#include "handlers/listing.h"
#include "jobs/jobs.h"
#include "store/canaries.h"

static void write_text(struct jsonw *w, const char *key, const char *value)
{
    jsonw_text(w, key, *value != '\0' ? value : NULL);
}

static void write_row(const struct snapshot_row *row, struct jsonw *w)
{
    jsonw_text(w, "cluster", row->cluster);
    jsonw_time(w, "created_at", row->created_ms);
    jsonw_text(w, "verdict", store_verdict_name(row->verdict));
    jsonw_time(w, "validated_at", row->validated_ms);
    jsonw_u64(w, "size_bytes", row->size_bytes);
    jsonw_u64(w, "entries", row->entries);
    jsonw_u64(w, "raft_index", row->raft_index);
    write_text(w, "product", row->product);
    write_text(w, "server_version", row->server_version);
    jsonw_bool(w, "pinned", row->pinned);
}

/* null where none was configured. */
static void write_canary(const struct canary_row *canary, struct jsonw *w)
{
    const char *state = canary->problem[0] == '\0' ? "written" : "incomplete";

    jsonw_text(w, "canary", canary->configured ? state : NULL);
    write_text(w, "canary_problem", canary->problem);
}

static void write_snapshot(const struct snapshot_row *row, struct jsonw *w)
{
    jsonw_text(w, "id", row->id);
    write_row(row, w);
    write_text(w, "cluster_id", row->cluster_id);
    write_text(w, "cluster_name", row->cluster_name);
    jsonw_text(w, "sha256", row->sha256);
    jsonw_u64(w, "raft_term", row->raft_term);
    jsonw_u64(w, "state_bytes", row->state_bytes);
    write_text(w, "validation_id", row->validation_id);
    write_text(w, "backup_id", row->run_id);
    jsonw_array(w, "copies");
    for (size_t i = 0; i < row->copies_count; i++) {
        const struct snapshot_copy *copy = &row->copies[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "storage", copy->storage);
        jsonw_text(w, "location", copy->location);
        jsonw_time(w, "verified_at", copy->verified_ms);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static int read_filter(const struct request *request,
                       struct snapshots_filter *out, struct error *err)
{
    const char *verdict = request_text(request, "verdict", NULL);
    enum store_verdict parsed = STORE_UNVALIDATED;

    if (verdict != NULL && !store_verdict_parse(verdict, &parsed))
        return error_set(err, ERR_INVALID,
                         "verdict: expected one of unvalidated, valid, "
                         "invalid, inconclusive");
    *out = (struct snapshots_filter){
        .verdict = verdict != NULL ? (int)parsed : -1,
        .cluster = request_text(request, "cluster", NULL),
        .after = request_text(request, "after", NULL),
    };
    if (listing_limit(request, &out->limit, err) != 0 ||
        listing_since(request, &out->since_ms, err) != 0)
        return -1;
    return 0;
}

int handlers_snapshots_list(void *app, struct request *request,
                            struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct jsonw *w = reply_data(reply);
    struct snapshots_filter filter = {0};
    struct snapshot_list list = {0};

    if (read_filter(request, &filter, err) != 0 ||
        snapshots_list(a->store, &filter, &list, err) != 0)
        return -1;
    if (list.count == 0) {
        reply_empty_list(reply);
        goto done;
    }
    jsonw_array(w, "keys");
    for (size_t i = 0; i < list.count; i++)
        jsonw_text(w, NULL, list.items[i].id);
    jsonw_end_array(w);
    jsonw_object(w, "key_info");
    for (size_t i = 0; i < list.count; i++) {
        jsonw_object(w, list.items[i].id);
        write_row(&list.items[i], w);
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
    jsonw_text(w, "next_after",
               list.more ? list.items[list.count - 1].id : NULL);
done:
    snapshot_list_done(&list);
    return 0;
}

int handlers_snapshots_read(void *app, struct request *request,
                            struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    struct snapshot_row row = {0};
    struct canary_row canary = {0};

    if (snapshots_get(a->store, request_param(request, "id"),
                      request_text(request, "cluster", NULL), &row, err) != 0 ||
        canaries_get(a->store, row.id, &canary, err) != 0)
        return -1;
    write_snapshot(&row, reply_data(reply));
    write_canary(&canary, reply_data(reply));
    return 0;
}

/* "latest" may mean another snapshot by the time it is deleted: only ids. */
int handlers_snapshots_delete(void *app, struct request *request,
                              struct reply *reply, struct error *err)
{
    struct handlers_app *a = app;
    const char *id = request_param(request, "id");

    if (!id_valid(id))
        return error_set(err, ERR_INVALID,
                         "say the id of the snapshot to delete; %s is none",
                         id);
    if (jobs_delete_snapshot(a->jobs, id, err) != 0)
        return -1;
    reply_none(reply);
    return 0;
}
