/* SPDX-License-Identifier: Apache-2.0
 *
 * An external merge sort.  The chunk holds entries from its start and their
 * offsets from its end; when the two meet it is sorted and becomes a run, a
 * file that has lost its name already.  Too many runs are merged to one.
 *
 * Invariant: what is in runs[i] was added before what is in runs[i + 1], and
 * all of that before what is in the chunk; so "the first added stays" needs
 * no more than taking equals from the left. */
#include "proof/inventory_writer.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

enum { KEY_MAX = LIMIT_INVENTORY_LINE };

/* Before each entry, in memory and in a run: then the key (kind, NUL, path,
 * NUL), then the line without its end. */
struct lengths {
    uint32_t key, line;
};

struct run {
    FILE *file;
    struct buf entry; /* the current one, without its lengths */
    struct lengths len;
    bool over;
};

struct inventory_writer {
    char *dir;
    char *chunk;
    size_t size, used; /* size is a multiple of an offset's */
    size_t count;      /* entries in the chunk */
    struct buf line;
    struct run runs[LIMIT_INVENTORY_RUNS + 1];
    size_t run_count;
};

int inventory_writer_open(const char *dir, size_t chunk_bytes,
                          struct inventory_writer **out, struct error *err)
{
    struct inventory_writer *w = calloc(1, sizeof *w);

    if (w == NULL)
        return error_memory(err);
    if (chunk_bytes == 0)
        chunk_bytes = LIMIT_INVENTORY_CHUNK;
    assert(chunk_bytes <= UINT32_MAX);
    buf_init(&w->line, LIMIT_INVENTORY_LINE - 2);
    w->size = chunk_bytes / sizeof(uint32_t) * sizeof(uint32_t);
    w->chunk = malloc(w->size);
    w->dir = text_dup(dir);
    if (w->chunk == NULL || w->dir == NULL) {
        inventory_writer_close(w);
        return error_memory(err);
    }
    *out = w;
    return 0;
}

static void sort_fields(struct inventory_field *fields, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct inventory_field f = fields[i];
        size_t at = i;

        for (; at > 0 && strcmp(fields[at - 1].name, f.name) > 0; at--)
            fields[at] = fields[at - 1];
        fields[at] = f;
    }
}

static int write_line(struct buf *out, const struct inventory_record *r,
                      struct error *err)
{
    struct inventory_field fields[INVENTORY_FIELDS_MAX];
    struct jsonw w;

    assert(r->field_count <= INVENTORY_FIELDS_MAX);
    if (r->field_count > 0)
        memcpy(fields, r->fields, r->field_count * sizeof fields[0]);
    sort_fields(fields, r->field_count);
    buf_clear(out);
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "kind", r->kind);
    jsonw_text(&w, "path", r->path);
    jsonw_object(&w, "fields");
    for (size_t i = 0; i < r->field_count; i++)
        jsonw_text(&w, fields[i].name, fields[i].text);
    jsonw_end_object(&w);
    jsonw_i64(&w, "created_ms", r->created_ms);
    jsonw_i64(&w, "changed_ms", r->changed_ms);
    jsonw_u64(&w, "version", r->version);
    jsonw_end_object(&w);
    if (buf_check(out, "a record", err) != 0)
        return error_prefix(err, "%s %.200s", r->kind, r->path);
    return 0;
}

/* Where the offsets begin, which grow downwards. */
static uint32_t *offsets(struct inventory_writer *w)
{
    return (uint32_t *)(void *)(w->chunk + w->size) - w->count;
}

/* Kind, then path: each ends in its own NUL. */
static int entry_order(const char *a, const char *b)
{
    int kinds = strcmp(a, b);

    if (kinds != 0)
        return kinds;
    return strcmp(a + strlen(a) + 1, b + strlen(b) + 1);
}

static int by_key(const void *a, const void *b, void *ctx)
{
    const char *keys = (const char *)ctx + sizeof(struct lengths);
    uint32_t x, y;
    int order;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    order = entry_order(keys + x, keys + y);
    return order != 0 ? order : (x > y) - (x < y);
}

