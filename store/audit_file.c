/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/audit_line.h"

int audit_file_init(struct audit_file *f, const char *path, struct error *err)
{
    *f = (struct audit_file){.fd = -1};
    if (path == NULL)
        return 0;
    f->path = text_dup(path);
    return f->path != NULL ? 0 : error_memory(err);
}

void audit_file_done(struct audit_file *f)
{
    if (f->path != NULL && f->fd >= 0)
        (void)close(f->fd);
    free(f->path);
    *f = (struct audit_file){.fd = -1};
}

static int open_file(const struct audit_file *f, int *out, off_t *size,
                     struct error *err)
{
    const bool is_new = !file_exists(f->path);
    int fd = open(f->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
                  0600);
    struct stat st;
    int rc = -1;

    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot open the audit file %s",
                           f->path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)error_set(err, ERR_IO, "the audit file %s is not a regular file",
                        f->path);
        goto done;
    }
    if ((st.st_mode & 077) != 0 && fchmod(fd, 0600) != 0) {
        (void)error_errno(err, ERR_IO, "cannot keep the audit file %s private",
                          f->path);
        goto done;
    }
    if (is_new && file_sync_parent(f->path, err) != 0)
        goto done;
    *out = fd;
    *size = st.st_size;
    fd = -1;
    rc = 0;
done:
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* The end of the file, where the last line is; *at says where in it. */
static int read_tail(int fd, off_t size, struct buf *out, off_t *at,
                     struct error *err)
{
    const off_t most = (off_t)out->max - 1;
    size_t want = (size_t)(size < most ? size : most);
    char *room = buf_reserve(out, want > 0 ? want : 1);

    *at = size - (off_t)want;
    if (room == NULL)
        return error_memory(err);
    while (out->len < want) {
        ssize_t n = pread(fd, out->data + out->len, want - out->len,
                          *at + (off_t)out->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_errno(err, ERR_IO, "cannot read the audit file");
        buf_claim(out, (size_t)n);
    }
    return 0;
}

/* Where the last whole line begins, and how long it is with its break; what
 * is behind it was cut short. */
static size_t last_line(const struct buf *tail, size_t *begin)
{
    const char *text = buf_text(tail);
    size_t end = tail->len;

    while (end > 0 && text[end - 1] != '\n')
        end--;
    *begin = end > 0 ? end - 1 : 0;
    while (*begin > 0 && text[*begin - 1] != '\n')
        (*begin)--;
    return end;
}

/* What the file has of the chain. */
static int find_place(struct audit_file *f, off_t size,
                      const struct audit_head *head, struct error *err)
{
    struct audit_link link = {0};
    struct error ignored;
    struct buf tail;
    off_t at = 0;
    size_t begin = 0;
    size_t end = 0;
    int rc = -1;

    buf_init(&tail, 2 * LIMIT_AUDIT_ENTRY);
    if (read_tail(f->fd, size, &tail, &at, err) != 0)
        goto done;
    end = last_line(&tail, &begin);
    if (end < tail.len && ftruncate(f->fd, at + (off_t)end) != 0) {
        (void)error_errno(err, ERR_IO, "cannot repair the audit file %s",
                          f->path);
        goto done;
    }
    rc = 0;
    f->seq = head->seq;
    if (end == 0)
        goto done;
    /* Whatever is there, it is not rewritten: `audit verify` judges it. */
    if (audit_line_read(tail.data + begin, end - begin - 1, &link, &ignored) !=
        0)
        goto done;
    if (strcmp(link.chain, head->chain) != 0)
        f->seq = 0;
    else if (link.seq < head->seq)
        f->seq = link.seq;
done:
    buf_done(&tail);
    return rc;
}

int audit_file_open(struct audit_file *f, const struct audit_head *head,
                    struct error *err)
{
    off_t size = 0;

    if (f->path == NULL)
        return 0;
    if (open_file(f, &f->fd, &size, err) != 0)
        return -1;
    return find_place(f, size, head, err);
}

int audit_file_reopen(struct audit_file *f, struct error *err)
{
    off_t size = 0;
    int fd = -1;

    if (f->path == NULL)
        return 0;
    if (open_file(f, &fd, &size, err) != 0)
        return -1;
    (void)close(f->fd);
    f->fd = fd;
    return 0;
}

int audit_file_append(struct audit_file *f, uint64_t seq, const char *line,
                      struct error *err)
{
    const size_t len = strlen(line);
    char newline = '\n';
    struct iovec parts[2] = {{.iov_len = len}, {&newline, 1}};
    struct stat st;
    ssize_t n;

    memcpy(&parts[0].iov_base, &line, sizeof(line));
    if (fstat(f->fd, &st) != 0)
        return error_errno(err, ERR_IO, "cannot write the audit file %s",
                           f->path);
    do
        n = writev(f->fd, parts, 2);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)len + 1) {
        f->seq = seq;
        return 0;
    }
    if (n >= 0)
        errno = ENOSPC;
    (void)error_errno(err, ERR_IO, "cannot write the audit file %s", f->path);
    /* Half a line would make two bad ones. */
    if (n > 0 && ftruncate(f->fd, st.st_size) != 0)
        return error_prefix(err, "and half a line is left in it");
    return -1;
}
