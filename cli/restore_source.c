/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"

#define FILE_URL "file://"
#define ARCHIVE_SUFFIX ".snap"

/* The first 48 bits of a UUIDv7 are Unix milliseconds. */
static int64_t time_of(const char *id)
{
    uint8_t bytes[6];
    char hex[13];
    int64_t ms = 0;

    memcpy(hex, id, 8);
    memcpy(hex + 8, id + 9, 4);
    hex[12] = '\0';
    if (!text_unhex(hex, bytes, sizeof(bytes)))
        return 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        ms = ms * 256 + bytes[i];
    return ms;
}

/* A search through the keys of a storage. */
struct search {
    const struct restore_wanted *wanted;
    const char *id; /* NULL: the newest */
    struct restore_source *out;
    char key[STORAGE_KEY_MAX];
    char other[SNAPSHOTS_NAME_MAX]; /* a second cluster */
    bool found;
};

/* "<cluster>/<yyyy>/<mm>/<id>.snap": its cluster and id; false for others. */
static bool take_apart(const char *key, char cluster[SNAPSHOTS_NAME_MAX],
                       char id[ID_TEXT_MAX])
{
    const char *slash = strrchr(key, '/');
    size_t len = strcspn(key, "/");

    if (slash == NULL || !text_ends(key, ARCHIVE_SUFFIX) ||
        strlen(slash + 1) != ID_TEXT_MAX - 1 + strlen(ARCHIVE_SUFFIX) ||
        len >= SNAPSHOTS_NAME_MAX)
        return false;
    memcpy(cluster, key, len);
    cluster[len] = '\0';
    memcpy(id, slash + 1, ID_TEXT_MAX - 1);
    id[ID_TEXT_MAX - 1] = '\0';
    return id_valid(id);
}

static void take(struct search *s, const char *key, const char *id)
{
    struct restore_source *out = s->out;

    (void)text_copy(out->id, sizeof(out->id), id);
    (void)text_copy(s->key, sizeof(s->key), key);
    s->found = true;
}

/* Ids sort by time, keys too, but for a clock that was put back. */
static int look_at(void *ctx, const char *key, const struct storage_stat *stat,
                   struct error *err)
{
    struct search *s = ctx;
    struct restore_source *out = s->out;
    char cluster[SNAPSHOTS_NAME_MAX];
    char id[ID_TEXT_MAX];

    (void)stat;
    (void)err;
    if (!take_apart(key, cluster, id))
        return 0;
    if (s->wanted->cluster != NULL && strcmp(cluster, s->wanted->cluster) != 0)
        return 0;
    if (out->cluster[0] == '\0')
        (void)text_copy(out->cluster, sizeof(out->cluster), cluster);
    if (strcmp(cluster, out->cluster) != 0) {
        (void)text_copy(s->other, sizeof(s->other), cluster);
        return 0;
    }
    out->count++;
    if (s->id != NULL ? strcmp(id, s->id) == 0
                      : !s->found || strcmp(id, out->id) > 0) {
        if (s->id == NULL)
            (void)text_copy(out->older, sizeof(out->older), out->id);
        take(s, key, id);
    } else if (strcmp(id, s->id != NULL ? s->id : out->id) < 0 &&
               strcmp(id, out->older) > 0) {
        (void)text_copy(out->older, sizeof(out->older), id);
    }
    return 0;
}

static int nothing_found(const struct search *s, struct error *err)
{
    const struct restore_wanted *w = s->wanted;

    if (s->out->count == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "%s has no snapshots%s%s: they lie in "
                         "<cluster>/<year>/<month>/<id>.snap below it",
                         w->from, w->cluster != NULL ? " of " : "",
                         w->cluster != NULL ? w->cluster : "");
    return error_set(err, ERR_NOT_FOUND, "%s has no snapshot %s of %s", w->from,
                     s->id, s->out->cluster);
}

static int open_folder(const char *folder, struct storage **out,
                       struct error *err)
{
    const struct storage_options options = {
        .name = "source", .type = "local", .path = folder, .read_only = true};

    return storage_open(&options, out, err);
}

static int find_in_folder(const struct restore_wanted *wanted,
                          const char *folder, struct restore_source *out,
                          struct error *err)
{
    struct search s = {.wanted = wanted, .out = out};

