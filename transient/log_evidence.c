/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/log_evidence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "transient/server_log.h"

enum { CHUNK = 16 * 1024, LINE_MAX = 16 * 1024, LAST_LINE_MAX = 256 };

struct copy {
    struct buf kept;
    struct buf line;
    bool too_long; /* this line */
    uint64_t left_out;
};

/* An endless line is none of the server's. */
static void end_line(struct copy *c)
{
    if (!c->too_long && server_log_is_own(buf_text(&c->line))) {
        buf_add(&c->kept, c->line.data, c->line.len);
        buf_char(&c->kept, '\n');
    } else if (c->too_long || c->line.len > 0) {
        c->left_out++;
    }
    buf_clear(&c->line);
    c->too_long = false;
}

static void take(struct copy *c, const char *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] == '\n')
            end_line(c);
        else if (c->line.len < LINE_MAX)
            /* A NUL would hide what follows it. */
            buf_char(&c->line, data[i] == '\0' ? ' ' : data[i]);
        else
            c->too_long = true;
    }
}

/* From the last LOG_EVIDENCE_MAX bytes on, up to where it ended when we
 * began: a server that goes on writing does not keep us. */
static int read_log(int fd, struct copy *c, bool *cut, const char *path,
                    struct error *err)
{
    char chunk[CHUNK];
    struct stat st;
    off_t at = 0;
    ssize_t n = 1;

    if (fstat(fd, &st) != 0)
        return error_errno(err, ERR_IO, "cannot look at %s", path);
    *cut = st.st_size > LOG_EVIDENCE_MAX;
    if (*cut)
        at = st.st_size - LOG_EVIDENCE_MAX;
    while (at < st.st_size && n > 0) {
        n = pread(fd, chunk, sizeof chunk, at);
        if (n > 0)
            take(c, chunk, (size_t)n);
        at += n > 0 ? n : 0;
    }
    end_line(c);
    return n < 0 ? error_errno(err, ERR_IO, "cannot read %s", path) : 0;
}

static void say_what_is_missing(struct copy *c, bool cut)
{
    if (cut)
        buf_printf(&c->kept,
                   "assay: only the last %d bytes of the log were looked at\n",
                   LOG_EVIDENCE_MAX);
    if (c->left_out > 0)
        buf_printf(&c->kept,
                   "assay: %" PRIu64 " lines that are not of the form of the "
                   "server's own log were left out\n",
                   c->left_out);
}

int log_evidence_keep(const char *from, const char *to,
                      struct log_evidence *out, struct error *err)
{
    struct copy c = {.left_out = 0};
    bool cut = false;
    int rc = -1;
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    buf_init(&c.kept, LOG_EVIDENCE_MAX + CHUNK + 2 * LAST_LINE_MAX);
    buf_init_secret(&c.line, LINE_MAX + 1);
    if (fd < 0) {
        error_errno(err, ERR_IO, "cannot open the log %s", from);
        goto done;
    }
    if (read_log(fd, &c, &cut, from, err) != 0)
        goto done;
    say_what_is_missing(&c, cut);
    if (buf_check(&c.kept, "a log", err) != 0 ||
        file_replace(to, buf_text(&c.kept), c.kept.len, 0600, err) != 0)
        goto done;
    *out = (struct log_evidence){
        .bytes = c.kept.len, .left_out = c.left_out, .cut = cut};
    digest_sha256_hex(buf_text(&c.kept), c.kept.len, out->sha256);
    rc = 0;
done:
    buf_done(&c.kept);
    buf_done(&c.line);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}
