/* SPDX-License-Identifier: Apache-2.0
 *
 * How a function says what went wrong: it returns -1 and fills one of these.
 *
 * Few kinds, because a kind exists only where somebody decides by it: the
 * HTTP status of a reply, or whether trying again can help. */
#ifndef ASSAY_BASE_ERROR_H
#define ASSAY_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum error_kind {
    ERR_NONE = 0,
    ERR_INTERNAL,     /* our own fault, or the machine's: memory, a bug  500 */
    ERR_IO,           /* file, disk, database                            500 */
    ERR_INVALID,      /* the request or the input is not acceptable      400 */
    ERR_DENIED,       /* missing, bad or insufficient token              403 */
    ERR_NOT_FOUND,    /* the thing asked for does not exist              404 */
    ERR_METHOD,       /* the path exists, the operation does not         405 */
    ERR_CONFLICT,     /* something else is already running               409 */
    ERR_PRECONDITION, /* a gate refused: not valid, payload differs      422 */
    ERR_TOO_LARGE,    /* over a limit of base/limits.h                   413 */
    ERR_CORRUPT,      /* data that arrived is damaged or incomplete      500 */
    ERR_UPSTREAM,     /* Vault answered with an error                    502 */
    ERR_UNAVAILABLE,  /* Vault cannot be reached, is sealed, or stalled  503 */
    ERR_CANCELLED,    /* somebody asked to stop                          500 */
    ERR_TOO_MANY,     /* requests; nothing was done, wait a little       429 */
};

enum { ERROR_TEXT_MAX = 512 };

/* Plain data.  `text` is one sentence without a final newline; it never
 * holds a secret.  `status` is the HTTP status of an upstream's answer, or
 * 0 when there was none. */
struct error {
    enum error_kind kind;
    int status;
    char text[ERROR_TEXT_MAX];
};

/* What the functions below return.  They are macros around functions so that
 * compilers and analyzers see in every file that they never return 0. */
static inline int error_failed(void)
{
    return -1;
}

/* Fill `err` (which may be NULL) and return -1, so that a caller can write
 * `return error_set(err, kind, "format", …)`.  A text that is too long is cut
 * with "...". */
#define error_set(err, ...) (error_fill((err), __VA_ARGS__), error_failed())

/* As error_set, ending in ": " and what errno says. */
#define error_errno(err, ...)                                                  \
    (error_fill_errno((err), __VA_ARGS__), error_failed())

/* Put "prefix: " before the text that is there.  Returns -1. */
#define error_prefix(err, ...)                                                 \
    (error_fill_prefix((err), __VA_ARGS__), error_failed())

/* Out of memory: the one error that has no better text.  Returns -1. */
#define error_memory(err) error_set((err), ERR_INTERNAL, "out of memory")

/* Of the macros only. */
void error_fill(struct error *err, enum error_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void error_fill_errno(struct error *err, enum error_kind kind, const char *fmt,
                      ...) PRINTF_LIKE(3, 4);
void error_fill_prefix(struct error *err, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

void error_clear(struct error *err);

/* The status of a reply for this kind: 403 for a missing token, 409 for
 * "already running", never 412 or 429 for that, because clients retry those
 * by themselves; 429 only where a retry is what we want. */
int error_http_status(enum error_kind kind);

/* Whether doing the same again may help.  False for everything that was
 * refused for a reason. */
bool error_worth_retrying(const struct error *err);

#endif
