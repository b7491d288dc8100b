/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_reserve.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void audit_reserve_init(struct audit_reserve *r, char *path, uint64_t bytes)
{
    *r = (struct audit_reserve){.path = path, .bytes = bytes};
}

void audit_reserve_done(struct audit_reserve *r)
{
    free(r->path);
    *r = (struct audit_reserve){0};
}

bool audit_reserve_hold(struct audit_reserve *r)
{
    int fd;

    if (r->path == NULL || r->held)
        return true;
    fd = open(r->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    /* Blocks, not only a size: a sparse file would keep nothing. */
    r->held = posix_fallocate(fd, 0, (off_t)r->bytes) == 0;
    (void)close(fd);
    if (!r->held)
        (void)unlink(r->path);
    return r->held;
}

bool audit_reserve_release(struct audit_reserve *r)
{
    if (!r->held)
        return false;
    (void)unlink(r->path);
    r->held = false;
    return true;
}