static FILE *file_without_name(const char *dir, struct error *err)
{
    char *path = text_format("%s/inventory-XXXXXX", dir);
    FILE *file = NULL;
    int fd = -1;

    if (path == NULL) {
        (void)error_memory(err);
        return NULL;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        (void)unlink(path);
        file = fdopen(fd, "w+");
    }
    if (file == NULL) {
        (void)error_errno(err, ERR_IO, "cannot make a file in %s", dir);
        if (fd >= 0)
            (void)close(fd);
    }
    free(path);
    return file;
}

static int io_error(const char *dir, struct error *err)
{
    return error_errno(err, ERR_IO, "the inventory's work files in %s", dir);
}

static int run_add(struct inventory_writer *w, FILE *file, struct error *err)
{
    if (fflush(file) != 0 || ferror(file) || fseek(file, 0, SEEK_SET) != 0) {
        (void)io_error(w->dir, err);
        (void)fclose(file);
        return -1;
    }
    w->runs[w->run_count] = (struct run){.file = file};
    buf_init(&w->runs[w->run_count++].entry, 2 * LIMIT_INVENTORY_LINE);
    return 0;
}

/* The next entry of a run into memory; `over` when there is none. */
static int run_step(const char *dir, struct run *r, struct error *err)
{
    size_t need;
    void *room;

    if (fread(&r->len, sizeof r->len, 1, r->file) != 1) {
        r->over = true;
        return ferror(r->file) ? io_error(dir, err) : 0;
    }
    need = (size_t)r->len.key + r->len.line;
    buf_clear(&r->entry);
    room = buf_reserve(&r->entry, need);
    if (room == NULL)
        return buf_check(&r->entry, "a record", err);
    if (fread(room, 1, need, r->file) != need)
        return io_error(dir, err);
    buf_claim(&r->entry, need);
    return 0;
}

/* The leftmost of the least; NULL when all are over. */
static struct run *least(struct inventory_writer *w)
{
    struct run *best = NULL;

    for (size_t i = 0; i < w->run_count; i++) {
        struct run *r = &w->runs[i];

        if (!r->over &&
            (best == NULL || entry_order(r->entry.data, best->entry.data) < 0))
            best = r;
    }
    return best;
}

static void run_done(struct run *r)
{
    if (r->file != NULL)
        (void)fclose(r->file);
    buf_done(&r->entry);
    *r = (struct run){.file = NULL};
}

static void runs_done(struct inventory_writer *w)
{
    for (size_t i = 0; i < w->run_count; i++)
        run_done(&w->runs[i]);
    w->run_count = 0;
}

/* What becomes of each entry of a merge: one line of the inventory, or an
 * entry of another run. */
static void put_line(const struct run *r, FILE *out)
{
    (void)fwrite(r->entry.data + r->len.key, 1, r->len.line, out);
    (void)fputc('\n', out);
}

static void put_entry(const struct run *r, FILE *out)
{
    (void)fwrite(&r->len, sizeof r->len, 1, out);
    (void)fwrite(r->entry.data, 1, r->entry.len, out);
}

/* All runs into `out`, one of each key; -1 also when `out` failed. */
static int merge(struct inventory_writer *w,
                 void (*put)(const struct run *r, FILE *out), FILE *out,
                 uint64_t *count, struct error *err)
{
    struct buf last;
    struct run *r;
    int rc = -1;

    buf_init(&last, KEY_MAX);
    for (size_t i = 0; i < w->run_count; i++)
        if (run_step(w->dir, &w->runs[i], err) != 0)
            goto done;
    *count = 0;
    while ((r = least(w)) != NULL) {
        if (*count == 0 || entry_order(last.data, r->entry.data) != 0) {
            put(r, out);
            buf_clear(&last);
            buf_add(&last, r->entry.data, r->len.key);
            ++*count;
        }
        if (buf_check(&last, "a key", err) != 0 ||
            run_step(w->dir, r, err) != 0)
            goto done;
    }
    rc = ferror(out) ? io_error(w->dir, err) : 0;
done:
    buf_done(&last);
    return rc;
}

/* The chunk becomes a run. */
static int spill(struct inventory_writer *w, struct error *err)
{
    FILE *file = file_without_name(w->dir, err);
    uint32_t *at = offsets(w);

    if (file == NULL)
        return -1;
    qsort_r(at, w->count, sizeof at[0], by_key, w->chunk);
    for (size_t i = 0; i < w->count; i++) {
        const char *entry = w->chunk + at[i];
        struct lengths len;

        memcpy(&len, entry, sizeof len);
        (void)fwrite(entry, 1, sizeof len + len.key + len.line, file);
    }
    w->used = 0;
    w->count = 0;
    return run_add(w, file, err);
}

