/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/storage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "storage/driver.h"

enum { KEY_PART_MAX = 128, READ_PIECE = 8 * 1024 };

struct storage {
    const struct storage_driver *driver;
    void *self;
    char *name;
    bool read_only;
};

struct storage_writer {
    const struct storage_driver *driver;
    void *writer;
};

struct storage_reader {
    const struct storage_driver *driver;
    void *reader;
    struct source source;
};

static const struct storage_driver *const drivers[] = {
    &storage_local,
};

enum { DRIVERS = sizeof(drivers) / sizeof(drivers[0]) };

const char *storage_types(void)
{
    return "local";
}

int storage_open(const struct storage_options *o, struct storage **out,
                 struct error *err)
{
    assert(o != NULL && o->name != NULL && o->type != NULL && out != NULL);
    const struct storage_driver *driver = NULL;
    struct storage *s = NULL;
    int rc = -1;

    for (size_t i = 0; i < DRIVERS; i++)
        if (strcmp(drivers[i]->type, o->type) == 0)
            driver = drivers[i];
    if (driver == NULL) {
        error_set(err, ERR_INVALID,
                  "storage %s: there is no type \"%s\"; known: %s", o->name,
                  o->type, storage_types());
        goto done;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL || (s->name = text_dup(o->name)) == NULL) {
        error_memory(err);
        goto done;
    }
    if (driver->open(o, &s->self, err) != 0) {
        error_prefix(err, "storage %s", o->name);
        goto done;
    }
    s->driver = driver;
    s->read_only = o->read_only;
    *out = s;
    s = NULL;
    rc = 0;
done:
    storage_close(s);
    return rc;
}

void storage_close(struct storage *s)
{
    if (s == NULL)
        return;
    if (s->driver != NULL)
        s->driver->close(s->self);
    free(s->name);
    free(s);
}

const char *storage_name(const struct storage *s)
{
    return s->name;
}

