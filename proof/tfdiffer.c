/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tfdiffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NAME_LEN = 128, LIST_MAX = 64 };

struct differ {
    struct shape *s;
    const struct tape_node *attributes;
    bool is_list[INVENTORY_FIELDS_MAX];
    size_t count;
    struct inventory_field expected[INVENTORY_FIELDS_MAX];
    struct inventory_field found[INVENTORY_FIELDS_MAX];
};

/* What another resource adds to is not this one's alone. */
static bool is_shared(const struct differ *d, const char *attribute)
{
    char *name = text_format("external_%s", attribute);
    bool shared =
        name != NULL &&
        tape_bool(d->s->tape, tape_get(d->s->tape, d->attributes, name));

    free(name);
    return shared;
}

/* A field for what is there, and one without text for what is empty. */
static void put(struct differ *d, const char *field, const struct tape_node *n,
                bool hashed)
{
    size_t before = d->s->count;

    if (before == INVENTORY_FIELDS_MAX)
        return;
    shape_member(d->s, field, n, hashed);
    if (d->s->count == before)
        shape_text(d->s, field, "");
    d->is_list[before] = tape_type(n) == JSON_ARRAY;
}

static void put_members(struct differ *d, const char *field,
                        const struct tape_node *object)
{
    const struct tape *t = d->s->tape;

    for (const struct tape_node *n = tape_first(t, object); n != NULL;
         n = tape_next(t, n)) {
        char *name = text_format("%s.%s", field, tape_key(t, n));

        if (name != NULL)
            put(d, name, n, false);
        free(name);
    }
}

/* "#attribute:field" */
static void put_word(struct differ *d, const char *word, size_t len)
{
    char attribute[NAME_LEN];
    bool hashed = *word == '#';
    const struct tape_node *n;
    char *field;

    word += hashed;
    len -= hashed;
    (void)snprintf(attribute, sizeof attribute, "%.*s", (int)len, word);
    field = strchr(attribute, ':');
    if (field != NULL)
        *field++ = '\0';
    else
        field = attribute;
    n = tape_get(d->s->tape, d->attributes, attribute);
    if (tape_type(n) == JSON_NULL || is_shared(d, attribute))
        return;
    if (tape_type(n) == JSON_OBJECT && !hashed)
        put_members(d, field, n);
    else
        put(d, field, n, hashed);
}

static void put_all(struct differ *d, const char *words)
{
    while (words != NULL && *words != '\0') {
        size_t len = strcspn(words, " ");

        put_word(d, words, len);
        words += len;
        words += *words == ' ';
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words of a list, in order; how many, or 0 for too many. */
static size_t split(char *text, const char *out[LIST_MAX])
{
    size_t count = 0;
    char *word;

    while ((word = strsep(&text, ",")) != NULL) {
        if (count == LIST_MAX)
            return 0;
        out[count++] = text_trim(word);
    }
    qsort(out, count, sizeof out[0], by_text);
    return count;
}

/* Sets have no order, but each side has one of its own. */
static bool same_set(const char *a, const char *b)
{
    const char *in_a[LIST_MAX], *in_b[LIST_MAX];
    char *copy_a = text_dup(a), *copy_b = text_dup(b);
    bool same = copy_a != NULL && copy_b != NULL;

    if (same) {
        size_t count = split(copy_a, in_a);

        same = count > 0 && split(copy_b, in_b) == count;
        for (size_t i = 0; same && i < count; i++)
            same = strcmp(in_a[i], in_b[i]) == 0;
    }
    free(copy_a);
    free(copy_b);
    return same;
}

static bool says_nothing(const char *text)
{
    return *text == '\0' || strcmp(text, "0") == 0 ||
           strcmp(text, "false") == 0 || strcmp(text, "0s") == 0;
}

static bool is_hash(const char *text)
{
    return text_starts(text, "h:");
}

/* A whole number of seconds here may be "1h0m0s" there. */
static bool same_time(const char *a, const char *b)
{
    int64_t x, y;

    return text_duration_ms(a, &x) && text_duration_ms(b, &y) && x == y;
}

static bool same(const char *expected, const char *found, bool is_list)
{
    return strcmp(expected, found) == 0 ||
           (says_nothing(expected) && says_nothing(found)) ||
           same_time(expected, found) || (is_list && same_set(expected, found));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct inventory_field *)a)->name,
                  ((const struct inventory_field *)b)->name);
}

/* What is empty is "not set" when it is shown. */
static size_t keep_set(struct inventory_field *fields, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (fields[i].text != NULL && fields[i].text[0] != '\0')
            fields[kept++] = fields[i];
    qsort(fields, kept, sizeof fields[0], by_name);
    return kept;
}

static void compare(struct differ *d, const struct inventory_record *expected,
                    const struct inventory_record *found, struct tfdiffer *out)
{
    for (size_t i = 0; i < expected->field_count; i++) {
        const struct inventory_field *f = &expected->fields[i];
        const char *text = inventory_field(found, f->name);

        if (same(f->text, text == NULL ? "" : text, d->is_list[i]))
            continue;
        if (d->is_list[i] && (is_hash(f->text) || (text && is_hash(text)))) {
            out->unseen++;
            continue;
        }
        d->expected[d->count] = *f;
        d->found[d->count++] =
            (struct inventory_field){.name = f->name, .text = text};
    }
    out->differing = d->count;
}

/* "metadata.version" of the attributes; 0: it has none. */
static uint64_t version_of(const struct differ *d, const char *where)
{
    const struct tape *t = d->s->tape;
    const struct tape_node *n = d->attributes;
    int64_t version = 0;

    while (where != NULL && *where != '\0' && n != NULL) {
        char name[NAME_LEN];
        size_t len = strcspn(where, ".");

        (void)snprintf(name, sizeof name, "%.*s", (int)len, where);
        n = tape_get(t, n, name);
        where += len;
        where += *where == '.';
    }
    if (where == NULL || !tape_i64(t, n, &version) || version < 0)
        return 0;
    return (uint64_t)version;
}

static void show(struct differ *d, const struct inventory_record *found,
                 uint64_t version, struct tfdiffer *out)
{
    struct inventory_record a = {
        .kind = found->kind, .path = found->path, .fields = d->expected};
    struct inventory_record b = {
        .kind = found->kind, .path = found->path, .fields = d->found};

    a.field_count = keep_set(d->expected, d->count);
    b.field_count = keep_set(d->found, d->count);
    if (version > found->version) {
        a.version = version;
        b.version = found->version;
    }
    unlike_text(&a, &b, out->expected);
    unlike_text(&b, &a, out->found);
}

int tfdiffer_run(struct shape *s, const struct tfdiffer_sides *sides,
                 struct tfdiffer *out, struct error *err)
{
    const struct inventory_record *found = sides->found;
    struct differ *d = calloc(1, sizeof *d);
    uint64_t version;
    int rc = -1;

    *out = (struct tfdiffer){.differing = 0};
    if (d == NULL)
        return error_memory(err);
    d->s = s;
    d->attributes = sides->attributes;
    shape_begin(s);
    put_all(d, sides->row->same);
    if (shape_check(s, err) != 0)
        goto done;
    compare(d, shape_record(s, found->kind, found->path), found, out);
    version = version_of(d, sides->row->version);
    out->differing += version > found->version;
    if (out->differing > 0)
        show(d, found, version, out);
    rc = 0;
done:
    free(d);
    return rc;
}
