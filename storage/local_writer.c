/* SPDX-License-Identifier: Apache-2.0
 *
 * One large file, written fast and durably without filling the page cache.
 *
 * What comes in small pieces (libcurl: 16 KiB) leaves in 256 KiB writes.
 * Every 8 MiB the kernel is told to start writing them back, and what it was
 * told 8 MiB ago is waited for and dropped from the cache: the disk works
 * while the network delivers, the final fdatasync has little left to do, and
 * a backup does not push everything else out of memory. */
#include "storage/local.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum { PIECE = 256 * 1024, WINDOW = 8 * 1024 * 1024 };

struct local_writer {
    int fd;
    char *path;
    char *part;
    char *piece;  /* PIECE bytes */
    size_t fill;  /* how many of them wait to be written */
    off_t offset; /* bytes in the file */
    off_t begun;  /* up to here write-back was started */
    off_t waited; /* up to here it was waited for */
};

/* -1 with the sentence that fits errno: a full disk is the failure that
 * people must recognise. */
static int write_failed(const struct local_writer *w, const char *what,
                        struct error *err)
{
    if (errno == ENOSPC)
        return error_set(err, ERR_IO,
                         "disk full: no space left for %s after %lld bytes",
                         w->path, (long long)w->offset);
    if (errno == EDQUOT)
        return error_set(err, ERR_IO,
                         "disk full: the quota does not allow %s to grow "
                         "beyond %lld bytes",
                         w->path, (long long)w->offset);
    return error_errno(err, ERR_IO, "cannot %s %s", what, w->part);
}

static void writer_free(struct local_writer *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    free(w->path);
    free(w->part);
    free(w->piece);
    free(w);
}

int local_writer_open(const char *path, void **writer, struct error *err)
{
    struct local_writer *w = calloc(1, sizeof(*w));
    int rc = -1;

    if (w == NULL)
        return error_memory(err);
    w->fd = -1;
    w->path = text_dup(path);
    w->part = text_format("%s%s", path, LOCAL_PART);
    w->piece = malloc(PIECE);
    if (w->path == NULL || w->part == NULL || w->piece == NULL) {
        error_memory(err);
        goto done;
    }
    if (file_exists(path)) {
        error_set(err, ERR_CONFLICT, "%s exists already", path);
        goto done;
    }
    w->fd = open(w->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                 0600);
    if (w->fd < 0 && errno == EEXIST) {
        error_set(err, ERR_CONFLICT, "%s is being written already", path);
        goto done;
    }
    if (w->fd < 0) {
        write_failed(w, "create", err);
        goto done;
    }
    *writer = w;
    w = NULL;
    rc = 0;
done:
    writer_free(w);
    return rc;
}

/* sync_file_range reports, and so consumes, an error that fdatasync would
 * have reported later: it must count.  Only "cannot do that here" may not. */
static int range_result(const struct local_writer *w, int result,
                        struct error *err)
{
    if (result == 0 || errno == EINVAL || errno == ENOSYS || errno == ESPIPE ||
        errno == EOPNOTSUPP || errno == EPERM)
        return 0;
    return write_failed(w, "write back", err);
}

static int start_write_back(struct local_writer *w, struct error *err)
{
    if (w->offset - w->begun < WINDOW)
        return 0;
    if (range_result(w,
                     sync_file_range(w->fd, w->begun, w->offset - w->begun,
                                     SYNC_FILE_RANGE_WRITE),
                     err) != 0)
        return -1;
    if (w->begun > w->waited) {
        off_t len = w->begun - w->waited;
        if (range_result(w,
                         sync_file_range(w->fd, w->waited, len,
                                         SYNC_FILE_RANGE_WAIT_BEFORE |
                                             SYNC_FILE_RANGE_WRITE |
                                             SYNC_FILE_RANGE_WAIT_AFTER),
                         err) != 0)
            return -1;
        posix_fadvise(w->fd, w->waited, len, POSIX_FADV_DONTNEED);
        w->waited = w->begun;
    }
    w->begun = w->offset;
    return 0;
}

static int flush_piece(struct local_writer *w, struct error *err)
{
    size_t done = 0;
    while (done < w->fill) {
        ssize_t n = write(w->fd, w->piece + done, w->fill - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_failed(w, "write", err);
        done += (size_t)n;
        w->offset += n;
    }
    w->fill = 0;
    return start_write_back(w, err);
}

int local_writer_write(void *writer, const void *data, size_t len,
                       struct error *err)
{
    struct local_writer *w = writer;
    const char *from = data;

    while (len > 0) {
        size_t room = PIECE - w->fill;
        size_t n = len < room ? len : room;
        memcpy(w->piece + w->fill, from, n);
        w->fill += n;
        from += n;
        len -= n;
        if (w->fill == PIECE && flush_piece(w, err) != 0)
            return -1;
    }
    return 0;
}

/* A rename that never replaces.  File systems without RENAME_NOREPLACE
 * (NFS among them) get the older way to the same end. */
static int rename_new(const struct local_writer *w, struct error *err)
{
    if (renameat2(AT_FDCWD, w->part, AT_FDCWD, w->path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS) {
        if (link(w->part, w->path) == 0) {
            unlink(w->part);
            return 0;
        }
    }
    if (errno == EEXIST)
        return error_set(err, ERR_CONFLICT, "%s exists already", w->path);
    return write_failed(w, "give its final name to", err);
}

int local_writer_commit(void *writer, struct error *err)
{
    struct local_writer *w = writer;
    bool renamed = false;
    int rc = -1;

    if (flush_piece(w, err) != 0)
        goto done;
    if (fdatasync(w->fd) != 0) {
        write_failed(w, "sync", err);
        goto done;
    }
    if (rename_new(w, err) != 0)
        goto done;
    renamed = true;
    if (file_sync_parent(w->path, err) != 0)
        goto done;
    posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED);
    rc = 0;
done:
    if (rc != 0)
        unlink(renamed ? w->path : w->part);
    writer_free(w);
    return rc;
}

void local_writer_abort(void *writer)
{
    struct local_writer *w = writer;
    if (w == NULL)
        return;
    unlink(w->part);
    writer_free(w);
}
