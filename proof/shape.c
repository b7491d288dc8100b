/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

enum { SHORT_TEXT = 64, SHORT_LIST = 160, FLAT_MEMBERS = 32 };

/* A text under such a name is hashed, however short it is. */
static const char *const private_names[] = {
    "password", "passwd", "secret", "private", "credential",
    "bindpass", "jwt",    "url",    "role_id",
};

void shape_init(struct shape *s, const struct inventory_key *key,
                struct tape *tape, int64_t now_ms)
{
    memset(s, 0, sizeof *s);
    s->key = key;
    s->tape = tape;
    s->now_ms = now_ms;
    buf_init(&s->texts, LIMIT_INVENTORY_LINE);
    buf_init_secret(&s->scratch, 2 * LIMIT_UPSTREAM_BODY);
}

void shape_done(struct shape *s)
{
    buf_done(&s->texts);
    buf_done(&s->scratch);
}

void shape_begin(struct shape *s)
{
    buf_clear(&s->texts);
    s->count = 0;
    s->full = false;
    s->record = (struct inventory_record){.kind = NULL};
}

static size_t keep(struct shape *s, const char *text, size_t len)
{
    size_t at = s->texts.len;

    buf_add(&s->texts, text, len);
    buf_char(&s->texts, '\0');
    return at;
}

static void add(struct shape *s, const char *name, const char *text, size_t len)
{
    if (s->count == INVENTORY_FIELDS_MAX) {
        s->full = true;
        return;
    }
    s->names[s->count] = keep(s, name, strlen(name));
    s->values[s->count] = keep(s, text, len);
    s->count++;
}

void shape_text(struct shape *s, const char *name, const char *text)
{
    add(s, name, text, strlen(text));
}

void shape_number(struct shape *s, const char *name, int64_t number)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    shape_text(s, name, text);
}

void shape_hash(struct shape *s, const char *name, const struct tape_node *n)
{
    char hash[INVENTORY_HASH_MAX];

    buf_clear(&s->scratch);
    tape_canonical(s->tape, n, &s->scratch);
    inventory_hash(s->key, buf_text(&s->scratch), s->scratch.len, hash);
    shape_text(s, name, hash);
}

int64_t shape_time(const struct shape *s, const struct tape_node *n)
{
    int64_t value = 0;
    const char *text = tape_text(s->tape, n, NULL);

    if (text != NULL)
        return text_rfc3339_ms(text, &value) && value > 0 ? value : 0;
    return tape_i64(s->tape, n, &value) && value > 0 ? value * 1000 : 0;
}

static bool is_private(const char *name)
{
    for (size_t i = 0; i < sizeof private_names / sizeof private_names[0]; i++)
        if (strstr(name, private_names[i]) != NULL)
            return true;
    return false;
}

static bool is_empty(const struct tape_node *n)
{
    switch (tape_type(n)) {
    case JSON_NULL:
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return tape_count(n) == 0;
    default:
        return false;
    }
}

/* "a,b,c", if it is a list of short texts and numbers; else false. */
static bool put_list(struct shape *s, const char *name,
                     const struct tape_node *list)
{
    struct buf *b = &s->scratch;

    buf_clear(b);
    for (const struct tape_node *n = tape_first(s->tape, list); n != NULL;
         n = tape_next(s->tape, n)) {
        enum json_type type = tape_type(n);

        if (type == JSON_ARRAY || type == JSON_OBJECT)
            return false;
        if (b->len > 0)
            buf_char(b, ',');
        tape_scalar(s->tape, n, b);
        if (b->len > SHORT_LIST)
            return false;
    }
    if (strchr(buf_text(b), '\n') != NULL)
        return false;
    add(s, name, buf_text(b), b->len);
    return true;
}

static void put_string(struct shape *s, const char *name,
                       const struct tape_node *n)
{
    const char *text = tape_text(s->tape, n, "");
    size_t len = strlen(text);

    if (len == 0)
        return;
    if (len > SHORT_TEXT || strchr(text, '\n') != NULL || is_private(name))
        shape_hash(s, name, n);
    else
        add(s, name, text, len);
}

