/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/kept.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "vault/raft.h"

static int write_bytes(void *ctx, const void *data, size_t len,
                       struct error *err)
{
    const int *fd = ctx;

    return file_write_all(*fd, data, len, "the scratch cluster's snapshot",
                          err);
}

static int read_bytes(void *ctx, void *data, size_t size, size_t *len,
                      struct error *err)
{
    const int *fd = ctx;
    ssize_t n = read(*fd, data, size);

    if (n < 0)
        return error_errno(err, ERR_IO, "cannot read what is put back");
    *len = (size_t)n;
    return 0;
}

static int check(const char *path, const struct transient_options *o,
                 struct error *err)
{
    int fd = -1;
    const struct source source = {
        .read = read_bytes, .ctx = &fd, .size = UINT64_MAX};
    int rc;

    if (o->intact == NULL)
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot read %s", path);
    rc = o->intact(&source, o->cancel, err);
    (void)close(fd);
    return rc;
}

int kept_take(struct vault *scratch, const char *path,
              const struct transient_options *o, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const struct sink sink = {.write = write_bytes, .ctx = &fd};
    struct vault_snapshot_info info;
    int rc;

    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot write %s", path);
    rc = vault_snapshot_take(scratch, &sink, o->cancel, &info, err);
    if (rc == 0 && fsync(fd) != 0)
        rc = error_errno(err, ERR_IO, "cannot write %s", path);
    (void)close(fd);
    return rc == 0 ? check(path, o, err) : -1;
}

int kept_force(const char *path, struct vault *copy, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const struct source source = {
        .read = read_bytes, .ctx = &fd, .size = UINT64_MAX};
    const struct vault_restore what = {
        .source = &source, .force = true, .this_node = true};
    struct vault_restore_result result;
    int rc;

    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot read %s", path);
    rc = vault_snapshot_restore(copy, &what, &result, err);
    (void)close(fd);
    return rc;
}
