/* SPDX-License-Identifier: Apache-2.0
 *
 * A row of `snapshots` with its copies, read. */
#include <string.h>

#include "store/parts.h"

#define GET(field) query_get_text(q, i++, out->field, sizeof(out->field))

void snapshot_row_read(struct query *q, struct snapshot_row *out)
{
    int i = 0;

    GET(id);
    GET(cluster);
    GET(cluster_id);
    GET(cluster_name);
    GET(product);
    GET(server_version);
    out->created_ms = query_get_int(q, i++);
    out->size_bytes = query_get_u64(q, i++);
    GET(sha256);
    out->raft_index = query_get_u64(q, i++);
    out->raft_term = query_get_u64(q, i++);
    out->entries = query_get_u64(q, i++);
    out->state_bytes = query_get_u64(q, i++);
    (void)store_verdict_parse(query_peek_text(q, i++), &out->verdict);
    out->validated_ms = query_get_int(q, i++);
    GET(validation_id);
    out->pinned = query_get_int(q, i++) != 0;
    GET(run_id);
}

int snapshot_row_read_copies(struct db *db, struct snapshot_row *row,
                             struct error *err)
{
    struct query q;
    int got;

    row->copies_count = 0;
    if (query_open(&q, db,
                   "SELECT storage, location, verified_ms"
                   " FROM snapshot_copies WHERE snapshot_id = ?"
                   " ORDER BY storage",
                   err) != 0)
        return -1;
    query_text(&q, row->id);
    while ((got = query_step(&q, err)) == 1 &&
           row->copies_count < SNAPSHOTS_COPIES_MAX) {
        struct snapshot_copy *c = &row->copies[row->copies_count++];

        query_get_text(&q, 0, c->storage, sizeof(c->storage));
        query_get_text(&q, 1, c->location, sizeof(c->location));
        c->verified_ms = query_get_int(&q, 2);
    }
    query_close(&q);
    return got >= 0 ? 0 : -1;
}

int snapshot_row_get(struct db *db, const char *id, struct snapshot_row *out,
                     struct error *err)
{
    struct snapshot_row row = {0};
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT " SNAPSHOT_COLUMNS " FROM snapshots"
                   " WHERE id = ? AND deleting = 0",
                   err) != 0)
        return -1;
    query_text(&q, id);
    got = query_step(&q, err);
    if (got == 1)
        snapshot_row_read(&q, &row);
    query_close(&q);
    if (got == 0)
        return error_set(err, ERR_NOT_FOUND, "no snapshot with this id");
    if (got != 1 || snapshot_row_read_copies(db, &row, err) != 0)
        return -1;
    *out = row;
    return 0;
}
