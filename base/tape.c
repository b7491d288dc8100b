/* SPDX-License-Identifier: Apache-2.0
 *
 * A node is 24 bytes and knows where its text is; children follow their
 * parent, and `next` leads from one to the next.  Offsets, not pointers: the
 * array of nodes moves when it grows. */
#include "base/tape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

enum { FIRST_NODES = 256, NUMBER_MAX = 32 };

struct tape_node {
    uint32_t key;  /* offset of an object's child's */
    uint32_t text; /* of a string, a number, a word */
    uint32_t len;  /* of that text; or how many children */
    uint32_t next; /* index; 0: the last */
    uint32_t type;
    uint32_t end; /* index behind the last child */
};

struct tape {
    char *base;
    struct tape_node *nodes;
    size_t count, room;
    uint32_t *order; /* of keys, while a canonical form is made */
    size_t order_count, order_room;
};

/* Where the parser is. */
struct place {
    struct tape *t;
    char *p, *end;
    unsigned depth;
    bool no_memory;
};

struct tape *tape_new(void)
{
    return calloc(1, sizeof(struct tape));
}

void tape_free(struct tape *t)
{
    if (t == NULL)
        return;
    free(t->order);
    free(t->nodes);
    free(t);
}

static bool more_nodes(struct place *at)
{
    struct tape *t = at->t;
    size_t room = t->room > 0 ? t->room * 2 : FIRST_NODES;
    struct tape_node *nodes = realloc(t->nodes, room * sizeof *nodes);

    if (nodes == NULL) {
        at->no_memory = true;
        return false;
    }
    t->nodes = nodes;
    t->room = room;
    return true;
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

    if (++at->depth > LIMIT_JSON_DEPTH)
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
    if (at->p == at->end || (t->count == t->room && !more_nodes(at)))
        return false;
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
    if (value(&at, 0)) {
        skip_space(&at);
        if (at.p == at.end)
            return 0;
    }
    t->count = 0;
    if (at.no_memory)
        return error_memory(err);
    return error_set(err, ERR_INVALID, "not JSON: trouble at byte %zu",
                     (size_t)(at.p - text));
}

const struct tape_node *tape_root(const struct tape *t)
{
    return t->count > 0 ? t->nodes : NULL;
}

enum json_type tape_type(const struct tape_node *n)
{
    return n == NULL ? JSON_NULL : (enum json_type)n->type;
}

const struct tape_node *tape_first(const struct tape *t,
                                   const struct tape_node *parent)
{
    (void)t;
    return tape_count(parent) > 0 ? parent + 1 : NULL;
}

const struct tape_node *tape_next(const struct tape *t,
                                  const struct tape_node *n)
{
    return n == NULL || n->next == 0 ? NULL : &t->nodes[n->next];
}

size_t tape_count(const struct tape_node *parent)
{
    enum json_type type = tape_type(parent);

    return type == JSON_OBJECT || type == JSON_ARRAY ? parent->len : 0;
}

const char *tape_key(const struct tape *t, const struct tape_node *n)
{
    return t->base + n->key;
}

const struct tape_node *tape_get(const struct tape *t,
                                 const struct tape_node *object,
                                 const char *key)
{
    const struct tape_node *n = NULL;

    if (tape_type(object) == JSON_OBJECT)
        n = tape_first(t, object);
    while (n != NULL && strcmp(tape_key(t, n), key) != 0)
        n = tape_next(t, n);
    return n;
}

const char *tape_text(const struct tape *t, const struct tape_node *n,
                      const char *otherwise)
{
    return tape_type(n) == JSON_STRING ? t->base + n->text : otherwise;
}

const char *tape_get_text(const struct tape *t, const struct tape_node *object,
                          const char *key, const char *otherwise)
{
    return tape_text(t, tape_get(t, object, key), otherwise);
}

bool tape_bool(const struct tape *t, const struct tape_node *n)
{
    return tape_type(n) == JSON_BOOL && t->base[n->text] == 't';
}

bool tape_i64(const struct tape *t, const struct tape_node *n, int64_t *out)
{
    char text[NUMBER_MAX];

    if (tape_type(n) == JSON_STRING)
        return text_i64(t->base + n->text, out);
    if (tape_type(n) != JSON_NUMBER || n->len >= sizeof text)
        return false;
    memcpy(text, t->base + n->text, n->len);
    text[n->len] = '\0';
    return text_i64(text, out);
}

void tape_scalar(const struct tape *t, const struct tape_node *n,
                 struct buf *out)
{
    if (n != NULL && n->type != JSON_ARRAY && n->type != JSON_OBJECT)
        buf_add(out, t->base + n->text, n->len);
}

static int by_key(const void *a, const void *b, void *ctx)
{
    const struct tape *t = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = strcmp(tape_key(t, &t->nodes[x]), tape_key(t, &t->nodes[y]));

    return order != 0 ? order : (x > y) - (x < y);
}

/* A stack of indices, so that an object within an object has its own. */
static uint32_t *take_order(struct tape *t, size_t count)
{
    size_t need = t->order_count + count;

    if (need > t->order_room) {
        size_t room = need * 2;
        uint32_t *order = realloc(t->order, room * sizeof *order);

        if (order == NULL)
            return NULL;
        t->order = order;
        t->order_room = room;
    }
    t->order_count = need;
    return t->order + need - count;
}

/* A handful, as most objects have, is sorted while it is looked at. */
static void sort_keys(struct tape *t, uint32_t *order, size_t count)
{
    if (count > 16) {
        qsort_r(order, count, sizeof *order, by_key, t);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t one = order[i];
        size_t to = i;

        for (; to > 0 && by_key(&order[to - 1], &one, t) > 0; to--)
            order[to] = order[to - 1];
        order[to] = one;
    }
}

static void put_text(struct buf *out, char mark, const char *text, size_t len)
{
    uint32_t size = (uint32_t)len;

    buf_char(out, mark);
    buf_add(out, &size, sizeof size);
    buf_add(out, text, len);
}

static void put_object(struct tape *t, const struct tape_node *n,
                       struct buf *out)
{
    size_t count = n->len, from = t->order_count, i = 0;
    uint32_t *order = take_order(t, count);

    if (order == NULL) {
        out->failed = out->no_memory = true;
        return;
    }
    for (const struct tape_node *c = tape_first(t, n); c != NULL;
         c = tape_next(t, c))
        order[i++] = (uint32_t)(c - t->nodes);
    sort_keys(t, order, count);
    buf_char(out, '{');
    for (i = 0; i < count; i++) {
        const struct tape_node *c = &t->nodes[t->order[from + i]];

        put_text(out, 'k', tape_key(t, c), strlen(tape_key(t, c)));
        tape_canonical(t, c, out);
    }
    buf_char(out, '}');
    t->order_count = from;
}

void tape_canonical(struct tape *t, const struct tape_node *n, struct buf *out)
{
    switch (tape_type(n)) {
    case JSON_OBJECT:
        put_object(t, n, out);
        break;
    case JSON_ARRAY:
        buf_char(out, '[');
        for (const struct tape_node *c = tape_first(t, n); c != NULL;
             c = tape_next(t, c))
            tape_canonical(t, c, out);
        buf_char(out, ']');
        break;
    case JSON_STRING:
        put_text(out, 's', t->base + n->text, n->len);
        break;
    case JSON_NUMBER:
        put_text(out, 'n', t->base + n->text, n->len);
        break;
    case JSON_BOOL:
        buf_char(out, tape_bool(t, n) ? 't' : 'f');
        break;
    case JSON_NULL:
        buf_char(out, '0');
        break;
    }
}
