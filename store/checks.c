/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checks.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/parts.h"
#include "store/texts.h"

/* Findings quote names and policy text from the cluster, of any length. */
enum { CHECK_TEXT_MAX = 2048 };

/* ---- Save ---- */

/* Bind `text`, cut to CHECK_TEXT_MAX bytes between two characters.  *copy
 * must be freed after the query. */
static int bind_cut(struct query *q, const char *text, char **copy,
                    struct error *err)
{
    size_t len = text != NULL ? strlen(text) : 0;

    *copy = NULL;
    if (len <= CHECK_TEXT_MAX) {
        query_text(q, text);
        return 0;
    }
    len = CHECK_TEXT_MAX;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    *copy = text_dup_len(text, len);
    if (*copy == NULL)
        return error_memory(err);
    query_text(q, *copy);
    return 0;
}

static bool is_outcome(const char *text)
{
    static const char *const outcomes[] = {"pass", "fail", "drift", "not_run"};

    for (size_t i = 0; text != NULL && i < 4; i++) {
        if (strcmp(outcomes[i], text) == 0)
            return true;
    }
    return false;
}

/* Where a finding belongs. */
struct place {
    const char *run_id;
    size_t check;
    size_t seq;
};

static int put_finding(struct db *db, const struct place *at,
                       const struct check_finding_row *f, struct error *err)
{
    const char *const texts[] = {f->kind, f->path, f->expected, f->found};
    char *copies[4] = {NULL, NULL, NULL, NULL};
    struct query q;
    int rc;

    rc = query_open(&q, db,
                    "INSERT INTO check_findings"
                    " (run_id, check_seq, seq, kind, path, expected, found)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    err);
    if (rc != 0)
        return -1;
    query_text(&q, at->run_id);
    query_u64(&q, at->check);
    query_u64(&q, at->seq);
    for (size_t i = 0; rc == 0 && i < 4; i++)
        rc = bind_cut(&q, texts[i], &copies[i], err);
    if (rc == 0)
        rc = query_run(&q, err);
    query_close(&q);
    for (size_t i = 0; i < 4; i++)
        free(copies[i]);
    return rc;
}

static int put_check(struct db *db, const char *run_id, size_t seq,
                     const struct check_row *row, struct error *err)
{
    uint64_t total = row->findings_total > row->findings_count
                         ? row->findings_total
                         : row->findings_count;
    char *copy = NULL;
    struct query q;
    int rc;

    if (query_open(&q, db,
                   "INSERT INTO checks (run_id, seq, name, outcome, covered,"
                   " total, findings_total, message)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   err) != 0)
        return -1;
    query_text(&q, run_id);
    query_u64(&q, seq);
    query_text(&q, row->name);
    query_text(&q, row->outcome);
    query_u64(&q, row->covered);
    query_u64(&q, row->total);
    query_u64(&q, total);
    rc = bind_cut(&q, row->message, &copy, err);
    if (rc == 0)
        rc = query_run(&q, err);
    query_close(&q);
    free(copy);
    for (size_t i = 0; rc == 0 && i < row->findings_count && i < LIMIT_FINDINGS;
         i++) {
        struct place at = {.run_id = run_id, .check = seq, .seq = i};

        rc = put_finding(db, &at, &row->findings[i], err);
    }
    return rc;
}

int checks_put(struct db *db, const char *run_id, const struct check_row *rows,
               size_t count, struct error *err)
{
    enum run_kind kind = RUN_BACKUP;
    enum run_status status = RUN_QUEUED;
    struct query q;

    if (count > CHECKS_PER_RUN_MAX)
        return error_set(err, ERR_INVALID, "more than %d checks in one run",
                         CHECKS_PER_RUN_MAX);
    if (run_row_status(db, run_id, &kind, &status, err) != 0)
        return -1;
    if (query_open(&q, db, "DELETE FROM checks WHERE run_id = ?", err) != 0)
        return -1;
    query_text(&q, run_id);
    if (query_run(&q, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].name == NULL || !is_outcome(rows[i].outcome))
            return error_set(err, ERR_INVALID,
                             "a check's outcome is pass, fail, drift or "
                             "not_run");
        if (put_check(db, run_id, i, &rows[i], err) != 0)
            return -1;
    }
    return 0;
}

int checks_save(struct store *s, const char *run_id,
                const struct check_row *rows, size_t count, struct error *err)
{
    struct db *db = NULL;
    int rc;

    assert(run_id != NULL && (rows != NULL || count == 0));
    if (store_write_begin(s, &db, err) != 0)
        return -1;
    rc = checks_put(db, run_id, rows, count, err);
    return store_write_end(s, rc, true, err);
}

/* ---- Load ---- */

void check_list_done(struct check_list *list)
{
    if (list == NULL)
        return;
    texts_free(list->memory);
    *list = (struct check_list){0};
}

/* A column as a text of the list; *failed is set without memory. */
static const char *keep(struct texts **t, struct query *q, int column,
                        bool *failed)
{
    const char *copy = texts_add(t, query_peek_text(q, column));

    if (copy == NULL)
        *failed = true;
    return copy;
}

/* The findings of check `seq` of the list. */
static int load_findings(struct db *db, const char *run_id, size_t seq,
                         struct check_list *list, struct error *err)
{
    struct check_row *row = &list->items[seq];
    struct texts *t = list->memory;
    struct check_finding_row *items;
    bool failed = false;
    struct query q;
    size_t count = 0;
    int got;

    if (row->findings_total == 0)
        return 0;
    items = texts_room(&t, LIMIT_FINDINGS * sizeof(*items));
    list->memory = t;
    if (items == NULL)
        return error_memory(err);
    if (query_open(&q, db,
                   "SELECT kind, path, expected, found FROM check_findings"
                   " WHERE run_id = ? AND check_seq = ? ORDER BY seq",
                   err) != 0)
        return -1;
    query_text(&q, run_id);
    query_u64(&q, seq);
    while ((got = query_step(&q, err)) == 1 && count < LIMIT_FINDINGS) {
        items[count++] = (struct check_finding_row){
            .kind = keep(&t, &q, 0, &failed),
            .path = keep(&t, &q, 1, &failed),
            .expected = keep(&t, &q, 2, &failed),
            .found = keep(&t, &q, 3, &failed),
        };
    }
    query_close(&q);
    list->memory = t;
    if (failed)
        return error_memory(err);
    row->findings = items;
    row->findings_count = count;
    return got >= 0 ? 0 : -1;
}

static int load_rows(struct db *db, const char *run_id, struct check_list *out,
                     struct error *err)
{
    struct texts *t = out->memory;
    bool failed = false;
    struct query q;
    int got;

    if (query_open(&q, db,
                   "SELECT name, outcome, covered, total, message,"
                   " findings_total FROM checks WHERE run_id = ?"
                   " ORDER BY seq",
                   err) != 0)
        return -1;
    query_text(&q, run_id);
    while ((got = query_step(&q, err)) == 1 &&
           out->count < CHECKS_PER_RUN_MAX) {
        out->items[out->count++] = (struct check_row){
            .name = keep(&t, &q, 0, &failed),
            .outcome = keep(&t, &q, 1, &failed),
            .covered = query_get_u64(&q, 2),
            .total = query_get_u64(&q, 3),
            .message = keep(&t, &q, 4, &failed),
            .findings_total = query_get_u64(&q, 5),
        };
    }
    query_close(&q);
    out->memory = t;
    if (failed)
        return error_memory(err);
    for (size_t i = 0; got >= 0 && i < out->count; i++)
        got = load_findings(db, run_id, i, out, err);
    return got >= 0 ? 0 : -1;
}

int checks_load(struct store *s, const char *run_id, struct check_list *out,
                struct error *err)
{
    struct check_list list = {0};
    struct texts *t = NULL;
    struct db *db = NULL;
    int rc;

    assert(run_id != NULL && out != NULL);
    list.items = texts_room(&t, CHECKS_PER_RUN_MAX * sizeof(*list.items));
    list.memory = t;
    if (list.items == NULL)
        return error_memory(err);
    if (store_read_begin(s, &db, err) != 0) {
        check_list_done(&list);
        return -1;
    }
    rc = load_rows(db, run_id, &list, err);
    store_read_end(s, db);
    if (rc == 0)
        *out = list;
    else
        check_list_done(&list);
    return rc;
}
