/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/query.h"
#include "store/store.h"

static int put(struct db *db, const char *key, const char *value,
               struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO meta (key, value) VALUES (?, ?)"
                   " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                   err) != 0)
        return -1;
    query_text(&q, key);
    query_text(&q, value);
    return query_run(&q, err);
}

int store_meta_set(struct store *s, const char *key, const char *value,
                   struct error *err)
{
    struct db *db = NULL;

    assert(key != NULL && value != NULL);
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    return store_write_end(s, put(db, key, value, err), false, err);
}

static int get(struct db *db, const char *key, char *out, size_t size,
               struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db, "SELECT value FROM meta WHERE key = ?", err) != 0)
        return -1;
    query_text(&q, key);
    got = query_step(&q, err);
    if (got == 0)
        got = error_set(err, ERR_NOT_FOUND, "the catalog has no \"%s\"", key);
    else if (got == 1 && strlen(query_peek_text(&q, 0)) >= size)
        got = error_set(err, ERR_TOO_LARGE, "\"%s\" is longer than %zu bytes",
                        key, size - 1);
    if (got == 1)
        query_get_text(&q, 0, out, size);
    query_close(&q);
    return got == 1 ? 0 : -1;
}

int store_meta_get(struct store *s, const char *key, char *out, size_t size,
                   struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(key != NULL && out != NULL && size > 0);
    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = get(db, key, out, size, err);
    store_read_end(s, db);
    return rc;
}

int store_writable(struct store *s, struct error *err)
{
    char now[CLOCK_TEXT_MAX];

    clock_text(clock_now_ms(), now);
    return store_meta_set(s, "written_at", now, err);
}
