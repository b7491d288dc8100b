/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/html.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static const char *escaped(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* The bytes of one character of well-formed UTF-8. */
static size_t char_len(unsigned char first)
{
    if (first < 0xc0)
        return 1;
    if (first < 0xe0)
        return 2;
    return first < 0xf0 ? 3 : 4;
}

/* What turns the writing around, or cannot be seen. */
static const char *invisible(const char *c)
{
    static const struct {
        const char *utf8;
        const char *shown;
    } rows[] = {
        {"\u061c", "\\u061c"}, {"\u200b", "\\u200b"}, {"\u200e", "\\u200e"},
        {"\u200f", "\\u200f"}, {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"},
        {"\u202a", "\\u202a"}, {"\u202b", "\\u202b"}, {"\u202c", "\\u202c"},
        {"\u202d", "\\u202d"}, {"\u202e", "\\u202e"}, {"\u2066", "\\u2066"},
        {"\u2067", "\\u2067"}, {"\u2068", "\\u2068"}, {"\u2069", "\\u2069"},
        {"\ufeff", "\\ufeff"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (text_starts(c, rows[i].utf8))
            return rows[i].shown;
    return NULL;
}

void html_text(struct buf *out, const char *text)
{
    bool utf8 = text_is_utf8(text, strlen(text));

    for (const char *p = text; *p != '\0';) {
        unsigned char c = (unsigned char)*p;
        const char *instead = c < 0x80 ? escaped(*p) : invisible(p);
        size_t len = utf8 ? char_len(c) : 1;

        if (instead != NULL && (utf8 || c < 0x80))
            buf_str(out, instead);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else if (c >= 0x80 && !utf8)
            buf_str(out, "\ufffd");
        else if (c == 0xc2 && (unsigned char)p[1] < 0xa0)
            buf_printf(out, "\\x%02x", (unsigned char)p[1]);
        else
            buf_add(out, p, len);
        p += len;
    }
}
