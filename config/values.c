/* SPDX-License-Identifier: Apache-2.0
 *
 * Values by description: the only place that turns a field's offset into a
 * pointer.  Pointers are copied in and out with memcpy, because a
 * `struct config_cluster *` is not a `void *`. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "config/schema.h"

static void *place(const struct schema_field *field, void *base)
{
    return (char *)base + field->offset;
}

static const void *place_const(const struct schema_field *field,
                               const void *base)
{
    return (const char *)base + field->offset;
}

static void *load_pointer(const void *where)
{
    void *p = NULL;

    memcpy(&p, where, sizeof(p));
    return p;
}

static void store_pointer(void *where, const void *p)
{
    memcpy(where, &p, sizeof(p));
}

static size_t load_count(const struct schema_field *field, const void *base)
{
    size_t count = 0;

    memcpy(&count, (const char *)place_const(field, base) + sizeof(void *),
           sizeof(count));
    return count;
}

static void store_count(const struct schema_field *field, void *base,
                        size_t count)
{
    memcpy((char *)place(field, base) + sizeof(void *), &count, sizeof(count));
}

static bool choice_index(const struct schema_field *field, const char *text,
                         unsigned *out)
{
    for (unsigned i = 0; field->choices[i] != NULL; i++) {
        if (strcmp(field->choices[i], text) == 0) {
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool set_text(const struct schema_field *field, void *base,
                     const char *text)
{
    bool secret = field->type == SCHEMA_SECRET;
    char *copy = NULL;
    char *old = load_pointer(place(field, base));

    if (*text != '\0') {
        copy = secret ? secret_dup(text) : text_dup(text);
        if (copy == NULL)
            return false;
    }
    if (secret)
        secret_free(old);
    else
        free(old);
    store_pointer(place(field, base), copy);
    return true;
}

static bool set_size(const struct schema_field *field, void *base,
                     const char *text)
{
    uint64_t size = 0;

    if (!text_size(text, &size) || size > (uint64_t)field->max)
        return false;
    memcpy(place(field, base), &size, sizeof(size));
    return true;
}

static bool set_number(const struct schema_field *field, void *base,
                       const char *text)
{
    int64_t number = 0;
    bool ok = field->type == SCHEMA_COUNT ? text_i64(text, &number)
                                          : text_duration_ms(text, &number);

    if (!ok || number < field->min || number > field->max)
        return false;
    /* COUNT is kept unsigned, DURATION signed; neither is negative. */
    memcpy(place(field, base), &number, sizeof(number));
    return true;
}

static bool set_texts(const struct schema_field *field, void *base,
                      const char *text)
{
    char *copy = text_dup(text);
    char *rest = copy;
    char *item = NULL;
    bool ok = copy != NULL;

    schema_clear_texts(field, base);
    while (ok && (item = strsep(&rest, ",")) != NULL) {
        item = text_trim(item);
        if (*item != '\0')
            ok = schema_add_text(field, base, item);
    }
    free(copy);
    return ok;
}

static bool set_pairs(const struct schema_field *field, void *base,
                      const char *text)
{
    char *copy = secret_dup(text);
    char *rest = copy;
    char *item = NULL;
    bool ok = copy != NULL;

    schema_clear_pairs(field, base);
    while (ok && (item = strsep(&rest, ",")) != NULL) {
        char *value = strchr(item, '=');

        if (*text_trim(item) == '\0')
            continue;
        ok = value != NULL;
        if (ok) {
            *value++ = '\0';
            ok = schema_add_pair(field, base, text_trim(item), value);
        }
    }
    secret_free(copy);
    return ok;
}

bool schema_set(const struct schema_field *field, void *base, const char *text)
{
    unsigned choice = 0;
    bool flag = false;

    switch (field->type) {
    case SCHEMA_TEXT:
    case SCHEMA_SECRET:
        return set_text(field, base, text);
    case SCHEMA_COUNT:
    case SCHEMA_DURATION:
        return set_number(field, base, text);
    case SCHEMA_SIZE:
        return set_size(field, base, text);
    case SCHEMA_TEXTS:
        return set_texts(field, base, text);
    case SCHEMA_PAIRS:
        return set_pairs(field, base, text);
    case SCHEMA_BOOL:
        if (!text_bool(text, &flag))
            return false;
        memcpy(place(field, base), &flag, sizeof(flag));
        return true;
    case SCHEMA_CHOICE:
        if (!choice_index(field, text, &choice))
            return false;
        memcpy(place(field, base), &choice, sizeof(choice));
        return true;
    case SCHEMA_OBJECT:
    case SCHEMA_MAP:
    case SCHEMA_ARRAY:
    case SCHEMA_LATER:
        break;
    }
    return false;
}

void schema_clear_texts(const struct schema_field *field, void *base)
{
    struct config_texts *texts = place(field, base);

    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct config_texts){.items = NULL, .given = true};
}

bool schema_add_text(const struct schema_field *field, void *base,
                     const char *text)
{
    struct config_texts *texts = place(field, base);
    unsigned choice = 0;
    char **grown = NULL;

    if (field->choices != NULL && !choice_index(field, text, &choice))
        return false;
    grown = realloc(texts->items, (texts->count + 2) * sizeof(*grown));
    if (grown == NULL)
        return false;
    texts->items = grown;
    grown[texts->count + 1] = NULL;
    grown[texts->count] = text_dup(text);
    if (grown[texts->count] == NULL)
        return false;
    texts->count++;
    return true;
}

