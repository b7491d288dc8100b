/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/jobs/sealed.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { MOST = 1024 * 1024 };

static void read_file(struct buf *out, const char *path)
{
    struct error err;

    buf_init(out, MOST);
    if (file_read(path, out, &err) != 0)
        fail_msg("%s", err.text);
}

void sealed_load(struct sealed *s, const char *name)
{
    char path[512];
    char *save = NULL;

    *s = (struct sealed){.at = 0};
    (void)snprintf(s->path, sizeof(s->path), "%s/%s.snap", ASSAY_FIXTURES,
                   name);
    (void)snprintf(path, sizeof(path), "%s/%s.keys", ASSAY_FIXTURES, name);
    read_file(&s->archive, s->path);
    read_file(&s->keys, path);
    for (size_t n = 0; n < SEALED_SHARES; n++) {
        s->shares[n] = strtok_r(n == 0 ? s->keys.data : NULL, "\n", &save);
        assert_non_null(s->shares[n]);
    }
}

void sealed_done(struct sealed *s)
{
    buf_done(&s->archive);
    buf_done(&s->keys);
}

static int read_some(void *ctx, void *data, size_t size, size_t *len,
                     struct error *err)
{
    struct sealed *s = ctx;

    (void)err;
    *len = s->archive.len - s->at < size ? s->archive.len - s->at : size;
    memcpy(data, s->archive.data + s->at, *len);
    s->at += *len;
    return 0;
}

struct source sealed_source(struct sealed *s)
{
    s->at = 0;
    return (struct source){.read = read_some, .ctx = s, .size = s->archive.len};
}
