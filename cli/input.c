/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int input_read(void *ctx, void *data, size_t size, size_t *len,
                      struct error *err)
{
    struct input *in = ctx;
    ssize_t got = 0;

    do {
        got = read(in->fd, data, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return error_errno(err, ERR_IO, "cannot read %s", in->name);
    }
    *len = (size_t)got;
    return 0;
}

static int input_rewind(void *ctx, struct error *err)
{
    struct input *in = ctx;

    if (lseek(in->fd, 0, SEEK_SET) != 0) {
        return error_errno(err, ERR_IO, "cannot read %s twice", in->name);
    }
    return 0;
}

int input_open(struct input *in, const char *name, struct error *err)
{
    bool standard = strcmp(name, "-") == 0;

    *in = (struct input){
        .name = standard ? "standard input" : name,
        .fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC),
        .source = {.read = input_read, .ctx = in, .size = UINT64_MAX},
    };
    if (in->fd < 0) {
        return error_errno(err, ERR_IO, "cannot open %s", name);
    }
    if (!standard) {
        in->source.rewind = input_rewind;
    }
    /* Only advice: a pipe says no. */
    (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

void input_close(struct input *in)
{
    if (in->fd > STDIN_FILENO) {
        close(in->fd);
    }
}