void schema_clear_pairs(const struct schema_field *field, void *base)
{
    struct config_pairs *pairs = place(field, base);

    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        secret_free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct config_pairs){NULL, 0};
}

static bool is_variable(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789";

    return *name != '\0' && *name != '-' && (*name < '0' || *name > '9') &&
           name[strspn(name, letters)] == '\0';
}

/* One more, with nothing in it yet; NULL without memory. */
static struct config_pair *grow_pairs(struct config_pairs *pairs,
                                      const char *name)
{
    struct config_pair *grown =
        realloc(pairs->items, (pairs->count + 1) * sizeof(*grown));

    if (grown == NULL)
        return NULL;
    pairs->items = grown;
    grown[pairs->count] = (struct config_pair){.name = text_dup(name)};
    if (grown[pairs->count].name == NULL)
        return NULL;
    return &grown[pairs->count++];
}

bool schema_add_pair(const struct schema_field *field, void *base,
                     const char *name, const char *value)
{
    struct config_pairs *pairs = place(field, base);
    struct config_pair *pair = NULL;

    if (!is_variable(name))
        return false;
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            pair = &pairs->items[i];
    if (pair == NULL)
        pair = grow_pairs(pairs, name);
    if (pair == NULL)
        return false;
    secret_free(pair->value);
    pair->value = secret_dup(value);
    return pair->value != NULL;
}

size_t schema_count(const struct schema_field *field, const void *base)
{
    return load_count(field, base);
}

void *schema_at(const struct schema_field *field, const void *base,
                size_t index)
{
    char *items = load_pointer(place_const(field, base));

    assert(index < load_count(field, base));
    return items + index * field->section->size;
}

static void *append_element(const struct schema_field *field, void *base,
                            const char *name)
{
    size_t count = load_count(field, base);
    size_t size = field->section->size;
    char *items = load_pointer(place(field, base));
    char *grown = realloc(items, (count + 1) * size);
    char *element = NULL;

    if (grown == NULL)
        return NULL;
    store_pointer(place(field, base), grown);
    element = grown + count * size;
    memset(element, 0, size);
    if (field->type == SCHEMA_MAP) {
        char *copy = text_dup(name);

        if (copy == NULL)
            return NULL;
        store_pointer(element, copy);
    }
    store_count(field, base, count + 1);
    return schema_defaults(field->section, element) == 0 ? element : NULL;
}

void *schema_element(const struct schema_field *field, void *base,
                     const char *name, size_t index)
{
    size_t count = load_count(field, base);

    if (field->type == SCHEMA_ARRAY) {
        if (index < count)
            return schema_at(field, base, index);
        return index == count ? append_element(field, base, NULL) : NULL;
    }
    for (size_t i = 0; i < count; i++) {
        void *element = schema_at(field, base, i);
        const char *its_name = load_pointer(element);

        if (strcmp(its_name, name) == 0)
            return element;
    }
    return append_element(field, base, name);
}

/* A default is nobody's word. */
static int set_preset(const struct schema_field *field, void *base)
{
    if (!schema_set(field, base, field->preset))
        return -1;
    if (field->type == SCHEMA_TEXTS) {
        struct config_texts *texts = place(field, base);

        texts->given = false;
    }
    return 0;
}

int schema_defaults(const struct schema_section *section, void *base)
{
    for (size_t i = 0; i < section->fields_count; i++) {
        const struct schema_field *field = &section->fields[i];

        if (field->type == SCHEMA_OBJECT) {
            if (schema_defaults(field->section, place(field, base)) != 0)
                return -1;
        } else if (field->preset != NULL) {
            if (set_preset(field, base) != 0)
                return -1;
        }
    }
    return 0;
}

void schema_clear_elements(const struct schema_field *field, void *base)
{
    size_t count = load_count(field, base);
    void *items = load_pointer(place(field, base));

    for (size_t i = 0; i < count; i++) {
        void *element = schema_at(field, base, i);

        if (field->type == SCHEMA_MAP)
            free(load_pointer(element));
        schema_release(field->section, element);
    }
    free(items);
    store_pointer(place(field, base), NULL);
    store_count(field, base, 0);
}

void schema_release(const struct schema_section *section, void *base)
{
    for (size_t i = 0; i < section->fields_count; i++) {
        const struct schema_field *field = &section->fields[i];

        switch (field->type) {
        case SCHEMA_TEXT:
        case SCHEMA_SECRET:
            (void)set_text(field, base, "");
            break;
        case SCHEMA_TEXTS:
            schema_clear_texts(field, base);
            break;
        case SCHEMA_PAIRS:
            schema_clear_pairs(field, base);
            break;
        case SCHEMA_OBJECT:
            schema_release(field->section, place(field, base));
            break;
        case SCHEMA_MAP:
        case SCHEMA_ARRAY:
            schema_clear_elements(field, base);
            break;
        case SCHEMA_BOOL:
        case SCHEMA_COUNT:
        case SCHEMA_SIZE:
        case SCHEMA_DURATION:
        case SCHEMA_CHOICE:
        case SCHEMA_LATER:
            break;
        }
    }
}
