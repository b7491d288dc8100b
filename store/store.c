/* SPDX-License-Identifier: Apache-2.0
 *
 * The handle.  Three locks, never held together:
 *
 * - `write` guards `writer`: whoever holds it is in the only write
 *   transaction.
 * - `pool` guards `readers` and `busy`: a reader that is busy belongs to the
 *   thread that took it.  Connections are opened when first needed.
 * - `change` guards `listeners` and waiters; the revision is only written
 *   under it, and read by anybody. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/handle.h"
#include "store/migrate.h"
#include "store/query.h"

/* More than the HTTP threads and workers that read at one moment; a fifth
 * waits for a query to end. */
enum { READERS = 4 };

struct listener {
    store_listener fn;
    void *ctx;
    unsigned calling; /* threads that are inside fn */
};

struct store {
    char *path;
    int lock_fd; /* store_own, else -1 */

    pthread_mutex_t write;
    struct db *writer;

    pthread_mutex_t pool;
    pthread_cond_t pool_free;
    struct db *readers[READERS];
    bool busy[READERS];

    pthread_mutex_t change;
    pthread_cond_t changed;
    struct listener listeners[STORE_LISTENERS_MAX];
    atomic_uint_fast64_t revision;
};

static _Thread_local uint64_t last_steps;

uint64_t store_last_steps(void)
{
    return last_steps;
}

void store_note_steps(const struct db *db, uint64_t before)
{
    last_steps = db_steps(db) - before;
}

/* Made here rather than by SQLite, for the mode.  Only when it is new:
 * closing a descriptor of a database drops the locks that SQLite holds on it
 * elsewhere in this process. */
static int make_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST
                   ? 0
                   : error_errno(err, ERR_IO, "cannot create the catalog %s",
                                 path);
    (void)close(fd);
    return file_sync_parent(path, err);
}

static void init_locks(struct store *s)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&s->write, NULL);
    pthread_mutex_init(&s->pool, NULL);
    pthread_mutex_init(&s->change, NULL);
    pthread_cond_init(&s->pool_free, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
}

static int open_writer(struct store *s, struct error *err)
{
    if (db_open(s->path, true, &s->writer, err) != 0)
        return -1;
    return migrate_apply(s->writer, migrations_all, migrations_count, err);
}

static int open_to_read(struct store *s, struct error *err)
{
    if (db_open(s->path, false, &s->writer, err) != 0)
        return -1;
    return migrate_check(s->writer, migrations_all, migrations_count, err);
}

static int open_by(const char *path,
                   int (*by)(struct store *s, struct error *err),
                   struct store **out, struct error *err)
{
    struct store *s = NULL;
    int rc = -1;

    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return error_memory(err);
    s->lock_fd = -1;
    atomic_init(&s->revision, 1);
    init_locks(s);
    s->path = text_dup(path);
    if (s->path == NULL) {
        error_memory(err);
        goto done;
    }
    if (by(s, err) != 0) {
        error_prefix(err, "%s", path);
        goto done;
    }
    *out = s;
    rc = 0;
done:
    if (rc != 0)
        store_close(s);
    return rc;
}

int store_open(const char *path, struct store **out, struct error *err)
{
    assert(path != NULL && out != NULL);
    if (make_file(path, err) != 0)
        return -1;
    return open_by(path, open_writer, out, err);
}

int store_open_to_read(const char *path, struct store **out, struct error *err)
{
    assert(path != NULL && out != NULL);
    if (!file_exists(path))
        return error_set(err, ERR_NOT_FOUND, "%s is not there", path);
    return open_by(path, open_to_read, out, err);
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < READERS; i++)
        db_close(s->readers[i]);
    db_close(s->writer); /* the last one: it empties the WAL */
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    pthread_cond_destroy(&s->changed);
    pthread_cond_destroy(&s->pool_free);
    pthread_mutex_destroy(&s->change);
    pthread_mutex_destroy(&s->pool);
    pthread_mutex_destroy(&s->write);
    free(s->path);
    free(s);
}

/* A file of its own: POSIX locks on the database are SQLite's. */
int store_own(struct store *s, struct error *err)
{
    char *path = NULL;
    int fd = -1;
    int rc = -1;

    assert(s != NULL && s->lock_fd < 0);
    path = text_format("%s.lock", s->path);
    if (path == NULL) {
        error_memory(err);
        goto done;
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_errno(err, ERR_IO, "cannot open %s", path);
        goto done;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            error_set(err, ERR_CONFLICT,
                      "another Assay server works with the catalog %s",
                      s->path);
        else
            error_errno(err, ERR_IO, "cannot lock %s", path);
        goto done;
    }
    s->lock_fd = fd;
    fd = -1;
    rc = 0;
done:
    if (fd >= 0)
        (void)close(fd);
    free(path);
    return rc;
}

int store_write_begin(struct store *s, struct db **db, struct error *err)
{
    assert(s != NULL);
    pthread_mutex_lock(&s->write);
    if (db_begin_write(s->writer, err) != 0) {
        pthread_mutex_unlock(&s->write);
        return -1;
    }
    *db = s->writer;
    return 0;
}

/* Listeners are called without the lock, so each is taken out by copy and
 * marked as running: store_off_change waits for the mark to go. */
static void notify(struct store *s)
{
    pthread_mutex_lock(&s->change);
    atomic_fetch_add(&s->revision, 1);
    pthread_cond_broadcast(&s->changed);
    for (size_t i = 0; i < STORE_LISTENERS_MAX; i++) {
        struct listener *l = &s->listeners[i];
        store_listener fn = l->fn;
        void *ctx = l->ctx;

        if (fn == NULL)
            continue;
        l->calling++;
        pthread_mutex_unlock(&s->change);
        fn(ctx);
        pthread_mutex_lock(&s->change);
        if (--l->calling == 0)
            pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->change);
}

