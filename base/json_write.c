/* SPDX-License-Identifier: Apache-2.0
 *
 * The writing half of base/json.h. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

static const uint64_t exact_max = UINT64_C(1) << 53;

void jsonw_init(struct jsonw *w, struct buf *out)
{
    w->out = out;
    w->depth = 0;
    w->has_item = 0;
}

static void quote(struct buf *out, const char *s, size_t len);

static void begin(struct jsonw *w, const char *key)
{
    uint64_t bit = UINT64_C(1) << w->depth;

    if (w->has_item & bit)
        buf_char(w->out, ',');
    w->has_item |= bit;
    if (key != NULL) {
        quote(w->out, key, strlen(key));
        buf_char(w->out, ':');
    }
}

static void open_level(struct jsonw *w, const char *key, char c)
{
    begin(w, key);
    assert(w->depth < 63);
    w->depth++;
    w->has_item &= ~(UINT64_C(1) << w->depth);
    buf_char(w->out, c);
}

static void close_level(struct jsonw *w, char c)
{
    assert(w->depth > 0);
    w->depth--;
    buf_char(w->out, c);
}

void jsonw_object(struct jsonw *w, const char *key)
{
    open_level(w, key, '{');
}

void jsonw_end_object(struct jsonw *w)
{
    close_level(w, '}');
}

void jsonw_array(struct jsonw *w, const char *key)
{
    open_level(w, key, '[');
}

void jsonw_end_array(struct jsonw *w)
{
    close_level(w, ']');
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void escape(struct buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        buf_str(out, "\\\"");
        break;
    case '\\':
        buf_str(out, "\\\\");
        break;
    case '\n':
        buf_str(out, "\\n");
        break;
    case '\r':
        buf_str(out, "\\r");
        break;
    case '\t':
        buf_str(out, "\\t");
        break;
    default:
        buf_printf(out, "\\u%04x", c);
        break;
    }
}

/* Bytes of one character at s: its length, or 0 if it is not UTF-8. */
static size_t character(const char *s, size_t left)
{
    for (size_t n = 2; n <= 4 && n <= left; n++) {
        if (text_is_utf8(s, n))
            return n;
    }
    return 0;
}

static void quote(struct buf *out, const char *s, size_t len)
{
    size_t i = 0;

    buf_char(out, '"');
    while (i < len) {
        size_t n = i;

        while (n < len && plain((unsigned char)s[n]))
            n++;
        buf_add(out, s + i, n - i);
        i = n;
        if (i == len)
            break;
        if ((unsigned char)s[i] < 0x80) {
            escape(out, (unsigned char)s[i++]);
            continue;
        }
        n = character(s + i, len - i);
        if (n == 0) {
            buf_str(out, "\\ufffd");
            i++;
        } else {
            buf_add(out, s + i, n);
            i += n;
        }
    }
    buf_char(out, '"');
}

void jsonw_text_len(struct jsonw *w, const char *key, const char *value,
                    size_t len)
{
    begin(w, key);
    quote(w->out, value, len);
}

void jsonw_text(struct jsonw *w, const char *key, const char *value)
{
    if (value == NULL)
        jsonw_null(w, key);
    else
        jsonw_text_len(w, key, value, strlen(value));
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
    begin(w, key);
    buf_str(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    begin(w, key);
    buf_str(w->out, "null");
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
    const char *mark = value > exact_max ? "\"" : "";

    begin(w, key);
    buf_printf(w->out, "%s%" PRIu64 "%s", mark, value, mark);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value)
{
    if (value >= 0) {
        jsonw_u64(w, key, (uint64_t)value);
        return;
    }
    begin(w, key);
    buf_printf(w->out, "%" PRId64, value);
}

void jsonw_seconds(struct jsonw *w, const char *key, double value)
{
    char text[64];
    char *end;

    if (!isfinite(value) || fabs(value) > 1e15) {
        jsonw_null(w, key);
        return;
    }
    (void)snprintf(text, sizeof text, "%.3f", value);
    end = text + strlen(text) - 1;
    while (*end == '0')
        *end-- = '\0';
    if (*end == '.')
        *end = '\0';
    begin(w, key);
    buf_str(w->out, strcmp(text, "-0") == 0 ? "0" : text);
}

void jsonw_time(struct jsonw *w, const char *key, int64_t unix_ms)
{
    char text[CLOCK_TEXT_MAX];

    if (unix_ms == 0) {
        jsonw_null(w, key);
        return;
    }
    clock_text(unix_ms, text);
    jsonw_text(w, key, text);
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json)
{
    begin(w, key);
    buf_str(w->out, json);
}