static int merge_runs(struct inventory_writer *w, struct error *err)
{
    FILE *file = file_without_name(w->dir, err);
    uint64_t count;

    if (file == NULL)
        return -1;
    if (merge(w, put_entry, file, &count, err) != 0) {
        (void)fclose(file);
        return -1;
    }
    runs_done(w);
    return run_add(w, file, err);
}

static int make_room(struct inventory_writer *w, size_t need, struct error *err)
{
    size_t free_bytes = w->size - w->used - w->count * sizeof(uint32_t);

    if (need + sizeof(uint32_t) <= free_bytes)
        return 0;
    if (w->count > 0 && spill(w, err) != 0)
        return -1;
    if (need + sizeof(uint32_t) > w->size)
        return error_set(err, ERR_TOO_LARGE, "a record of %zu bytes", need);
    return w->run_count == LIMIT_INVENTORY_RUNS ? merge_runs(w, err) : 0;
}

int inventory_writer_add(struct inventory_writer *w,
                         const struct inventory_record *record,
                         struct error *err)
{
    size_t kind = strlen(record->kind) + 1, path = strlen(record->path) + 1;
    struct lengths len;
    char *to;
    uint32_t at;

    if (write_line(&w->line, record, err) != 0)
        return -1;
    len = (struct lengths){(uint32_t)(kind + path), (uint32_t)w->line.len};
    if (make_room(w, sizeof len + len.key + len.line, err) != 0)
        return -1;
    at = (uint32_t)w->used;
    to = w->chunk + at;
    memcpy(to, &len, sizeof len);
    memcpy(to + sizeof len, record->kind, kind);
    memcpy(to + sizeof len + kind, record->path, path);
    memcpy(to + sizeof len + len.key, w->line.data, len.line);
    w->used += sizeof len + len.key + len.line;
    w->count++;
    *offsets(w) = at;
    return 0;
}

static void put_head(const struct inventory_head *h, struct buf *line,
                     FILE *out)
{
    struct jsonw w;

    buf_clear(line);
    jsonw_init(&w, line);
    jsonw_object(&w, NULL);
    jsonw_u64(&w, "inventory", 1);
    jsonw_text(&w, "key", h->key_id);
    jsonw_text(&w, "cluster_id", h->cluster_id);
    jsonw_text(&w, "product", h->product);
    jsonw_text(&w, "server_version", h->server_version);
    jsonw_time(&w, "started_at", h->started_ms);
    jsonw_time(&w, "finished_at", h->finished_ms);
    jsonw_end_object(&w);
    (void)fprintf(out, "%s\n", buf_text(line));
}

static int write_all(struct inventory_writer *w,
                     const struct inventory_head *head, const char *part,
                     uint64_t *count, struct error *err)
{
    int fd =
        open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    int rc = -1;

    if (out == NULL) {
        (void)error_errno(err, ERR_IO, "cannot create %s", part);
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    put_head(head, &w->line, out);
    if (merge(w, put_line, out, count, err) != 0)
        goto done;
    (void)fprintf(out, "{\"records\":%llu}\n", (unsigned long long)*count);
    rc = 0;
done:
    if (fclose(out) != 0 && rc == 0)
        rc = error_errno(err, ERR_IO, "cannot write %s", part);
    return rc;
}

int inventory_writer_finish(struct inventory_writer *w,
                            const struct inventory_head *head, const char *path,
                            uint64_t *records, struct error *err)
{
    char *part = text_format("%s.part", path);
    uint64_t count = 0;
    int rc = -1;

    if (part == NULL)
        return error_memory(err);
    if (w->count > 0 && spill(w, err) != 0)
        goto done;
    if (write_all(w, head, part, &count, err) != 0)
        goto done;
    if (rename(part, path) != 0) {
        (void)error_errno(err, ERR_IO, "cannot rename %s", part);
        goto done;
    }
    if (records != NULL)
        *records = count;
    rc = 0;
done:
    if (rc != 0)
        (void)unlink(part);
    free(part);
    return rc;
}

void inventory_writer_close(struct inventory_writer *w)
{
    if (w == NULL)
        return;
    runs_done(w);
    buf_done(&w->line);
    free(w->chunk);
    free(w->dir);
    free(w);
}
