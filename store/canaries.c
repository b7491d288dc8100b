/* SPDX-License-Identifier: Apache-2.0 */
#include "store/canaries.h"

#include <assert.h>

#include "store/handle.h"
#include "store/query.h"

static int set(struct db *db, const char *snapshot_id,
               const struct canary_row *row, struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO snapshot_canaries (snapshot_id, problem)"
                   " SELECT id, ? FROM snapshots WHERE id = ?"
                   " ON CONFLICT (snapshot_id)"
                   " DO UPDATE SET problem = excluded.problem",
                   err) != 0)
        return -1;
    query_text(&q, row->problem);
    query_text(&q, snapshot_id);
    return query_run_one(&q, "snapshot", err);
}

int canaries_set(struct store *s, const char *snapshot_id,
                 const struct canary_row *row, struct error *err)
{
    struct db *db = NULL;

    assert(snapshot_id != NULL && row != NULL);
    if (!row->configured)
        return 0;
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    return store_write_end(s, set(db, snapshot_id, row, err), true, err);
}

static int get(struct db *db, const char *snapshot_id, struct canary_row *out,
               struct error *err)
{
    struct canary_row row = {0};
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT problem FROM snapshot_canaries"
                   " WHERE snapshot_id = ?",
                   err) != 0)
        return -1;
    query_text(&q, snapshot_id);
    got = query_step(&q, err);
    if (got == 1) {
        row.configured = true;
        query_get_text(&q, 0, row.problem, sizeof(row.problem));
    }
    query_close(&q);
    if (got < 0)
        return -1;
    *out = row;
    return 0;
}

int canaries_get(struct store *s, const char *snapshot_id,
                 struct canary_row *out, struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(snapshot_id != NULL && out != NULL);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = get(db, snapshot_id, out, err);
    store_read_end(s, db);
    return rc;
}
