/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration file: JSON with comments, against the table. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/schema.h"

enum { PATH_MAX_TEXT = 256, VALUE_MAX = 64 * 1024 };

struct walk {
    struct config_report *report;
    char path[PATH_MAX_TEXT]; /* of the section being read; "" at the root */
};

static void apply_section(struct walk *w, const struct schema_section *section,
                          void *base, const struct json *node);

/* Go down one step; the returned length brings the path back. */
static size_t enter(struct walk *w, const char *name)
{
    size_t len = strlen(w->path);

    (void)snprintf(w->path + len, sizeof(w->path) - len, "%s%s",
                   len == 0 || *name == '[' ? "" : ".", name);
    return len;
}

static void leave(struct walk *w, size_t len)
{
    w->path[len] = '\0';
}

static const char *type_name(const struct json *node)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",       [JSON_BOOL] = "true or false",
        [JSON_NUMBER] = "a number", [JSON_STRING] = "text",
        [JSON_ARRAY] = "an array",  [JSON_OBJECT] = "an object",
    };

    return names[json_type(node)];
}

/* What was found is said by type only: a value may be a secret. */
static void complain(struct walk *w, const struct schema_field *field,
                     const struct json *node, bool type_differs)
{
    struct buf text;

    buf_init(&text, CONFIG_PROBLEM_TEXT_MAX);
    schema_expected(field, &text);
    if (type_differs)
        buf_printf(&text, ", got %s", type_name(node));
    report_error(w->report, "%s: %s", w->path, buf_text(&text));
    buf_done(&text);
}

static bool type_fits(const struct schema_field *field, const struct json *node)
{
    enum json_type type = json_type(node);

    switch (field->type) {
    case SCHEMA_BOOL:
        return type == JSON_BOOL;
    case SCHEMA_COUNT:
        return type == JSON_NUMBER;
    case SCHEMA_SIZE:
    case SCHEMA_DURATION:
        return type == JSON_NUMBER || type == JSON_STRING;
    case SCHEMA_TEXTS:
    case SCHEMA_ARRAY:
        return type == JSON_ARRAY;
    case SCHEMA_OBJECT:
    case SCHEMA_MAP:
    case SCHEMA_PAIRS:
        return type == JSON_OBJECT;
    case SCHEMA_CHOICE: /* of "true" and "false" too */
        return type == JSON_STRING || type == JSON_BOOL;
    case SCHEMA_TEXT:
    case SCHEMA_SECRET:
    case SCHEMA_LATER:
        break;
    }
    return type == JSON_STRING;
}

static void apply_scalar(struct walk *w, const struct schema_field *field,
                         void *base, const struct json *node)
{
    struct buf text;

    buf_init_secret(&text, VALUE_MAX);
    if (json_type(node) == JSON_STRING)
        buf_str(&text, json_text(node, ""));
    else
        json_print(node, &text);
    if (buf_failed(&text) || !schema_set(field, base, buf_text(&text)))
        complain(w, field, node, false);
    else if (field->type == SCHEMA_SECRET)
        report_warning(w->report,
                       "%s: a secret in the configuration file; prefer %s_file",
                       w->path, field->name);
    buf_done(&text);
}

static void apply_texts(struct walk *w, const struct schema_field *field,
                        void *base, const struct json *node)
{
    char index[32];
    size_t i = 0;

    schema_clear_texts(field, base);
    for (const struct json *item = json_first(node); item != NULL;
         item = json_next(item), i++) {
        const char *text = json_text(item, "");
        size_t len = 0;

        if (*text != '\0' && schema_add_text(field, base, text))
            continue;
        (void)snprintf(index, sizeof(index), "[%zu]", i);
        len = enter(w, index);
        complain(w, field, item, json_type(item) != JSON_STRING);
        leave(w, len);
    }
}

static void apply_pairs(struct walk *w, const struct schema_field *field,
                        void *base, const struct json *node)
{
    schema_clear_pairs(field, base);
    for (const struct json *item = json_first(node); item != NULL;
         item = json_next(item)) {
        enum json_type type = json_type(item);
        bool fits =
            type == JSON_STRING || type == JSON_NUMBER || type == JSON_BOOL;
        size_t len = enter(w, json_key(item));
        struct buf text;

        buf_init_secret(&text, VALUE_MAX);
        if (type == JSON_STRING)
            buf_str(&text, json_text(item, ""));
        else
            json_print(item, &text);
        if (!fits || buf_failed(&text) ||
            !schema_add_pair(field, base, json_key(item), buf_text(&text)))
            complain(w, field, item, !fits);
        buf_done(&text);
        leave(w, len);
    }
}

