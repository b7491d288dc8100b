/* SPDX-License-Identifier: Apache-2.0
 *
 * ASSAY_… variables: the path of a setting in capitals, its dots and dashes
 * as underscores (clusters.main.auth.method is ASSAY_CLUSTERS_MAIN_AUTH_
 * METHOD).  Names of clusters and storages may hold underscores themselves,
 * so a variable is read from the left, and names already known go first. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "config/schema.h"

enum { NAME_MAX_TEXT = 128, VARIABLES_MAX = 256 };

/* Where a value goes: a field of the struct `offset` bytes into a base. */
struct target {
    const struct schema_field *field;
    size_t offset;
};

/* The rest of `text` behind `name` (in capitals), or NULL. */
static const char *after_name(const char *text, const char *name)
{
    for (; *name != '\0'; name++, text++) {
        char c = *name == '-' ? '_' : (char)toupper((unsigned char)*name);

        if (*text != c)
            return NULL;
    }
    return text;
}

/* Follow objects down to a scalar; see find_element for maps and arrays. */
static bool resolve(const struct schema_section *section, const char *name,
                    size_t offset, struct target *out)
{
    for (size_t i = 0; i < section->fields_count; i++) {
        const struct schema_field *field = &section->fields[i];
        const char *rest = after_name(name, field->name);

        if (rest == NULL)
            continue;
        if (field->type == SCHEMA_OBJECT && *rest == '_') {
            if (resolve(field->section, rest + 1, offset + field->offset, out))
                return true;
        } else if (*rest == '\0' ||
                   (field->type == SCHEMA_LATER && *rest == '_')) {
            *out = (struct target){.field = field, .offset = offset};
            return true;
        }
    }
    return false;
}

static void put(const struct target *target, void *base, const char *variable,
                const char *value, struct config_report *report)
{
    const struct schema_field *field = target->field;
    struct buf text;

    if (field->type == SCHEMA_LATER) {
        report_error(report,
                     "%s: not available in this version of Assay (%s): "
                     "remove it",
                     variable, field->note);
        return;
    }
    if (schema_set(field, (char *)base + target->offset, value))
        return;
    buf_init(&text, CONFIG_PROBLEM_TEXT_MAX);
    schema_expected(field, &text);
    report_error(report, "%s: %s", variable, buf_text(&text));
    buf_done(&text);
}

/* A new name for a map: what stands before a setting of its section. */
static bool split_name(const struct schema_field *field, const char *rest,
                       char *name, struct target *target)
{
    for (const char *p = strchr(rest, '_'); p != NULL; p = strchr(p + 1, '_')) {
        size_t len = (size_t)(p - rest);

        if (len == 0 || len >= NAME_MAX_TEXT ||
            !resolve(field->section, p + 1, 0, target))
            continue;
        for (size_t i = 0; i < len; i++)
            name[i] = (char)tolower((unsigned char)rest[i]);
        name[len] = '\0';
        return true;
    }
    return false;
}

static void *find_in_map(const struct schema_field *field, void *base,
                         const char *rest, struct target *target)
{
    char name[NAME_MAX_TEXT];

    for (size_t i = 0; i < schema_count(field, base); i++) {
        void *element = schema_at(field, base, i);
        char *its_name = NULL;
        const char *after = NULL;

        memcpy(&its_name, element, sizeof(its_name));
        after = after_name(rest, its_name);
        if (after != NULL && *after == '_' &&
            resolve(field->section, after + 1, 0, target))
            return element;
    }
    if (!split_name(field, rest, name, target))
        return NULL;
    return schema_element(field, base, name, 0);
}

static void *find_in_array(const struct schema_field *field, void *base,
                           const char *rest, struct target *target)
{
    const char *separator = strchr(rest, '_');
    char digits[8];
    uint64_t index = 0;

    if (separator == NULL || (size_t)(separator - rest) >= sizeof(digits))
        return NULL;
    memcpy(digits, rest, (size_t)(separator - rest));
    digits[separator - rest] = '\0';
    if (!text_u64(digits, &index) ||
        !resolve(field->section, separator + 1, 0, target))
        return NULL;
    return schema_element(field, base, NULL, (size_t)index);
}

/* The element of a map or array that `name` leads into, at the root or inside
 * an object; NULL. */
static void *find_element(const struct schema_section *section, void *base,
                          const char *name, struct target *target)
{
    void *element = NULL;

    for (size_t i = 0; i < section->fields_count && element == NULL; i++) {
        const struct schema_field *field = &section->fields[i];
        const char *rest = after_name(name, field->name);

        if (rest == NULL || *rest != '_')
            continue;
        if (field->type == SCHEMA_MAP)
            element = find_in_map(field, base, rest + 1, target);
        else if (field->type == SCHEMA_ARRAY)
            element = find_in_array(field, base, rest + 1, target);
        else if (field->type == SCHEMA_OBJECT)
            element = find_element(field->section, (char *)base + field->offset,
                                   rest + 1, target);
    }
    return element;
}

