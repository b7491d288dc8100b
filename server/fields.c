/* SPDX-License-Identifier: Apache-2.0 */
#include "server/fields.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

const char *fields_type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_STRING] = "a string",
        [FIELD_BOOL] = "a boolean",
        [FIELD_INT] = "a whole number",
        [FIELD_DURATION] = "a duration (seconds or \"1h30m\")",
        [FIELD_LIST] = "a list of strings",
        [FIELD_SECRET] = "a string",
    };

    return names[type];
}

/* One raw value: JSON or text. */
struct raw {
    const struct json *json;
    const char *text;
};

static bool to_string(const struct raw *raw, struct value *out)
{
    struct buf printed;

    if (raw->text != NULL) {
        out->text = raw->text;
        return true;
    }
    /* {"reason": 5} is meant as "5". */
    if (json_type(raw->json) != JSON_NUMBER &&
        json_type(raw->json) != JSON_BOOL)
        return false;
    buf_init(&printed, 64);
    json_print(raw->json, &printed);
    out->owned = buf_take(&printed);
    out->text = out->owned;
    buf_done(&printed);
    return out->text != NULL;
}

/* Nothing else: what is printed anew would be one more copy. */
static bool to_secret(const struct raw *raw, struct value *out)
{
    out->text = raw->text;
    return raw->text != NULL;
}

static bool to_bool(const struct raw *raw, struct value *out)
{
    int64_t number;

    if (raw->text != NULL)
        return text_bool(raw->text, &out->flag);
    if (json_type(raw->json) == JSON_BOOL) {
        out->flag = json_bool(raw->json, false);
        return true;
    }
    if (!json_i64(raw->json, &number) || number < 0 || number > 1)
        return false;
    out->flag = number == 1;
    return true;
}

static bool to_int(const struct raw *raw, struct value *out)
{
    if (raw->text != NULL)
        return text_i64(raw->text, &out->number);
    return json_i64(raw->json, &out->number);
}

static bool to_duration(const struct raw *raw, struct value *out)
{
    const double most = 100.0 * 365 * 86400; /* keeps milliseconds exact */
    double seconds;

    if (raw->text != NULL)
        return text_duration_ms(raw->text, &out->number);
    if (!json_double(raw->json, &seconds) || !(seconds >= 0) || seconds > most)
        return false;
    out->number = (int64_t)(seconds * 1000);
    return true;
}

/* "a, b" in a copy that is cut at the commas; empty items are dropped, as
 * Vault does. */