int store_write_end(struct store *s, int rc, bool changed, struct error *err)
{
    if (rc == 0)
        rc = db_commit(s->writer, err);
    if (rc != 0)
        db_rollback(s->writer);
    pthread_mutex_unlock(&s->write);
    if (rc == 0 && changed)
        notify(s);
    return rc;
}

static size_t take_reader(struct store *s)
{
    pthread_mutex_lock(&s->pool);
    for (;;) {
        for (size_t i = 0; i < READERS; i++) {
            if (!s->busy[i]) {
                s->busy[i] = true;
                pthread_mutex_unlock(&s->pool);
                return i;
            }
        }
        pthread_cond_wait(&s->pool_free, &s->pool);
    }
}

static void give_reader(struct store *s, size_t i)
{
    pthread_mutex_lock(&s->pool);
    s->busy[i] = false;
    pthread_cond_signal(&s->pool_free);
    pthread_mutex_unlock(&s->pool);
}

/* The reader of slot `i`, opened when first needed.  The slot is ours, but
 * store_read_end of another thread looks at all of them. */
static int open_reader(struct store *s, size_t i, struct db **out,
                       struct error *err)
{
    struct db *db = NULL;

    pthread_mutex_lock(&s->pool);
    db = s->readers[i];
    pthread_mutex_unlock(&s->pool);
    if (db == NULL) {
        if (db_open(s->path, false, &db, err) != 0)
            return -1;
        pthread_mutex_lock(&s->pool);
        s->readers[i] = db;
        pthread_mutex_unlock(&s->pool);
    }
    *out = db;
    return 0;
}

int store_read_begin(struct store *s, struct db **db, struct error *err)
{
    size_t i;

    assert(s != NULL);
    i = take_reader(s);
    if (open_reader(s, i, db, err) != 0 || db_begin_read(*db, err) != 0) {
        give_reader(s, i);
        return -1;
    }
    return 0;
}

void store_read_end(struct store *s, struct db *db)
{
    bool found = false;

    /* Nothing was written: rolling back ends the view, and cannot fail. */
    db_rollback(db);
    pthread_mutex_lock(&s->pool);
    for (size_t i = 0; i < READERS; i++) {
        if (s->readers[i] == db) {
            s->busy[i] = false;
            found = true;
        }
    }
    pthread_cond_signal(&s->pool_free);
    pthread_mutex_unlock(&s->pool);
    assert(found);
}

uint64_t store_revision(const struct store *s)
{
    return atomic_load(&s->revision);
}

uint64_t store_wait(struct store *s, uint64_t seen, int64_t timeout_ms)
{
    struct timespec until;
    int64_t at = clock_mono_ms() + (timeout_ms > 0 ? timeout_ms : 0);
    uint64_t now;
    int code = 0;

    until.tv_sec = (time_t)(at / 1000);
    until.tv_nsec = (long)(at % 1000) * 1000000L;
    pthread_mutex_lock(&s->change);
    while (code == 0 && atomic_load(&s->revision) == seen)
        code = pthread_cond_timedwait(&s->changed, &s->change, &until);
    now = atomic_load(&s->revision);
    pthread_mutex_unlock(&s->change);
    return now;
}

int store_on_change(struct store *s, store_listener fn, void *ctx,
                    struct error *err)
{
    int rc = -1;

    assert(s != NULL && fn != NULL);
    pthread_mutex_lock(&s->change);
    for (size_t i = 0; i < STORE_LISTENERS_MAX && rc != 0; i++) {
        struct listener *l = &s->listeners[i];

        if (l->fn == NULL && l->calling == 0) {
            *l = (struct listener){.fn = fn, .ctx = ctx};
            rc = 0;
        }
    }
    pthread_mutex_unlock(&s->change);
    if (rc != 0)
        error_set(err, ERR_INTERNAL, "the catalog has too many listeners");
    return rc;
}

void store_off_change(struct store *s, store_listener fn, void *ctx)
{
    pthread_mutex_lock(&s->change);
    for (size_t i = 0; i < STORE_LISTENERS_MAX; i++) {
        struct listener *l = &s->listeners[i];

        if (l->fn != fn || l->ctx != ctx)
            continue;
        l->fn = NULL;
        while (l->calling != 0)
            pthread_cond_wait(&s->changed, &s->change);
    }
    pthread_mutex_unlock(&s->change);
}

static int check_integrity(struct db *db, struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db, "PRAGMA integrity_check(1)", err) != 0)
        return -1;
    got = query_step(&q, err);
    if (got == 1 && strcmp(query_peek_text(&q, 0), "ok") != 0)
        got = error_set(err, ERR_CORRUPT,
                        "the catalog is damaged (%s): \"assay catalog "
                        "rebuild\" makes it anew from storage",
                        query_peek_text(&q, 0));
    query_close(&q);
    return got == 1 ? 0 : -1;
}

static int check_foreign_keys(struct db *db, struct error *err)
{
    struct query q;
    int got;

    if (query_open(&q, db, "PRAGMA foreign_key_check", err) != 0)
        return -1;
    got = query_step(&q, err);
    if (got == 1)
        got = error_set(err, ERR_CORRUPT,
                        "the catalog is damaged: a row of %s belongs to a "
                        "row of %s that is not there",
                        query_peek_text(&q, 0), query_peek_text(&q, 2));
    query_close(&q);
    return got;
}

int store_check(struct store *s, struct error *err)
{
    struct db *db = NULL;
    int rc;

    if (store_read_begin(s, &db, err) != 0)
        return -1;
    rc = check_integrity(db, err);
    if (rc == 0)
        rc = check_foreign_keys(db, err);
    store_read_end(s, db);
    return rc;
}