static bool apply(struct config *config, const char *variable, const char *name,
                  const char *value, struct config_report *report)
{
    struct target target = {0};
    void *element = NULL;

    if (resolve(&schema_root, name, 0, &target) &&
        target.field->type != SCHEMA_MAP &&
        target.field->type != SCHEMA_ARRAY) {
        put(&target, config, variable, value, report);
        return true;
    }
    element = find_element(&schema_root, config, name, &target);
    if (element != NULL)
        put(&target, element, variable, value, report);
    return element != NULL;
}

struct suggestion {
    struct nearest nearest;
    char best[NAME_MAX_TEXT];
};

static void suggest(void *ctx, const char *path, const char *variable,
                    const char *type, const char *preset)
{
    struct suggestion *s = ctx;

    (void)path;
    (void)type;
    (void)preset;
    nearest_offer(&s->nearest, variable);
    if (s->nearest.best == variable) {
        (void)text_copy(s->best, sizeof(s->best), variable);
        s->nearest.best = s->best;
    }
}

/* Only a warning: a container platform sets variables that begin with the
 * name of the service (ASSAY_PORT, ASSAY_SERVICE_HOST), unasked. */
static void warn_unknown(const char *variable, struct config_report *report)
{
    struct suggestion s = {0};
    const char *best = NULL;

    nearest_init(&s.nearest, variable);
    config_describe(suggest, &s);
    best = nearest_best(&s.nearest);
    report_warning(report, "%s: unknown variable, ignored%s%s%s", variable,
                   best != NULL ? "; did you mean " : "",
                   best != NULL ? best : "", best != NULL ? "?" : "");
}

static bool is_for_others(const char *name)
{
    static const char *const prefixes[] = {"TEST_", "SERVICE_", "PORT_"};
    /* The last ones are for `assay health`. */
    static const char *const names[] = {
        "CONFIG",     "ADDRESS",         "PORT",
        "CACERT",     "CAPATH",          "CLIENT_CERT",
        "CLIENT_KEY", "TLS_SERVER_NAME", "SKIP_VERIFY"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (text_starts(name, prefixes[i]))
            return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void set_key_files(struct config *config, const char *value,
                          struct config_report *report)
{
    const struct schema_field *clusters = schema_find(&schema_root, "clusters");
    struct config_cluster *cluster = NULL;
    struct target target = {0};

    if (config->clusters_count > 1) {
        report_error(report, "ASSAY_UNSEAL_KEY_FILES: there are several "
                             "clusters; use ASSAY_CLUSTERS_<NAME>_UNSEAL_"
                             "KEY_FILES");
        return;
    }
    cluster = config->clusters_count == 1
                  ? &config->clusters[0]
                  : schema_element(clusters, config, "main", 0);
    if (cluster == NULL ||
        !resolve(clusters->section, "UNSEAL_KEY_FILES", 0, &target)) {
        report_error(report, "ASSAY_UNSEAL_KEY_FILES: out of memory");
        return;
    }
    put(&target, cluster, "ASSAY_UNSEAL_KEY_FILES", value, report);
}

static void apply_one(const char *entry, struct config *config,
                      struct config_report *report)
{
    const char *value = strchr(entry, '=');
    char variable[NAME_MAX_TEXT];
    const char *name = variable + strlen("ASSAY_");

    if (value == NULL || (size_t)(value - entry) >= sizeof(variable))
        return;
    memcpy(variable, entry, (size_t)(value - entry));
    variable[value - entry] = '\0';
    value++;
    if (strcmp(name, "LISTEN") == 0) {
        if (config_set_listen(config, value) != 0)
            report_error(report, "%s: out of memory", variable);
    } else if (strcmp(name, "UNSEAL_KEY_FILES") == 0) {
        set_key_files(config, value, report);
    } else if (!is_for_others(name) &&
               !apply(config, variable, name, value, report)) {
        warn_unknown(variable, report);
    }
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* Sorted, so that ASSAY_LISTEN comes before ASSAY_LISTEN_1_ADDRESS, the
 * first element of an array before the second, and the clusters before what
 * is said about "the one cluster". */
void config_environment_apply(const char *const *env, struct config *config,
                              struct config_report *report)
{
    const char *ours[VARIABLES_MAX];
    size_t count = 0;

    for (; *env != NULL; env++) {
        if (!text_starts(*env, "ASSAY_"))
            continue;
        if (count == VARIABLES_MAX) {
            report_error(report, "more than %d ASSAY_ variables",
                         VARIABLES_MAX);
            break;
        }
        ours[count++] = *env;
    }
    qsort(ours, count, sizeof(ours[0]), by_name);
    for (size_t i = 0; i < count; i++)
        apply_one(ours[i], config, report);
}

static const char *one_value(const char *const *env, const char *name)
{
    size_t len = strlen(name);

    for (; *env != NULL; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return (*env)[len + 1] != '\0' ? *env + len + 1 : NULL;
    return NULL;
}

const char *config_environment_get(const char *const *env, const char *name,
                                   const char *other_name)
{
    const char *value = one_value(env, name);

    return value != NULL ? value : one_value(env, other_name);
}
