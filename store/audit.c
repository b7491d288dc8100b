/* SPDX-License-Identifier: Apache-2.0
 *
 * `lock` is held for a whole entry, so that the file has the order of the
 * table; the store's own lock is taken within it. */
#include "store/audit.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/audit_file.h"
#include "store/audit_line.h"
#include "store/audit_reserve.h"
#include "store/handle.h"
#include "store/query.h"

enum {
    RESERVES = 2, /* for the catalog's disk, and the file's if it is another */
    /* While there is no reserve: how often refused requests are noted. */
    SPACE_NOTE_MS = 60 * 1000,
};

struct audit {
    struct store *store;
    pthread_mutex_t lock;
    struct audit_file file;
    struct audit_reserve reserves[RESERVES];
    bool released;         /* they were given up */
    int64_t note_again_ms; /* monotonic */
};

static bool same_disk(const char *dir, const char *file)
{
    struct stat a;
    struct stat b;

    return stat(dir, &a) == 0 && stat(file, &b) == 0 && a.st_dev == b.st_dev;
}

static int init_reserves(struct audit *a, const struct audit_options *o,
                         struct error *err)
{
    char *path = NULL;

    if (o->reserve_dir == NULL || o->reserve_bytes == 0)
        return 0;
    path = text_format("%s/audit.reserve", o->reserve_dir);
    if (path == NULL)
        return error_memory(err);
    audit_reserve_init(&a->reserves[0], path, o->reserve_bytes);
    if (o->file == NULL || same_disk(o->reserve_dir, o->file))
        return 0;
    path = text_format("%s.reserve", o->file);
    if (path == NULL)
        return error_memory(err);
    audit_reserve_init(&a->reserves[1], path, o->reserve_bytes);
    return 0;
}

/* True when all that are wanted are there. */
static bool hold_reserves(struct audit *a)
{
    bool all = true;

    for (size_t i = 0; i < RESERVES; i++)
        all = audit_reserve_hold(&a->reserves[i]) && all;
    a->released = !all;
    return all;
}

static bool release_reserves(struct audit *a)
{
    bool any = false;

    for (size_t i = 0; i < RESERVES; i++)
        any = audit_reserve_release(&a->reserves[i]) || any;
    a->released = a->released || any;
    return any;
}

/* The table */

static int insert(struct db *db, const struct audit_entry *e,
                  const struct audit_link *link, const char *line,
                  struct error *err)
{
    struct query q;