    if (wanted->snapshot != NULL && strcmp(wanted->snapshot, "latest") != 0) {
        if (!id_valid(wanted->snapshot))
            return error_set(err, ERR_INVALID,
                             "-snapshot: expected an id or \"latest\"; without "
                             "a catalog nobody knows \"%.64s\"",
                             wanted->snapshot);
        s.id = wanted->snapshot;
    }
    if (open_folder(folder, &out->storage, err) != 0 ||
        storage_list(out->storage, "", look_at, &s, err) != 0)
        return -1;
    if (s.other[0] != '\0')
        return error_set(err, ERR_INVALID,
                         "%s has snapshots of several clusters, %s and %s "
                         "among them: say which with -cluster",
                         wanted->from, out->cluster, s.other);
    if (!s.found)
        return nothing_found(&s, err);
    out->created_ms = time_of(out->id);
    storage_location(out->storage, s.key, out->path, sizeof(out->path));
    return 0;
}

static int find_file(const struct restore_wanted *wanted, const char *path,
                     const struct stat *st, struct restore_source *out,
                     struct error *err)
{
    char *real = NULL;

    if (wanted->snapshot != NULL || wanted->cluster != NULL)
        return error_set(err, ERR_INVALID,
                         "-snapshot and -cluster choose from a folder; %s is "
                         "a file",
                         path);
    real = realpath(path, NULL);
    if (real == NULL || !text_copy(out->path, sizeof(out->path), real)) {
        free(real);
        return error_errno(err, ERR_IO, "cannot use %s", path);
    }
    free(real);
    id_new(out->id);
    (void)text_copy(out->cluster, sizeof(out->cluster), "archive");
    out->count = 1;
    out->created_ms =
        (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    return 0;
}

/* The path that `from` means, with what is there. */
static const char *look_up(const char *from, struct stat *st, struct error *err)
{
    const char *path = from;

    if (text_starts(path, FILE_URL)) {
        path += strlen(FILE_URL);
    } else if (strstr(path, "://") != NULL) {
        (void)error_set(err, ERR_INVALID,
                        "-from: this version reads files and folders (storage "
                        "types: %s); bring %s here first",
                        storage_types(), path);
        return NULL;
    }
    if (stat(path, st) == 0)
        return path;
    (void)error_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                      "cannot use %s", path);
    return NULL;
}

int restore_source_find(const struct restore_wanted *wanted,
                        struct restore_source *out, struct error *err)
{
    struct stat st;
    const char *path = look_up(wanted->from, &st, err);
    int rc = -1;

    *out = (struct restore_source){.storage = NULL};
    if (path == NULL)
        return -1;
    if (S_ISDIR(st.st_mode))
        rc = find_in_folder(wanted, path, out, err);
    else if (S_ISREG(st.st_mode))
        rc = find_file(wanted, path, &st, out, err);
    else
        rc = error_set(err, ERR_INVALID, "%s is neither a file nor a folder",
                       path);
    if (rc != 0)
        restore_source_done(out);
    return rc;
}

struct listing {
    const char *cluster; /* NULL: all */
    struct buf *out;
};

static int list_one(void *ctx, const char *key, const struct storage_stat *stat,
                    struct error *err)
{
    struct listing *l = ctx;
    char cluster[SNAPSHOTS_NAME_MAX];
    char id[ID_TEXT_MAX];
    char taken[CLOCK_TEXT_MAX];
    char size[32];

    (void)err;
    if (!take_apart(key, cluster, id) ||
        (l->cluster != NULL && strcmp(cluster, l->cluster) != 0))
        return 0;
    clock_text(time_of(id), taken);
    text_human_size(stat->size, size, sizeof(size));
    buf_printf(l->out, "%s  %s  %10s  %s\n", id, taken, size, cluster);
    return 0;
}

int restore_source_list(const struct restore_wanted *wanted, struct buf *out,
                        struct error *err)
{
    struct listing listing = {.cluster = wanted->cluster, .out = out};
    struct storage *folder = NULL;
    struct stat st;
    const char *path = look_up(wanted->from, &st, err);
    int rc = -1;

    if (path == NULL)
        return -1;
    if (!S_ISDIR(st.st_mode))
        return error_set(err, ERR_INVALID, "-list: %s is no folder", path);
    if (open_folder(path, &folder, err) == 0 &&
        storage_list(folder, "", list_one, &listing, err) == 0)
        rc = buf_check(out, "the list", err);
    storage_close(folder);
    return rc;
}

void restore_source_done(struct restore_source *s)
{
    storage_close(s->storage);
    s->storage = NULL;
}
