/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int http_status;
    bool retry;
} kinds[] = {
    [ERR_NONE] = {200, false},         [ERR_INTERNAL] = {500, false},
    [ERR_IO] = {500, false},           [ERR_INVALID] = {400, false},
    [ERR_DENIED] = {403, false},       [ERR_NOT_FOUND] = {404, false},
    [ERR_METHOD] = {405, false},       [ERR_CONFLICT] = {409, false},
    [ERR_PRECONDITION] = {422, false}, [ERR_TOO_LARGE] = {413, false},
    [ERR_CORRUPT] = {500, false},      [ERR_UPSTREAM] = {502, true},
    [ERR_UNAVAILABLE] = {503, true},   [ERR_CANCELLED] = {500, false},
    [ERR_TOO_MANY] = {429, true},
};

/* Cut text ends visibly, so that nobody takes half a sentence for all. */
static void mark_cut(char *text, size_t size)
{
    memcpy(text + size - 4, "...", 4);
}

static void fill(struct error *err, enum error_kind kind, const char *fmt,
                 va_list ap) __attribute__((format(printf, 3, 0)));

static void fill(struct error *err, enum error_kind kind, const char *fmt,
                 va_list ap)
{
    int n;

    err->kind = kind;
    err->status = 0;
    n = vsnprintf(err->text, sizeof err->text, fmt, ap);
    if (n >= (int)sizeof err->text)
        mark_cut(err->text, sizeof err->text);
}

void error_fill(struct error *err, enum error_kind kind, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return;
    va_start(ap, fmt);
    fill(err, kind, fmt, ap);
    va_end(ap);
}

void error_fill_errno(struct error *err, enum error_kind kind, const char *fmt,
                      ...)
{
    int saved = errno;
    char reason[128];
    size_t used;
    va_list ap;

    if (err == NULL)
        return;
    va_start(ap, fmt);
    fill(err, kind, fmt, ap);
    va_end(ap);
    used = strlen(err->text);
    /* The GNU strerror_r: may answer with a constant instead of `reason`. */
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s",
                   strerror_r(saved, reason, sizeof reason));
}

void error_fill_prefix(struct error *err, const char *fmt, ...)
{
    char old[ERROR_TEXT_MAX];
    size_t used;
    va_list ap;
    int n;

    if (err == NULL)
        return;
    memcpy(old, err->text, sizeof old);
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    used = strlen(err->text);
    n = snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    if (n >= (int)(sizeof err->text - used))
        mark_cut(err->text, sizeof err->text);
}

void error_clear(struct error *err)
{
    if (err == NULL)
        return;
    err->kind = ERR_NONE;
    err->status = 0;
    err->text[0] = '\0';
}

int error_http_status(enum error_kind kind)
{
    if ((size_t)kind >= sizeof kinds / sizeof kinds[0])
        return 500;
    return kinds[kind].http_status;
}

bool error_worth_retrying(const struct error *err)
{
    return (size_t)err->kind < sizeof kinds / sizeof kinds[0] &&
           kinds[err->kind].retry;
}