    if (query_open(&q, db,
                   "INSERT INTO audit (seq, chain, hash, at_ms, type, path,"
                   " entity_id, subject, entry)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   err) != 0)
        return -1;
    query_u64(&q, link->seq);
    query_text(&q, link->chain);
    query_text(&q, link->hash);
    query_int(&q, link->at_ms);
    query_text(&q, audit_line_type(e->type));
    query_text(&q, e->path);
    query_text(&q, e->entity_id);
    query_text(&q, e->subject);
    query_text(&q, line);
    return query_run(&q, err);
}

/* The next link; a table without entries begins a chain. */
static int next_link(struct db *db, struct audit_link *out, struct error *err)
{
    struct query q;
    int got;

    *out = (struct audit_link){.seq = 1, .at_ms = clock_now_ms()};
    memcpy(out->prev, audit_line_first_prev, sizeof(out->prev));
    if (query_open(&q, db,
                   "SELECT seq, chain, hash FROM audit"
                   " ORDER BY seq DESC LIMIT 1",
                   err) != 0)
        return -1;
    got = query_step(&q, err);
    if (got == 1) {
        out->seq = query_get_u64(&q, 0) + 1;
        query_get_text(&q, 1, out->chain, sizeof(out->chain));
        query_get_text(&q, 2, out->prev, sizeof(out->prev));
    } else if (got == 0) {
        id_new(out->chain);
    }
    query_close(&q);
    return got >= 0 ? 0 : -1;
}

/* The line is left in `line`. */
static int append_to_table(struct audit *a, const struct audit_entry *e,
                           struct buf *line, struct audit_link *link,
                           struct error *err)
{
    struct db *db = NULL;
    int rc = -1;

    buf_clear(line);
    if (store_write_begin(a->store, &db, err) != 0)
        return -1;
    if (next_link(db, link, err) == 0 &&
        audit_line_write(e, link, line, err) == 0)
        rc = insert(db, e, link, buf_text(line), err);
    return store_write_end(a->store, rc, false, err);
}

/* The file */

static int append_row(void *ctx, const struct audit_row *row, struct error *err)
{
    return audit_file_append(ctx, row->seq, row->entry, err);
}

/* All that the table has beyond it. */
static int follow(struct audit *a, struct error *err)
{
    return a->file.path == NULL
               ? 0
               : audit_each(a->store, a->file.seq, append_row, &a->file, err);
}

static int append_to_file(struct audit *a, const struct audit_link *link,
                          const struct buf *line, struct error *err)
{
    if (a->file.path == NULL)
        return 0;
    if (a->file.seq + 1 == link->seq)
        return audit_file_append(&a->file, link->seq, buf_text(line), err);
    return follow(a, err);
}

/* Writing */

static int append(struct audit *a, const struct audit_entry *e,
                  struct error *err)
{
    struct audit_link link;
    struct error why = {0};
    struct buf line;
    int rc;

    buf_init(&line, LIMIT_AUDIT_ENTRY);
    rc = append_to_table(a, e, &line, &link, &why);
    if (rc != 0 && why.kind == ERR_IO && release_reserves(a))
        rc = append_to_table(a, e, &line, &link, &why);
    if (rc != 0)
        goto done;
    rc = append_to_file(a, &link, &line, &why);
    if (rc != 0 && release_reserves(a))
        rc = append_to_file(a, &link, &line, &why);
done:
    if (rc != 0 && err != NULL)
        *err = why;
    buf_done(&line);
    return rc;
}

/* That requests are refused belongs into the record as well, now and then;
 * that is what the space was kept for. */
static int refuse_for_space(struct audit *a, const struct audit_entry *e,
                            struct error *err)
{
    struct audit_entry said = *e;
    struct error why = {0};

    (void)error_set(err, ERR_IO,
                    "the audit record has no disk space left in reserve; "
                    "nothing that it must hold is done until there is");
    if (clock_mono_ms() < a->note_again_ms)
        return -1;
    a->note_again_ms = clock_mono_ms() + SPACE_NOTE_MS;
    said.type = AUDIT_REFUSED;
    said.error = "the disk is full: no space is left in reserve for the "
                 "audit record";
    if (append(a, &said, &why) != 0)
        return error_prefix(err, "%.200s", why.text);
    return -1;
}

int audit_write(struct audit *a, const struct audit_entry *e, struct error *err)
{
    int rc;

    assert(a != NULL && e != NULL);
    pthread_mutex_lock(&a->lock);
    if (e->type == AUDIT_REQUEST && !e->urgent && a->released &&
        !hold_reserves(a))
        rc = refuse_for_space(a, e, err);
    else
        rc = append(a, e, err);
    /* The very request that found the disk full is not done either. */
    if (rc == 0 && e->type == AUDIT_REQUEST && !e->urgent && a->released)
        rc = refuse_for_space(a, e, err);
    pthread_mutex_unlock(&a->lock);
    if (rc != 0)
        return error_prefix(err, "the audit record cannot be written");
    return 0;
}

/* Opening */

int audit_open(const struct audit_options *o, struct audit **out,
               struct error *err)
{
    struct audit *a = calloc(1, sizeof(*a));
    struct audit_head head;
    int rc = -1;

    assert(o->store != NULL && out != NULL);
    if (a == NULL)
        return error_memory(err);
    pthread_mutex_init(&a->lock, NULL);
    a->store = o->store;
    a->file.fd = -1;
    if (audit_head(o->store, &head, err) != 0 ||
        audit_file_init(&a->file, o->file, err) != 0 ||
        audit_file_open(&a->file, &head, err) != 0 ||
        init_reserves(a, o, err) != 0 || follow(a, err) != 0)
        goto done;
    /* Without the space it is as if it had been given up already. */
    (void)hold_reserves(a);
    *out = a;
    a = NULL;
    rc = 0;
done:
    audit_close(a);
    return rc;
}

void audit_close(struct audit *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < RESERVES; i++)
        audit_reserve_done(&a->reserves[i]);
    audit_file_done(&a->file);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

int audit_reopen(struct audit *a, struct error *err)
{
    int rc;

    pthread_mutex_lock(&a->lock);
    rc = audit_file_reopen(&a->file, err);
    pthread_mutex_unlock(&a->lock);
    return rc;
}
