/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings, private to config/.  A section describes a struct
 * of config.h; a field says where in it a value lives and what it may be. */
#ifndef ASSAY_CONFIG_SCHEMA_H
#define ASSAY_CONFIG_SCHEMA_H

#include "config/config.h"

enum schema_type {
    SCHEMA_TEXT,
    SCHEMA_SECRET,
    SCHEMA_BOOL,
    SCHEMA_COUNT,    /* uint64_t within min … max */
    SCHEMA_SIZE,     /* uint64_t bytes */
    SCHEMA_DURATION, /* int64_t milliseconds within min … max */
    SCHEMA_CHOICE,   /* unsigned: 1 + index in `choices` */
    SCHEMA_TEXTS,    /* struct config_texts, of `choices` if there are any */
    SCHEMA_PAIRS,    /* struct config_pairs; the values are secrets */
    SCHEMA_OBJECT,   /* a struct inside the struct */
    SCHEMA_MAP,      /* named structs: pointer, and a size_t right behind */
    SCHEMA_ARRAY,    /* the same, counted instead of named */
    SCHEMA_LATER,    /* known, but of a version to come: refused */
};

struct schema_section;

struct schema_field {
    const char *name;
    enum schema_type type;
    size_t offset;
    const struct schema_section *section;
    const char *const *choices; /* NULL-terminated */
    int64_t min;
    int64_t max;
    const char *preset; /* the default, as one would write it; or NULL */
    const char *note;   /* SCHEMA_LATER: what to do instead */
};

/* The elements of a map begin with their name: a char * at offset 0. */
struct schema_section {
    const struct schema_field *fields;
    size_t fields_count;
    size_t size;
};

/* Each but the root in a file of its name; auth in schema.c, limits in
 * schema_listen.c. */
extern const struct schema_section schema_root, schema_access, schema_audit,
    schema_auth, schema_hardening, schema_limits, schema_listen, schema_oracles,
    schema_transient;

const struct schema_field *schema_find(const struct schema_section *section,
                                       const char *name);
/* The name in the section that is most like `name`, or NULL. */
const char *schema_nearest(const struct schema_section *section,
                           const char *name);
/* What a value should be, for an error: "expected one of …". */
void schema_expected(const struct schema_field *field, struct buf *out);

/* Values (values.c). */

/* Every preset of the section into `base`, which is zeroed.  -1: memory. */
int schema_defaults(const struct schema_section *section, void *base);
/* Parse one scalar, or a comma separated list for SCHEMA_TEXTS and (of
 * name=value) SCHEMA_PAIRS, and store it in place of what was there.  False
 * if it is not acceptable. */
bool schema_set(const struct schema_field *field, void *base, const char *text);
/* Replace the texts by none; add one. */
void schema_clear_texts(const struct schema_field *field, void *base);
bool schema_add_text(const struct schema_field *field, void *base,
                     const char *text);
/* Replace the pairs by none; add one, or give one of that name a new value.
 * False for a name that cannot be that of a variable. */
void schema_clear_pairs(const struct schema_field *field, void *base);
bool schema_add_pair(const struct schema_field *field, void *base,
                     const char *name, const char *value);
/* The element called `name` (`index` for an array), made with its defaults
 * if it is not there.  NULL without memory, or for an array if `index` is
 * beyond the end. */
void *schema_element(const struct schema_field *field, void *base,
                     const char *name, size_t index);
/* How many there are, and each. */
size_t schema_count(const struct schema_field *field, const void *base);
void *schema_at(const struct schema_field *field, const void *base,
                size_t index);
/* Remove all elements of a map or array. */
void schema_clear_elements(const struct schema_field *field, void *base);
/* Free what the struct at `base` owns; secrets are wiped. */
void schema_release(const struct schema_section *section, void *base);

/* Problems (report.c). */
void report_error(struct config_report *r, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
void report_warning(struct config_report *r, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* The sources (file.c, environment.c); the judges are in config/check.h. */
/* False if it cannot be read at all: judging the rest makes no sense. */
bool config_file_apply(const char *path, struct config *config,
                       struct config_report *report) MUST_USE;
void config_environment_apply(const char *const *env, struct config *config,
                              struct config_report *report);
/* The value of the first of two names, "" counting as not set; or NULL. */
const char *config_environment_get(const char *const *env, const char *name,
                                   const char *other_name);
/* Replace `listen` by a comma separated list of addresses. */
int config_set_listen(struct config *config, const char *addresses);

#endif
