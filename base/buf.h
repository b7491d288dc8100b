/* SPDX-License-Identifier: Apache-2.0
 *
 * A byte buffer that is born with the largest size it may ever reach.
 *
 * Bytes only arrive at the end.  `data` is always NUL-terminated one byte
 * past `len`, so text can be read in place; it is NULL until the first byte.
 * Once an append fails (ceiling or memory) the buffer remembers: later
 * appends do nothing and buf_failed() says so - a writer of many small
 * pieces checks once, at the end. */
#ifndef ASSAY_BASE_BUF_H
#define ASSAY_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The fields may be read; only these functions write them. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
    bool no_memory; /* why it failed */
    bool secret;    /* wiped whenever memory is given back */
};

/* `max` bytes at most, > 0.  Caller's storage; nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);
/* The same for key material and tokens: grown by copy and wipe. */
void buf_init_secret(struct buf *b, size_t max);
/* Accepts a zeroed or already released buffer. */
void buf_done(struct buf *b);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Forget the content, keep the memory (wiped first when secret). */
void buf_clear(struct buf *b);
/* Drop the first `len` bytes (len <= b->len). */
void buf_consume(struct buf *b, size_t len);
/* Room for `len` more bytes at b->data + b->len, to be claimed with
 * buf_claim; NULL when the ceiling or memory says no. */
void *buf_reserve(struct buf *b, size_t len);
void buf_claim(struct buf *b, size_t len);

bool buf_failed(const struct buf *b);
/* -1 and ERR_TOO_LARGE "<what> is larger than … bytes", or the error of
 * error_memory, if an append failed. */
int buf_check(const struct buf *b, const char *what,
              struct error *err) MUST_USE;
/* Text so far, never NULL. */
const char *buf_text(const struct buf *b);
/* Hand the bytes over as a malloc'd NUL-terminated string; the buffer is
 * empty afterwards.  NULL if an append failed. */
char *buf_take(struct buf *b);

#endif
