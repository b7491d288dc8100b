/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory: the key is the path below it. */
#include "storage/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "storage/driver.h"

/* Keys have four parts; deeper trees are somebody else's. */
enum { WALK_DEPTH = 8 };

struct local {
    char *root; /* absolute, without a final slash */
};

struct local_reader {
    int fd;
    char *path;
};

static int local_open(const struct storage_options *o, void **self,
                      struct error *err)
{
    struct local *l = NULL;
    int rc = -1;

    if (o->path == NULL || o->path[0] == '\0')
        return error_set(err, ERR_INVALID, "\"path\" is missing");
    if (!o->read_only && file_make_dirs(o->path, 0700, err) != 0)
        return -1;
    l = calloc(1, sizeof(*l));
    if (l == NULL)
        return error_memory(err);
    l->root = realpath(o->path, NULL);
    if (l->root == NULL) {
        error_errno(err, ERR_IO, "cannot use %s", o->path);
        goto done;
    }
    if (access(l->root, o->read_only ? R_OK | X_OK : R_OK | W_OK | X_OK) != 0) {
        error_errno(err, ERR_IO, "cannot %s %s",
                    o->read_only ? "read" : "write to", l->root);
        goto done;
    }
    *self = l;
    l = NULL;
    rc = 0;
done:
    if (l != NULL)
        free(l->root);
    free(l);
    return rc;
}

static void local_close(void *self)
{
    struct local *l = self;
    free(l->root);
    free(l);
}

static char *path_of(const struct local *l, const char *key)
{
    return text_format("%s/%s", l->root, key);
}

static void local_location(void *self, const char *key, char *out, size_t size)
{
    const struct local *l = self;
    char *path = path_of(l, key);
    text_copy(out, size, path == NULL ? key : path);
    free(path);
}

/* The directories between the root and the object.  A new one is only
 * durable once the one that holds it is. */
static int make_parents(const struct local *l, char *path, struct error *err)
{
    for (char *p = path + strlen(l->root) + 1; (p = strchr(p, '/')) != NULL;
         p++) {
        *p = '\0';
        int rc = mkdir(path, 0700);
        if (rc == 0)
            rc = file_sync_parent(path, err);
        else if (errno == EEXIST)
            rc = 0;
        else if (errno == ENOSPC || errno == EDQUOT)
            error_set(err, ERR_IO, "disk full: cannot make %s", path);
        else
            error_errno(err, ERR_IO, "cannot make %s", path);
        *p = '/';
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int local_writer_begin(void *self, const char *key, void **writer,
                              struct error *err)
{
    const struct local *l = self;
    char *path = path_of(l, key);
    if (path == NULL)
        return error_memory(err);
    int rc = make_parents(l, path, err);
    if (rc == 0)
        rc = local_writer_open(path, writer, err);
    free(path);
    return rc;
}

static int reader_read(void *ctx, void *data, size_t size, size_t *len,
                       struct error *err)
{
    struct local_reader *r = ctx;
    ssize_t n;
    do
        n = read(r->fd, data, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, ERR_IO, "cannot read %s", r->path);
    *len = (size_t)n;
    return 0;
}

static int reader_rewind(void *ctx, struct error *err)
{
    struct local_reader *r = ctx;
    if (lseek(r->fd, 0, SEEK_SET) != 0)
        return error_errno(err, ERR_IO, "cannot rewind %s", r->path);
    return 0;
}

static void local_reader_close(void *reader)
{
    struct local_reader *r = reader;
    if (r == NULL)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->path);
    free(r);
}

static int path_failed(const char *path, struct error *err)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return error_set(err, ERR_NOT_FOUND, "there is no %s", path);
    return error_errno(err, ERR_IO, "cannot open %s", path);
}

static int local_reader_open(void *self, const char *key, void **reader,
                             struct source *source, struct error *err)
{
    struct local_reader *r = calloc(1, sizeof(*r));
    struct stat st;
    int rc = -1;

    if (r == NULL)
        return error_memory(err);
    r->fd = -1;
    r->path = path_of(self, key);
    if (r->path == NULL) {
        error_memory(err);
        goto done;
    }
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (r->fd < 0 || fstat(r->fd, &st) != 0) {
        path_failed(r->path, err);
        goto done;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(err, ERR_NOT_FOUND, "%s is not a file", r->path);
        goto done;
    }
    posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *source = (struct source){
        .read = reader_read,
        .rewind = reader_rewind,
        .ctx = r,
        .size = (uint64_t)st.st_size,
    };
    *reader = r;
    r = NULL;
    rc = 0;
done:
    local_reader_close(r);
    return rc;
}

static void fill_stat(const struct stat *st, struct storage_stat *out)
{
    out->size = (uint64_t)st->st_size;
    out->modified_at =
        (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int local_stat(void *self, const char *key, struct storage_stat *out,
                      struct error *err)
{
    char *path = path_of(self, key);
    struct stat st;
    int rc = 0;

    if (path == NULL)
        return error_memory(err);
    if (stat(path, &st) != 0)
        rc = path_failed(path, err);
    else if (!S_ISREG(st.st_mode))
        rc = error_set(err, ERR_NOT_FOUND, "%s is not a file", path);
    else
        fill_stat(&st, out);
    free(path);
    return rc;
}

static int local_remove(void *self, const char *key, struct error *err)
{
    char *path = path_of(self, key);
    int rc = 0;

    if (path == NULL)
        return error_memory(err);
    if (unlink(path) == 0)
        rc = file_sync_parent(path, err);
    else if (errno != ENOENT && errno != ENOTDIR)
        rc = error_errno(err, ERR_IO, "cannot remove %s", path);
    free(path);
    return rc;
}

static int local_free_space(void *self, uint64_t *bytes, struct error *err)
{
    const struct local *l = self;
    struct statvfs st;
    if (statvfs(l->root, &st) != 0)
        return error_errno(err, ERR_IO, "cannot ask for free space of %s",
                           l->root);
    *bytes = (uint64_t)st.f_bavail * st.f_frsize;
    return 0;
}

/* Names of one directory, sorted as keys sort: a directory compares as if
 * its name ended in '/'. */
struct names {
    char **list;
    size_t count;
    size_t cap;
};

static void names_free(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i]);
    free(n->list);
}