/* A name becomes part of file names, of paths and of variables. */
static bool name_is_good(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= 64 && *name != '-' && *name != '_' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

static void apply_elements(struct walk *w, const struct schema_field *field,
                           void *base, const struct json *node)
{
    char index[32];
    size_t i = 0;

    schema_clear_elements(field, base);
    for (const struct json *item = json_first(node); item != NULL;
         item = json_next(item), i++) {
        const char *name = json_key(item);
        void *element = NULL;
        size_t len = 0;

        (void)snprintf(index, sizeof(index), "[%zu]", i);
        len = enter(w, name != NULL ? name : index);
        if (name != NULL && !name_is_good(name))
            report_error(w->report,
                         "%s: a name is 1-64 of a-z, 0-9, '-' and '_', and "
                         "begins with a letter or digit",
                         w->path);
        else if (json_type(item) != JSON_OBJECT)
            report_error(w->report, "%s: expected an object, got %s", w->path,
                         type_name(item));
        else if ((element = schema_element(field, base, name, i)) == NULL)
            report_error(w->report, "%s: out of memory", w->path);
        else
            apply_section(w, field->section, element, item);
        leave(w, len);
    }
}

static bool means_nothing(const struct json *node)
{
    switch (json_type(node)) {
    case JSON_NULL:
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_count(node) == 0;
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        break;
    }
    return false;
}

static void apply_field(struct walk *w, const struct schema_field *field,
                        void *base, const struct json *node)
{
    if (field->type == SCHEMA_LATER) {
        if (!means_nothing(node))
            report_error(w->report,
                         "%s: not available in this version of Assay (%s): "
                         "remove it",
                         w->path, field->note);
        return;
    }
    if (json_type(node) == JSON_NULL)
        return; /* as if it were not there */
    if (!type_fits(field, node)) {
        complain(w, field, node, true);
        return;
    }
    switch (field->type) {
    case SCHEMA_TEXTS:
        apply_texts(w, field, base, node);
        break;
    case SCHEMA_PAIRS:
        apply_pairs(w, field, base, node);
        break;
    case SCHEMA_OBJECT:
        apply_section(w, field->section, (char *)base + field->offset, node);
        break;
    case SCHEMA_MAP:
    case SCHEMA_ARRAY:
        apply_elements(w, field, base, node);
        break;
    case SCHEMA_TEXT:
    case SCHEMA_SECRET:
    case SCHEMA_BOOL:
    case SCHEMA_COUNT:
    case SCHEMA_SIZE:
    case SCHEMA_DURATION:
    case SCHEMA_CHOICE:
    case SCHEMA_LATER:
        apply_scalar(w, field, base, node);
        break;
    }
}

static void apply_section(struct walk *w, const struct schema_section *section,
                          void *base, const struct json *node)
{
    for (const struct json *item = json_first(node); item != NULL;
         item = json_next(item)) {
        const struct schema_field *field = schema_find(section, json_key(item));
        const char *nearest = NULL;
        size_t len = enter(w, json_key(item));

        if (field != NULL) {
            apply_field(w, field, base, item);
        } else {
            nearest = schema_nearest(section, json_key(item));
            report_error(w->report, "%s: unknown setting%s%s%s", w->path,
                         nearest != NULL ? "; did you mean \"" : "",
                         nearest != NULL ? nearest : "",
                         nearest != NULL ? "\"?" : "");
        }
        leave(w, len);
    }
}

bool config_file_apply(const char *path, struct config *config,
                       struct config_report *report)
{
    bool readable = false;
    struct walk walk = {.report = report};
    struct json *root = NULL;
    struct buf text;
    struct error err = {0};

    buf_init_secret(&text, LIMIT_CONFIG_FILE);
    if (file_read(path, &text, &err) != 0) {
        report_error(report, "%s", err.text);
        goto done;
    }
    if (json_parse_commented(buf_text(&text), text.len, &root, &err) != 0) {
        report_error(report, "%s: %s", path, err.text);
        goto done;
    }
    if (json_type(root) != JSON_OBJECT) {
        report_error(report, "%s: expected an object, got %s", path,
                     type_name(root));
        goto done;
    }
    apply_section(&walk, &schema_root, config, root);
    readable = true;
done:
    json_free(root);
    buf_done(&text);
    return readable;
}
