/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/kv_value.h"

#include <string.h>

static void step(struct kv_text *t, size_t n)
{
    t->at += n;
    t->len -= n;
}

static bool at(const struct kv_text *t, char c)
{
    return t->len > 0 && *t->at == c;
}

static void skip_space(struct kv_text *t)
{
    while (t->len > 0 && strchr(" \t\r\n", *t->at) != NULL && *t->at != '\0')
        step(t, 1);
}

/* From its opening quote to behind its closing one. */
static void skip_string(struct kv_text *t)
{
    step(t, 1);
    while (t->len > 0 && *t->at != '"')
        step(t, *t->at == '\\' && t->len > 1 ? 2 : 1);
    if (t->len > 0)
        step(t, 1);
}

/* A string, or everything to the comma or bracket that ends the value. */
static void skip_value(struct kv_text *t)
{
    size_t depth = 0;

    while (t->len > 0) {
        const char c = *t->at;

        if (c == '"') {
            skip_string(t);
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            return;
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            step(t, 1);
        }
    }
}

static size_t length_between(const struct kv_text *from,
                             const struct kv_text *to)
{
    return from->len - to->len;
}

static size_t without_space(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    return len;
}

static bool is_name(const char *text, size_t len, const char *name)
{
    return len == strlen(name) + 2 && memcmp(text + 1, name, len - 2) == 0;
}

bool kv_value_find(struct kv_text in, const char *name, struct kv_text *out)
{
    skip_space(&in);
    if (!at(&in, '{'))
        return false;
    step(&in, 1);
    for (;;) {
        skip_space(&in);
        if (!at(&in, '"'))
            return false;
        const struct kv_text key = in;

        skip_string(&in);
        const size_t key_len = length_between(&key, &in);

        skip_space(&in);
        if (!at(&in, ':'))
            return false;
        step(&in, 1);
        skip_space(&in);
        const struct kv_text value = in;

        skip_value(&in);
        if (is_name(key.at, key_len, name)) {
            out->at = value.at;
            out->len = without_space(value.at, length_between(&value, &in));
            return out->len > 0;
        }
        if (!at(&in, ','))
            return false;
        step(&in, 1);
    }
}