static int names_add(struct names *n, const char *name, bool dir,
                     struct error *err)
{
    if (n->count == n->cap) {
        size_t cap = n->cap == 0 ? 64 : n->cap * 2;
        char **list = realloc(n->list, cap * sizeof(*list));
        if (list == NULL)
            return error_memory(err);
        n->list = list;
        n->cap = cap;
    }
    n->list[n->count] = text_format("%s%s", name, dir ? "/" : "");
    if (n->list[n->count] == NULL)
        return error_memory(err);
    n->count++;
    return 0;
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_read(const char *path, struct names *n, struct error *err)
{
    DIR *dir = opendir(path);
    const struct dirent *e;
    int rc = -1;

    if (dir == NULL)
        return errno == ENOENT
                   ? 0
                   : error_errno(err, ERR_IO, "cannot list %s", path);
    for (;;) {
        struct stat st;
        errno = 0;
        e = readdir(dir);
        if (e == NULL)
            break;
        if (e->d_name[0] == '.' ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
            continue;
        if (names_add(n, e->d_name, S_ISDIR(st.st_mode), err) != 0)
            goto done;
    }
    if (errno != 0) {
        error_errno(err, ERR_IO, "cannot list %s", path);
        goto done;
    }
    if (n->count > 0)
        qsort(n->list, n->count, sizeof(*n->list), names_compare);
    rc = 0;
done:
    closedir(dir);
    return rc;
}

/* A walk of the tree: `visit` gets every regular file below the root. */
struct walk {
    const struct local *local;
    const char *prefix; /* of the keys that matter */
    int (*visit)(struct walk *w, const char *key, const char *path,
                 struct error *err);
    int (*each)(void *ctx, const char *key, const struct storage_stat *stat,
                struct error *err);
    void *ctx;
    unsigned removed;
};

static int walk_dir(struct walk *w, const char *dir, unsigned depth,
                    struct error *err);

static int walk_entry(struct walk *w, const char *key, unsigned depth,
                      struct error *err)
{
    bool is_dir = text_ends(key, "/");
    if (!text_starts(key, w->prefix) &&
        !(is_dir && text_starts(w->prefix, key)))
        return 0;
    if (is_dir)
        return depth < WALK_DEPTH ? walk_dir(w, key, depth + 1, err) : 0;
    char *path = path_of(w->local, key);
    if (path == NULL)
        return error_memory(err);
    int rc = w->visit(w, key, path, err);
    free(path);
    return rc;
}

/* `dir` is "" or ends in '/'. */
static int walk_dir(struct walk *w, const char *dir, unsigned depth,
                    struct error *err)
{
    struct names n = {0};
    char *path = path_of(w->local, dir);
    int rc = -1;

    if (path == NULL)
        return error_memory(err);
    if (names_read(path, &n, err) != 0)
        goto done;
    rc = 0;
    for (size_t i = 0; i < n.count && rc == 0; i++) {
        char *key = text_format("%s%s", dir, n.list[i]);
        rc = key == NULL ? error_memory(err) : walk_entry(w, key, depth, err);
        free(key);
    }
done:
    names_free(&n);
    free(path);
    return rc;
}

static int visit_list(struct walk *w, const char *key, const char *path,
                      struct error *err)
{
    struct storage_stat out;
    struct stat st;
    /* Gone since the directory was read: then it is not there. */
    if (!storage_key_valid(key) || stat(path, &st) != 0)
        return 0;
    fill_stat(&st, &out);
    return w->each(w->ctx, key, &out, err);
}

static int local_list(void *self, const char *prefix,
                      int (*each)(void *ctx, const char *key,
                                  const struct storage_stat *stat,
                                  struct error *err),
                      void *ctx, struct error *err)
{
    struct walk w = {.local = self,
                     .prefix = prefix,
                     .visit = visit_list,
                     .each = each,
                     .ctx = ctx};
    return walk_dir(&w, "", 0, err);
}

static int visit_sweep(struct walk *w, const char *key, const char *path,
                       struct error *err)
{
    if (!text_ends(key, LOCAL_PART))
        return 0;
    if (unlink(path) != 0)
        return error_errno(err, ERR_IO, "cannot remove %s", path);
    w->removed++;
    return 0;
}

static int local_sweep(void *self, unsigned *removed, struct error *err)
{
    struct walk w = {.local = self, .prefix = "", .visit = visit_sweep};
    int rc = walk_dir(&w, "", 0, err);
    *removed = w.removed;
    return rc;
}

const struct storage_driver storage_local = {
    .type = "local",
    .open = local_open,
    .close = local_close,
    .location = local_location,
    .writer_open = local_writer_begin,
    .writer_write = local_writer_write,
    .writer_commit = local_writer_commit,
    .writer_abort = local_writer_abort,
    .reader_open = local_reader_open,
    .reader_close = local_reader_close,
    .stat = local_stat,
    .remove = local_remove,
    .free_space = local_free_space,
    .list = local_list,
    .sweep = local_sweep,
};
