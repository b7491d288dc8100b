/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { READ_CHUNK = 16 * 1024 };

int file_read(const char *path, struct buf *out, struct error *err)
{
    int rc = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                           "cannot open %s", path);
    for (;;) {
        size_t room = out->max - out->len;
        void *p;
        ssize_t n;

        if (room > READ_CHUNK)
            room = READ_CHUNK;
        /* One byte more than fits tells "full" from "too large". */
        p = buf_reserve(out, room == 0 ? 1 : room);
        if (p == NULL) {
            char extra;

            n = read(fd, &extra, 1);
            if (n == 0 && room == 0) {
                out->failed = false;
                break;
            }
            error_set(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", path,
                      out->max);
            goto done;
        }
        n = read(fd, p, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_errno(err, ERR_IO, "cannot read %s", path);
            goto done;
        }
        if (n == 0)
            break;
        buf_claim(out, (size_t)n);
    }
    rc = 0;
done:
    (void)close(fd);
    return rc;
}

int file_write_all(int fd, const void *data, size_t size, const char *path,
                   struct error *err)
{
    const char *p = data;

    while (size > 0) {
        ssize_t n = write(fd, p, size);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return error_errno(err, ERR_IO, "cannot write %s", path);
        }
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

int file_sync_dir(const char *path, struct error *err)
{
    int rc = 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot open directory %s", path);
    if (fsync(fd) != 0)
        rc = error_errno(err, ERR_IO, "cannot sync directory %s", path);
    (void)close(fd);
    return rc;
}

int file_sync_parent(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    char *dir;
    int rc;

    if (slash == NULL)
        return file_sync_dir(".", err);
    if (slash == path)
        return file_sync_dir("/", err);
    dir = text_dup_len(path, (size_t)(slash - path));
    if (dir == NULL)
        return error_memory(err);
    rc = file_sync_dir(dir, err);
    free(dir);
    return rc;
}

/* The content is on the disk, under a name that nobody reads yet. */
static int write_part(const char *part, const void *data, size_t size,
                      mode_t mode, struct error *err)
{
    int rc = -1;
    int fd =
        open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot create %s", part);
    if (fchmod(fd, mode) != 0) {
        error_errno(err, ERR_IO, "cannot set the mode of %s", part);
        goto done;
    }
    if (file_write_all(fd, data, size, part, err) != 0)
        goto done;
    if (fsync(fd) != 0) {
        error_errno(err, ERR_IO, "cannot sync %s", part);
        goto done;
    }
    rc = 0;
done:
    if (close(fd) != 0 && rc == 0)
        rc = error_errno(err, ERR_IO, "cannot close %s", part);
    if (rc != 0)
        (void)unlink(part);
    return rc;
}

int file_replace(const char *path, const void *data, size_t size, mode_t mode,
                 struct error *err)
{
    char *part = text_format("%s.part", path);
    int rc = -1;

    if (part == NULL)
        return error_memory(err);
    if (write_part(part, data, size, mode, err) != 0)
        goto done;
    if (rename(part, path) != 0) {
        error_errno(err, ERR_IO, "cannot rename %s", part);
        (void)unlink(part);
        goto done;
    }
    rc = file_sync_parent(path, err);
done:
    free(part);
    return rc;
}

int file_make_dirs(const char *path, mode_t mode, struct error *err)
{
    char *copy = text_dup(path);
    struct stat st;
    int rc = -1;

    if (copy == NULL)
        return error_memory(err);
    for (char *p = copy + 1; p[-1] != '\0'; p++) {
        char end = *p;

        if (end != '/' && end != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST) {
            error_errno(err, ERR_IO, "cannot make directory %s", copy);
            goto done;
        }
        *p = end;
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        error_set(err, ERR_IO, "%s is not a directory", path);
        goto done;
    }
    rc = 0;
done:
    free(copy);
    return rc;
}

static int remove_entry(const FTSENT *e, struct error *err)
{
    int rc = 0;

    switch (e->fts_info) {
    case FTS_D:
        /* What a server made 0000 must still be entered. */
        (void)chmod(e->fts_accpath, 0700);
        return 0;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        if (e->fts_errno == ENOENT)
            return 0;
        errno = e->fts_errno;
        return error_errno(err, ERR_IO, "cannot remove %s", e->fts_path);
    case FTS_DP:
        rc = rmdir(e->fts_accpath);
        break;
    default:
        rc = unlink(e->fts_accpath);
        break;
    }
    if (rc != 0 && errno != ENOENT)
        return error_errno(err, ERR_IO, "cannot remove %s", e->fts_path);
    return 0;
}

int file_remove_tree(const char *path, struct error *err)
{
    char *copy = text_dup(path);
    char *roots[2] = {copy, NULL};
    FTS *walk = NULL;
    FTSENT *e;
    int rc = -1;

    if (copy == NULL)
        return error_memory(err);
    walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (walk == NULL) {
        error_errno(err, ERR_IO, "cannot walk %s", path);
        goto done;
    }
    while ((errno = 0, e = fts_read(walk)) != NULL) {
        if (remove_entry(e, err) != 0)
            goto done;
    }
    if (errno != 0) {
        error_errno(err, ERR_IO, "cannot walk %s", path);
        goto done;
    }
    rc = 0;
done:
    if (walk != NULL)
        (void)fts_close(walk);
    free(copy);
    return rc;
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool file_is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

char *file_find_program(const char *name)
{
    const char *dirs = getenv("PATH");

    if (strchr(name, '/') != NULL)
        return file_is_program(name) ? realpath(name, NULL) : NULL;
    while (dirs != NULL && *dirs != '\0') {
        size_t n = strcspn(dirs, ":");
        char path[PATH_MAX];
        int len = snprintf(path, sizeof path, "%.*s/%s", (int)n, dirs, name);

        if (n > 0 && len < (int)sizeof path && file_is_program(path))
            return realpath(path, NULL);
        dirs += n;
        dirs += *dirs == ':';
    }
    return NULL;
}