static bool part_valid(const char *part, size_t len)
{
    if (len == 0 || len > KEY_PART_MAX || part[0] == '.' || part[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = part[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

bool storage_key_valid(const char *key)
{
    /* ".part" is how a driver names what is not finished. */
    if (key == NULL || strlen(key) >= STORAGE_KEY_MAX ||
        text_ends(key, ".part"))
        return false;
    for (;;) {
        size_t len = strcspn(key, "/");
        if (!part_valid(key, len))
            return false;
        if (key[len] == '\0')
            return true;
        key += len + 1;
    }
}

static int check_key(const char *key, struct error *err)
{
    if (storage_key_valid(key))
        return 0;
    return error_set(err, ERR_INVALID, "\"%.128s\" cannot be a storage key",
                     key == NULL ? "" : key);
}

static int check_writable(const struct storage *s, struct error *err)
{
    if (!s->read_only)
        return 0;
    return error_set(err, ERR_DENIED, "storage %s was opened to be read only",
                     s->name);
}

int storage_key(const struct storage_snapshot *of, const char *suffix,
                char out[STORAGE_KEY_MAX], struct error *err)
{
    assert(of != NULL && suffix != NULL);
    assert(of->cluster != NULL && of->id != NULL);
    int year = 0;
    int month = 0;
    if (!part_valid(of->cluster, strlen(of->cluster)))
        return error_set(err, ERR_INVALID,
                         "a cluster cannot be named \"%.128s\": letters, "
                         "digits, '.', '_' and '-' only, 128 at most",
                         of->cluster);
    clock_year_month(of->created_at, &year, &month);
    char key[STORAGE_KEY_MAX];
    int n = snprintf(key, sizeof(key), "%s/%04d/%02d/%s.%s", of->cluster, year,
                     month, of->id, suffix);
    if (n < 0 || (size_t)n >= sizeof(key))
        return error_set(err, ERR_INVALID, "the storage key is too long");
    if (check_key(key, err) != 0)
        return -1;
    text_copy(out, STORAGE_KEY_MAX, key);
    return 0;
}

void storage_location(const struct storage *s, const char *key, char *out,
                      size_t size)
{
    s->driver->location(s->self, key, out, size);
}

int storage_writer_open(struct storage *s, const char *key,
                        struct storage_writer **out, struct error *err)
{
    assert(s != NULL && out != NULL);
    if (check_key(key, err) != 0 || check_writable(s, err) != 0)
        return -1;
    struct storage_writer *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return error_memory(err);
    w->driver = s->driver;
    if (s->driver->writer_open(s->self, key, &w->writer, err) != 0) {
        free(w);
        return error_prefix(err, "storage %s", s->name);
    }
    *out = w;
    return 0;
}

int storage_writer_write(struct storage_writer *w, const void *data, size_t len,
                         struct error *err)
{
    assert(w != NULL);
    return w->driver->writer_write(w->writer, data, len, err);
}

int storage_writer_commit(struct storage_writer *w, struct error *err)
{
    int rc = w->driver->writer_commit(w->writer, err);
    free(w);
    return rc;
}

void storage_writer_abort(struct storage_writer *w)
{
    if (w == NULL)
        return;
    w->driver->writer_abort(w->writer);
    free(w);
}

int storage_reader_open(struct storage *s, const char *key,
                        struct storage_reader **out, struct error *err)
{
    assert(s != NULL && out != NULL);
    if (check_key(key, err) != 0)
        return -1;
    struct storage_reader *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return error_memory(err);
    r->driver = s->driver;
    if (s->driver->reader_open(s->self, key, &r->reader, &r->source, err) !=
        0) {
        free(r);
        return error_prefix(err, "storage %s", s->name);
    }
    *out = r;
    return 0;
}

struct source storage_reader_source(struct storage_reader *r)
{
    return r->source;
}

void storage_reader_close(struct storage_reader *r)
{
    if (r == NULL)
        return;
    r->driver->reader_close(r->reader);
    free(r);
}

int storage_put(struct storage *s, const char *key, const void *data,
                size_t len, struct error *err)
{
    struct storage_writer *w = NULL;
    if (storage_writer_open(s, key, &w, err) != 0)
        return -1;
    if (storage_writer_write(w, data, len, err) != 0) {
        storage_writer_abort(w);
        return -1;
    }
    return storage_writer_commit(w, err);
}

int storage_get(struct storage *s, const char *key, struct buf *out,
                struct error *err)
{
    struct storage_reader *r = NULL;
    int rc = -1;
    size_t len = 0;

    if (storage_reader_open(s, key, &r, err) != 0)
        goto done;
    assert(r != NULL);
    do {
        char piece[READ_PIECE];
        if (r->source.read(r->source.ctx, piece, sizeof(piece), &len, err) != 0)
            goto done;
        buf_add(out, piece, len);
        if (buf_check(out, key, err) != 0)
            goto done;
    } while (len > 0);
    rc = 0;
done:
    storage_reader_close(r);
    return rc;
}

int storage_stat(struct storage *s, const char *key, struct storage_stat *out,
                 struct error *err)
{
    if (check_key(key, err) != 0)
        return -1;
    return s->driver->stat(s->self, key, out, err);
}

int storage_delete(struct storage *s, const char *key, struct error *err)
{
    if (check_key(key, err) != 0 || check_writable(s, err) != 0)
        return -1;
    return s->driver->remove(s->self, key, err);
}

int storage_free_space(struct storage *s, uint64_t *bytes, struct error *err)
{
    return s->driver->free_space(s->self, bytes, err);
}

int storage_list(struct storage *s, const char *prefix,
                 int (*each)(void *ctx, const char *key,
                             const struct storage_stat *stat,
                             struct error *err),
                 void *ctx, struct error *err)
{
    assert(prefix != NULL && each != NULL);
    return s->driver->list(s->self, prefix, each, ctx, err);
}

int storage_sweep(struct storage *s, unsigned *removed, struct error *err)
{
    *removed = 0;
    if (check_writable(s, err) != 0)
        return -1;
    return s->driver->sweep(s->self, removed, err);
}
