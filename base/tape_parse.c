/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of base/tape.h.  It writes each string, unescaped, over itself,
 * and its end over the closing quote or what was before that. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/tape_node.h"
#include "base/text.h"

enum { FIRST_NODES = 256 };

/* Where the parser is. */
struct place {
    struct tape *t;
    char *p, *end;
    unsigned depth;
};

/* Room for every value there can be, each but the first behind a bracket or
 * a comma, so that nothing has to grow on the way. */
static int make_room(struct tape *t, const char *text, size_t len,
                     struct error *err)
{
    size_t most = 1;

    for (size_t i = 0; i < len; i++)
        most += text[i] == ',' || text[i] == '[' || text[i] == '{';
    if (most <= t->room)
        return 0;
    most += FIRST_NODES;
    struct tape_node *nodes = realloc(t->nodes, most * sizeof *nodes);
    if (nodes == NULL)
        return error_memory(err);
    t->nodes = nodes;
    t->room = most;
    return 0;
}

static uint32_t offset(const struct place *at, const char *p)
{
    return (uint32_t)(p - at->t->base);
}

static void skip_space(struct place *at)
{
    while (at->p < at->end && (*at->p == ' ' || *at->p == '\n' ||
                               *at->p == '\t' || *at->p == '\r'))
        at->p++;
}

static bool hex4(const char *p, unsigned *out)
{
    unsigned v = 0;

    for (int i = 0; i < 4; i++) {
        char c = p[i];

        if (c >= '0' && c <= '9')
            v = v * 16 + (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v * 16 + (unsigned)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

static char *put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* Behind "\u", surrogate pairs included. */
static bool unicode(struct place *at, char **to)
{
    unsigned c, low;

    if (at->end - at->p < 4 || !hex4(at->p, &c) || c == 0)
        return false;
    at->p += 4;
    if (c >= 0xdc00 && c < 0xe000)
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (at->end - at->p < 6 || at->p[0] != '\\' || at->p[1] != 'u' ||
            !hex4(at->p + 2, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        at->p += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    *to = put_utf8(*to, c);
    return true;
}

static bool escape(struct place *at, char **to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (at->p == at->end)
        return false;
    if (*at->p == 'u') {
        at->p++;
        return unicode(at, to);
    }
    found = *at->p != '\0' ? strchr(from, *at->p) : NULL;
    if (found == NULL)
        return false;
    *(*to)++ = into[found - from];
    at->p++;
    return true;
}

/* Behind the opening quote; the text ends where the closing one was, or
 * before it. */
static bool string(struct place *at, uint32_t *text, uint32_t *len)
{
    char *start = at->p, *to;

    while (at->p < at->end && *at->p != '"' && *at->p != '\\' &&
           (unsigned char)*at->p >= 0x20)
        at->p++;
    to = at->p;
    while (at->p < at->end && *at->p != '"') {
        if ((unsigned char)*at->p < 0x20)
            return false;
        if (*at->p != '\\') {
            *to++ = *at->p++;
            continue;
        }
        at->p++;
        if (!escape(at, &to))
            return false;
    }
    if (at->p == at->end)
        return false;
    at->p++;
    *to = '\0';
    *text = offset(at, start);
    *len = (uint32_t)(to - start);
    return true;
}

static bool is_digit(const struct place *at)
{
    return at->p < at->end && *at->p >= '0' && *at->p <= '9';
}

static bool digits(struct place *at)
{
    if (!is_digit(at))
        return false;
    while (is_digit(at))
        at->p++;
    return true;
}

static bool number(struct place *at)
{
    if (at->p < at->end && *at->p == '-')
        at->p++;
    if (at->p < at->end && *at->p == '0')
        at->p++;
    else if (!digits(at))
        return false;
    if (at->p < at->end && *at->p == '.') {
        at->p++;
        if (!digits(at))
            return false;
    }
    if (at->p < at->end && (*at->p | 0x20) == 'e') {
        at->p++;
        if (at->p < at->end && (*at->p == '+' || *at->p == '-'))
            at->p++;
        return digits(at);
    }
    return true;
}

static bool word(struct place *at, const char *w)
{
    size_t len = strlen(w);

    if ((size_t)(at->end - at->p) < len || memcmp(at->p, w, len) != 0)
        return false;
    at->p += len;
    return true;
}

static bool value(struct place *at, uint32_t key);

/* "key": in front of an object's child. */
static bool member_key(struct place *at, uint32_t *key)
{
    uint32_t len;

    if (at->p == at->end || *at->p != '"')
        return false;
    at->p++;
    if (!string(at, key, &len))
        return false;
    skip_space(at);
    if (at->p == at->end || *at->p != ':')
        return false;
    at->p++;
    return true;
}

/* Behind the opening bracket. */
static bool children(struct place *at, uint32_t parent, char closing)
{
    struct tape *t = at->t;
    uint32_t last = 0, count = 0, key = 0;

    if (++at->depth > t->depth)
        return false;
    skip_space(at);
    while (at->p < at->end && (count > 0 || *at->p != closing)) {
        uint32_t here = (uint32_t)t->count;

        skip_space(at);
        if ((closing == '}' && !member_key(at, &key)) || !value(at, key))
            return false;
        if (last != 0)
            t->nodes[last].next = here;
        last = here;
        count++;
        skip_space(at);
        if (at->p == at->end || *at->p != ',')
            break;
        at->p++;
    }
    if (at->p == at->end || *at->p != closing)
        return false;
    at->p++;
    at->depth--;
    t->nodes[parent].len = count;
    t->nodes[parent].end = (uint32_t)t->count;
    return true;
}

static bool value(struct place *at, uint32_t key)
{
    struct tape *t = at->t;
    uint32_t here = (uint32_t)t->count;
    struct tape_node n = {.key = key};
    bool good;

    skip_space(at);
    if (at->p == at->end)
        return false;
    assert(t->count < t->room);
    n.text = offset(at, at->p);
    t->nodes[t->count++] = n;
    switch (*at->p) {
    case '{':
    case '[':
        t->nodes[here].type = *at->p == '{' ? JSON_OBJECT : JSON_ARRAY;
        return children(at, here, *at->p++ == '{' ? '}' : ']');
    case '"':
        at->p++;
        n.type = JSON_STRING;
        if (!string(at, &n.text, &n.len))
            return false;
        t->nodes[here] = n;
        return true;
    case 't':
    case 'f':
        n.type = JSON_BOOL;
        good = word(at, *at->p == 't' ? "true" : "false");
        break;
    case 'n':
        n.type = JSON_NULL;
        good = word(at, "null");
        break;
    default:
        n.type = JSON_NUMBER;
        good = number(at);
        break;
    }
    n.len = offset(at, at->p) - n.text;
    t->nodes[here] = n;
    return good;
}

int tape_parse(struct tape *t, char *text, size_t len, struct error *err)
{
    struct place at = {.t = t, .p = text, .end = text + len};

    assert(t != NULL);
    t->base = text;
    t->count = 0;
    if (len == 0 || len >= UINT32_MAX)
        return error_set(err, ERR_INVALID, "not JSON: %zu bytes", len);
    if (!text_is_utf8(text, len) || memchr(text, '\0', len) != NULL)
        return error_set(err, ERR_INVALID, "not JSON: not UTF-8 text");
    if (make_room(t, text, len, err) != 0)
        return -1;
    if (value(&at, 0)) {
        skip_space(&at);
        if (at.p == at.end)
            return 0;
    }
    t->count = 0;
    return error_set(err, ERR_INVALID, "not JSON: trouble at byte %zu",
                     (size_t)(at.p - text));
}
