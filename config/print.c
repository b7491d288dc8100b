/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings as JSON, and the table as rows. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "config/schema.h"

enum { ROW_MAX = 160 };

static void print_section(struct jsonw *w, const struct schema_section *section,
                          const void *base);

static void print_texts(struct jsonw *w, const char *key,
                        const struct config_texts *texts)
{
    jsonw_array(w, key);
    for (size_t i = 0; i < texts->count; i++)
        jsonw_text(w, NULL, texts->items[i]);
    jsonw_end_array(w);
}

/* That there is one, not what it is. */
static void print_pairs(struct jsonw *w, const char *key,
                        const struct config_pairs *pairs)
{
    jsonw_object(w, key);
    for (size_t i = 0; i < pairs->count; i++)
        jsonw_text(w, pairs->items[i].name, "(set)");
    jsonw_end_object(w);
}

static void print_elements(struct jsonw *w, const struct schema_field *field,
                           const void *base)
{
    bool map = field->type == SCHEMA_MAP;

    if (map)
        jsonw_object(w, field->name);
    else
        jsonw_array(w, field->name);
    for (size_t i = 0; i < schema_count(field, base); i++) {
        const void *element = schema_at(field, base, i);
        char *name = NULL;

        if (map)
            memcpy(&name, element, sizeof(name));
        jsonw_object(w, name);
        print_section(w, field->section, element);
        jsonw_end_object(w);
    }
    if (map)
        jsonw_end_object(w);
    else
        jsonw_end_array(w);
}

static void print_choice(struct jsonw *w, const struct schema_field *field,
                         unsigned choice)
{
    if (choice == 0)
        jsonw_null(w, field->name);
    else
        jsonw_text(w, field->name, field->choices[choice - 1]);
}

static void print_field(struct jsonw *w, const struct schema_field *field,
                        const void *base)
{
    const void *where = (const char *)base + field->offset;
    union {
        char *text;
        bool flag;
        uint64_t count;
        int64_t ms;
        unsigned choice;
    } v = {0};

    switch (field->type) {
    case SCHEMA_TEXT:
        memcpy(&v.text, where, sizeof(v.text));
        jsonw_text(w, field->name, v.text);
        break;
    case SCHEMA_SECRET:
        memcpy(&v.text, where, sizeof(v.text));
        jsonw_text(w, field->name, v.text != NULL ? "(set)" : NULL);
        break;
    case SCHEMA_BOOL:
        memcpy(&v.flag, where, sizeof(v.flag));
        jsonw_bool(w, field->name, v.flag);
        break;
    case SCHEMA_COUNT:
    case SCHEMA_SIZE:
        memcpy(&v.count, where, sizeof(v.count));
        jsonw_u64(w, field->name, v.count);
        break;
    case SCHEMA_DURATION:
        memcpy(&v.ms, where, sizeof(v.ms));
        jsonw_seconds(w, field->name, (double)v.ms / 1000);
        break;
    case SCHEMA_CHOICE:
        memcpy(&v.choice, where, sizeof(v.choice));
        print_choice(w, field, v.choice);
        break;
    case SCHEMA_TEXTS:
        print_texts(w, field->name, where);
        break;
    case SCHEMA_PAIRS:
        print_pairs(w, field->name, where);
        break;
    case SCHEMA_OBJECT:
        jsonw_object(w, field->name);
        print_section(w, field->section, where);
        jsonw_end_object(w);
        break;
    case SCHEMA_MAP:
    case SCHEMA_ARRAY:
        print_elements(w, field, base);
        break;
    case SCHEMA_LATER:
        break;
    }
}

static void print_section(struct jsonw *w, const struct schema_section *section,
                          const void *base)
{
    for (size_t i = 0; i < section->fields_count; i++)
        print_field(w, &section->fields[i], base);
}

void config_print(const struct config *config, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    print_section(&w, &schema_root, config);
    jsonw_end_object(&w);
}

struct describe {
    config_describe_fn each;
    void *ctx;
};

static const char *type_text(enum schema_type type)
{
    static const char *const names[] = {
        [SCHEMA_TEXT] = "text",       [SCHEMA_SECRET] = "secret",
        [SCHEMA_BOOL] = "bool",       [SCHEMA_COUNT] = "number",
        [SCHEMA_SIZE] = "size",       [SCHEMA_DURATION] = "duration",
        [SCHEMA_CHOICE] = "choice",   [SCHEMA_TEXTS] = "texts",
        [SCHEMA_PAIRS] = "variables", [SCHEMA_LATER] = "not yet",
    };

    return names[type];
}

/* "<name>" stays "<NAME>": it is a place, not a part of the variable. */
static void to_variable(const char *path, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "ASSAY_");

    for (; *path != '\0' && len + 1 < size; path++) {
        char c = (char)toupper((unsigned char)*path);

        if (c == '[' || c == '.')
            c = '_';
        if (c != ']')
            out[len++] = c;
    }
    out[len] = '\0';
}

static void describe_section(const struct describe *d,
                             const struct schema_section *section,
                             const char *prefix)
{
    for (size_t i = 0; i < section->fields_count; i++) {
        const struct schema_field *field = &section->fields[i];
        const char *place = "";
        char path[ROW_MAX];
        char variable[ROW_MAX];

        if (field->type == SCHEMA_MAP)
            place = ".<name>";
        else if (field->type == SCHEMA_ARRAY)
            place = "[<n>]";
        (void)snprintf(path, sizeof(path), "%s%s%s%s", prefix,
                       *prefix != '\0' ? "." : "", field->name, place);
        if (field->section != NULL) {
            describe_section(d, field->section, path);
            continue;
        }
        to_variable(path, variable, sizeof(variable));
        d->each(d->ctx, path, variable, type_text(field->type),
                field->preset != NULL ? field->preset : "");
    }
}

void config_describe(config_describe_fn each, void *ctx)
{
    const struct describe d = {.each = each, .ctx = ctx};

    describe_section(&d, &schema_root, "");
}