static bool split_list(const char *text, struct value *out)
{
    char *rest;

    out->owned = text_dup(text);
    if (out->owned == NULL)
        return false;
    rest = out->owned;
    while (rest != NULL) {
        char *comma = strchr(rest, ',');
        const char *item;

        if (comma != NULL)
            *comma = '\0';
        item = text_trim(rest);
        if (item[0] != '\0') {
            if (out->count == FIELDS_LIST_MAX)
                return false;
            out->items[out->count++] = item;
        }
        rest = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

static bool to_list(const struct raw *raw, struct value *out)
{
    out->items = calloc(FIELDS_LIST_MAX + 1, sizeof(out->items[0]));
    if (out->items == NULL)
        return false;
    if (raw->text != NULL)
        return split_list(raw->text, out);
    if (json_type(raw->json) != JSON_ARRAY ||
        json_count(raw->json) > FIELDS_LIST_MAX)
        return false;
    for (const struct json *n = json_first(raw->json); n != NULL;
         n = json_next(n)) {
        if (json_type(n) != JSON_STRING)
            return false;
        out->items[out->count++] = json_text(n, "");
    }
    return true;
}

static bool coerce(enum field_type type, const struct raw *raw,
                   struct value *out)
{
    static bool (*const to[])(const struct raw *, struct value *) = {
        [FIELD_STRING] = to_string, [FIELD_BOOL] = to_bool,
        [FIELD_INT] = to_int,       [FIELD_DURATION] = to_duration,
        [FIELD_LIST] = to_list,     [FIELD_SECRET] = to_secret,
    };

    return to[type](raw, out);
}

/* False when no source has the field, or has it as null. */
static bool find_raw(const struct fields_source *from, const char *name,
                     struct raw *out)
{
    const struct json *node = json_get(from->body, name);

    *out = (struct raw){0};
    if (json_type(node) != JSON_NULL) {
        out->json = node;
        out->text = json_text(node, NULL);
        return true;
    }
    if (from->form != NULL)
        out->text = form_get(from->form, name);
    if (out->text == NULL && from->query != NULL)
        out->text = form_get(from->query, name);
    return out->text != NULL;
}

static bool is_declared(const struct field *declared, const char *name)
{
    if (declared == NULL)
        return false;
    for (; declared->name != NULL; declared++)
        if (strcmp(declared->name, name) == 0)
            return true;
    return false;
}

static void say_unknown(const struct field *declared, const char *name,
                        struct buf *unknown)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (const struct field *f = declared; f != NULL && f->name != NULL; f++)
        nearest_offer(&nearest, f->name);
    buf_printf(unknown, "unknown field \"%.64s\" ignored", name);
    if (nearest_best(&nearest) != NULL)
        buf_printf(unknown, ", did you mean \"%s\"?", nearest_best(&nearest));
    buf_char(unknown, '\0');
}

static void say_unknown_pairs(const struct field *declared,
                              const struct form *form, struct buf *unknown)
{
    if (form == NULL)
        return;
    for (size_t i = 0; i < form->count; i++) {
        const char *name = form->pairs[i].name;

        if (!is_declared(declared, name) && strcmp(name, "list") != 0 &&
            strcmp(name, "help") != 0)
            say_unknown(declared, name, unknown);
    }
}

/* Whoever passes a URL on may write it down. */
static bool is_exposed(const struct field *f, const struct form *query)
{
    return f->type == FIELD_SECRET && query != NULL &&
           form_get(query, f->name) != NULL;
}

int fields_resolve(const struct field *declared,
                   const struct fields_source *from, struct fields *out,
                   struct buf *unknown, struct error *err)
{
    struct fields fields = {.declared = declared};
    size_t n = 0;
    int rc = -1;

    for (const struct field *f = declared; f != NULL && f->name != NULL; f++) {
        struct value *value = &fields.values[n++];
        struct raw raw;

        assert(n <= FIELDS_MAX);
        if (is_exposed(f, from->query)) {
            error_set(err, ERR_INVALID,
                      "field \"%s\" is a secret: send it in the body, not in "
                      "the URL",
                      f->name);
            goto done;
        }
        if (!find_raw(from, f->name, &raw))
            continue;
        if (!coerce(f->type, &raw, value)) {
            error_set(err, ERR_INVALID, "field \"%s\" must be %s", f->name,
                      fields_type_name(f->type));
            goto done;
        }
        value->given = true;
    }
    for (const struct json *c = json_first(from->body); c != NULL;
         c = json_next(c))
        if (!is_declared(declared, json_key(c)))
            say_unknown(declared, json_key(c), unknown);
    say_unknown_pairs(declared, from->form, unknown);
    say_unknown_pairs(declared, from->query, unknown);
    *out = fields;
    fields = (struct fields){0};
    rc = 0;
done:
    fields_done(&fields);
    return rc;
}

void fields_done(struct fields *fields)
{
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        free(fields->values[i].items);
        free(fields->values[i].owned);
    }
    *fields = (struct fields){0};
}

static const struct value *find(const struct fields *fields, const char *name,
                                enum field_type *type)
{
    const struct field *f = fields->declared;

    for (size_t i = 0; f != NULL && f[i].name != NULL; i++) {
        if (strcmp(f[i].name, name) == 0) {
            *type = f[i].type;
            return &fields->values[i];
        }
    }
    return NULL;
}

const struct value *fields_get(const struct fields *fields, const char *name,
                               enum field_type type)
{
    enum field_type declared;
    const struct value *value = find(fields, name, &declared);

    assert(value != NULL && declared == type);
    return value;
}

bool fields_given(const struct fields *fields, const char *name)
{
    enum field_type declared;
    const struct value *value = find(fields, name, &declared);

    assert(value != NULL);
    return value->given;
}
