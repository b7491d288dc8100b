/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { FIRST_SIZE = 256 };

void buf_init(struct buf *b, size_t max)
{
    assert(max > 0);
    memset(b, 0, sizeof *b);
    b->max = max;
}

void buf_init_secret(struct buf *b, size_t max)
{
    buf_init(b, max);
    b->secret = true;
}

static void release(struct buf *b)
{
    if (b->data != NULL && b->secret)
        secret_wipe(b->data, b->cap);
    free(b->data);
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
}

void buf_done(struct buf *b)
{
    release(b);
    b->failed = false;
    b->no_memory = false;
}

/* A secret must not be left behind by realloc in memory that it gave up. */
static char *grow(struct buf *b, size_t cap)
{
    char *data;

    if (!b->secret)
        return realloc(b->data, cap);
    data = malloc(cap);
    if (data == NULL)
        return NULL;
    if (b->data != NULL) {
        memcpy(data, b->data, b->len + 1);
        secret_wipe(b->data, b->cap);
        free(b->data);
    }
    return data;
}

void *buf_reserve(struct buf *b, size_t len)
{
    size_t need, cap;
    char *data;

    if (b->failed)
        return NULL;
    if (len > b->max || b->len > b->max - len) {
        b->failed = true;
        return NULL;
    }
    need = b->len + len + 1;
    if (need > b->cap) {
        cap = b->cap ? b->cap : FIRST_SIZE;
        while (cap < need)
            cap = cap > SIZE_MAX / 2 ? need : cap * 2;
        if (cap > b->max + 1)
            cap = b->max + 1;
        data = grow(b, cap);
        if (data == NULL) {
            b->failed = true;
            b->no_memory = true;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    return b->data + b->len;
}

void buf_claim(struct buf *b, size_t len)
{
    assert(b->data != NULL && len < b->cap - b->len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    void *room = buf_reserve(b, len);

    if (room == NULL)
        return;
    if (len > 0)
        memcpy(room, data, len);
    buf_claim(b, len);
}

void buf_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    char *room;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0) {
        b->failed = true;
        return;
    }
    room = buf_reserve(b, (size_t)n);
    if (room == NULL)
        return;
    (void)vsnprintf(room, (size_t)n + 1, fmt, ap);
    buf_claim(b, (size_t)n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_clear(struct buf *b)
{
    if (b->data != NULL) {
        if (b->secret)
            secret_wipe(b->data, b->cap);
        b->data[0] = '\0';
    }
    b->len = 0;
    b->failed = false;
    b->no_memory = false;
}

void buf_consume(struct buf *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0)
        return;
    memmove(b->data, b->data + len, b->len - len + 1);
    b->len -= len;
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

int buf_check(const struct buf *b, const char *what, struct error *err)
{
    if (!b->failed)
        return 0;
    if (b->no_memory)
        return error_memory(err);
    return error_set(err, ERR_TOO_LARGE, "%s is larger than %zu bytes", what,
                     b->max);
}

const char *buf_text(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *data;

    if (b->failed || buf_reserve(b, 0) == NULL)
        return NULL;
    data = b->data;
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
    return data;
}