static void put(struct shape *s, const char *name, const struct tape_node *n)
{
    if (is_empty(n))
        return;
    switch (tape_type(n)) {
    case JSON_STRING:
        put_string(s, name, n);
        break;
    case JSON_ARRAY:
        if (is_private(name) || !put_list(s, name, n))
            shape_hash(s, name, n);
        break;
    case JSON_OBJECT:
        shape_hash(s, name, n);
        break;
    default:
        buf_clear(&s->scratch);
        tape_scalar(s->tape, n, &s->scratch);
        add(s, name, buf_text(&s->scratch), s->scratch.len);
        break;
    }
}

void shape_member(struct shape *s, const char *name, const struct tape_node *n,
                  bool hashed)
{
    if (!hashed)
        put(s, name, n);
    else if (!is_empty(n))
        shape_hash(s, name, n);
}

/* "config.max_lease_ttl", one level of it. */
static void put_members(struct shape *s, const char *name,
                        const struct tape_node *object)
{
    for (const struct tape_node *n = tape_first(s->tape, object); n != NULL;
         n = tape_next(s->tape, n)) {
        char *full = text_format("%s.%s", name, tape_key(s->tape, n));

        if (full == NULL) {
            s->texts.failed = s->texts.no_memory = true;
            return;
        }
        put(s, full, n);
        free(full);
    }
}

/* What says when and how often is no field. */
static bool is_own(struct shape *s, const struct probe *p, const char *name,
                   const struct tape_node *n)
{
    int64_t version = 0;

    if (p->created != NULL && strcmp(p->created, name) == 0) {
        s->record.created_ms = shape_time(s, n);
    } else if (p->changed != NULL && strcmp(p->changed, name) == 0) {
        s->record.changed_ms = shape_time(s, n);
    } else if (p->version != NULL && strcmp(p->version, name) == 0) {
        if (tape_i64(s->tape, n, &version) && version > 0)
            s->record.version = (uint64_t)version;
    } else {
        return false;
    }
    return true;
}

static void put_object(struct shape *s, const struct probe *probe,
                       const struct tape_node *data)
{
    for (const struct tape_node *n = tape_first(s->tape, data); n != NULL;
         n = tape_next(s->tape, n)) {
        const char *name = tape_key(s->tape, n);

        if (is_own(s, probe, name, n) || probes_word(probe->ignore, name))
            continue;
        if (probes_word(probe->hash, name)) {
            shape_member(s, name, n, true);
        } else if (tape_type(n) == JSON_OBJECT &&
                   tape_count(n) <= FLAT_MEMBERS && !is_private(name)) {
            put_members(s, name, n);
        } else {
            put(s, name, n);
        }
    }
}

void shape_data(struct shape *s, const struct probe *probe,
                const struct tape_node *data)
{
    if (probe->shape != NULL)
        probe->shape(s, data);
    else if (tape_type(data) == JSON_OBJECT)
        put_object(s, probe, data);
    if (s->full) {
        s->count = INVENTORY_FIELDS_MAX - 1;
        shape_hash(s, "rest", data);
        s->full = false;
    }
}

const struct inventory_record *shape_record(struct shape *s, const char *kind,
                                            const char *path)
{
    for (size_t i = 0; i < s->count && s->texts.data != NULL; i++) {
        s->fields[i].name = s->texts.data + s->names[i];
        s->fields[i].text = s->texts.data + s->values[i];
    }
    s->record.kind = kind;
    s->record.path = path;
    s->record.fields = s->fields;
    s->record.field_count = s->count;
    return &s->record;
}

int shape_check(const struct shape *s, struct error *err)
{
    if (buf_check(&s->texts, "a record", err) != 0)
        return -1;
    return buf_check(&s->scratch, "a value", err);
}
