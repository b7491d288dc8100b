/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/tape_node.h"
#include "base/text.h"

enum { NUMBER_MAX = 32 };

struct tape *tape_new(void)
{
    struct tape *t = calloc(1, sizeof *t);

    if (t != NULL)
        t->depth = LIMIT_JSON_DEPTH;
    return t;
}

void tape_set_depth(struct tape *t, unsigned depth)
{
    t->depth = depth;
}

void tape_free(struct tape *t)
{
    if (t == NULL)
        return;
    free(t->order);
    free(t->nodes);
    free(t);
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

const struct tape_node *
tape_get(const struct tape *t, const struct tape_node *object, const char *key)
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
