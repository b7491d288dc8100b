/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

enum { LINE_MAX_BYTES = 2048 };

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_bool as_json;

static const char *const names[] = {"error", "warn", "info", "debug"};

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

int log_level_parse(const char *name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum log_level)i;
            return 0;
        }
    }
    return -1;
}

void log_set_json(bool on)
{
    atomic_store(&as_json, on);
}

/* A line must stay one line: whoever reads the log trusts its line breaks. */
static void flatten(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}

static void write_line(enum log_level level, const char *text)
{
    char when[CLOCK_TEXT_MAX];
    struct buf line;

    clock_text(clock_now_ms(), when);
    buf_init(&line, 8 * LINE_MAX_BYTES);
    if (atomic_load(&as_json)) {
        struct jsonw w;

        jsonw_init(&w, &line);
        jsonw_object(&w, NULL);
        jsonw_text(&w, "time", when);
        jsonw_text(&w, "level", names[level]);
        jsonw_text(&w, "message", text);
        jsonw_end_object(&w);
        buf_char(&line, '\n');
    } else {
        buf_printf(&line, "%s [%s] %s\n", when, names[level], text);
    }
    /* One write, so that lines of several threads do not mix.  There is
     * nowhere to report that standard error is gone. */
    if (!buf_failed(&line)) {
        ssize_t n = write(STDERR_FILENO, line.data, line.len);
        (void)n;
    }
    buf_done(&line);
}

static void log_v(enum log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void log_v(enum log_level level, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES];

    if ((int)level > atomic_load(&threshold))
        return;
    (void)vsnprintf(text, sizeof text, fmt, ap);
    flatten(text);
    write_line(level, text);
}

#define LOG_FUNCTION(name, level)                                              \
    void name(const char *fmt, ...)                                            \
    {                                                                          \
        va_list ap;                                                            \
                                                                               \
        va_start(ap, fmt);                                                     \
        log_v(level, fmt, ap);                                                 \
        va_end(ap);                                                            \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
