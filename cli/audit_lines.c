/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_lines.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cli/input.h"

enum { BLOCK = 16 * 1024 };

struct lines {
    int (*each)(void *ctx, const char *line, size_t len, struct error *err);
    void *ctx;
    struct buf line; /* what has come of it */
};

static int add(struct lines *l, const char *data, size_t len, struct error *err)
{
    buf_add(&l->line, data, len);
    if (!buf_failed(&l->line))
        return 0;
    return error_set(err, ERR_CORRUPT,
                     "a line is longer than any entry of an audit record");
}

static int take_block(struct lines *l, const char *data, size_t len,
                      struct error *err)
{
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        const size_t n = end != NULL ? (size_t)(end - data) : len;
        int rc = add(l, data, n, err);

        if (rc != 0 || end == NULL)
            return rc;
        rc = l->each(l->ctx, buf_text(&l->line), l->line.len, err);
        if (rc != 0)
            return rc;
        buf_clear(&l->line);
        data += n + 1;
        len -= n + 1;
    }
    return 0;
}

int audit_lines_each(const char *name,
                     int (*each)(void *ctx, const char *line, size_t len,
                                 struct error *err),
                     void *ctx, struct error *err)
{
    struct lines l = {.each = each, .ctx = ctx};
    struct input in = {.fd = -1};
    char block[BLOCK];
    size_t len = 0;
    int rc;

    buf_init(&l.line, LIMIT_AUDIT_ENTRY);
    rc = input_open(&in, name, err);
    while (rc == 0) {
        rc = in.source.read(in.source.ctx, block, sizeof(block), &len, err);
        if (rc != 0 || len == 0)
            break;
        rc = take_block(&l, block, len, err);
    }
    /* A last line that does not end. */
    if (rc == 0 && l.line.len > 0)
        rc = each(ctx, l.line.data, l.line.len, err);
    input_close(&in);
    buf_done(&l.line);
    return rc;
}
