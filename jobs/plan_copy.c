/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/plan_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "vault/raft.h"

/* The catalog lives beside it, and must not find its disk full. */
enum { ROOM_PERCENT = 50 };

/* Where a file system has no files without names, one whose name is removed
 * at once. */
static int open_nameless(const char *dir, struct error *err)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    char *path = NULL;

    if (fd >= 0)
        return fd;
    path = text_format("%s/plan-XXXXXX", dir);
    if (path == NULL) {
        error_memory(err);
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        error_errno(err, ERR_IO, "a file in %s", dir);
    else
        (void)unlink(path);
    free(path);
    return fd;
}

static int find_room(struct plan_copy *c, const char *dir, struct error *err)
{
    struct statvfs fs;

    if (fstatvfs(c->fd, &fs) != 0)
        return error_errno(err, ERR_IO, "the room in %s", dir);
    c->room = (uint64_t)fs.f_bavail * fs.f_frsize / 100 * ROOM_PERCENT;
    return 0;
}

static int add(void *ctx, const void *data, size_t len, struct error *err)
{
    struct plan_copy *c = ctx;

    if (len > c->room - c->size)
        return error_set(err, ERR_IO,
                         "a copy of it would take more than half of the room "
                         "that data_dir has left");
    if (file_write_all(c->fd, data, len, "a copy of the target", err) != 0)
        return -1;
    c->size += len;
    job_progress(c->job, c->size, c->expected, "bytes");
    return 0;
}

int plan_copy_take(struct plan_copy *c, struct job *job, struct vault *vault,
                   uint64_t expected, struct error *err)
{
    const struct sink sink = {.write = add, .ctx = c};
    const char *dir = job->world->data_dir;
    struct vault_snapshot_info info;
    int64_t begun = clock_mono_ms();

    *c = (struct plan_copy){.job = job, .expected = expected};
    c->fd = open_nameless(dir, err);
    if (c->fd < 0 || find_room(c, dir, err) != 0 ||
        vault_snapshot_take(vault, &sink, &job->cancel, &info, err) != 0)
        return -1;
    c->took_ms = clock_mono_ms() - begun;
    return 0;
}

static int read_some(void *ctx, void *data, size_t size, size_t *len,
                     struct error *err)
{
    struct plan_copy *c = ctx;
    ssize_t got;

    do
        got = pread(c->fd, data, size, c->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(err, ERR_IO, "reading the copy of the target");
    c->at += got;
    *len = (size_t)got;
    return 0;
}

static int from_the_first(void *ctx, struct error *err)
{
    struct plan_copy *c = ctx;

    (void)err;
    c->at = 0;
    return 0;
}

struct source plan_copy_source(struct plan_copy *c)
{
    c->at = 0;
    return (struct source){
        .read = read_some, .rewind = from_the_first, .ctx = c, .size = c->size};
}

void plan_copy_done(struct plan_copy *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}
