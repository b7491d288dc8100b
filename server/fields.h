/* SPDX-License-Identifier: Apache-2.0
 *
 * From what a client sent to values of the declared types.  The Vault CLI
 * sends every value as a string, so "5", "true", "1h30m" and "a,b" are as
 * good as 5, true, 5400 and ["a","b"]. */
#ifndef ASSAY_SERVER_FIELDS_H
#define ASSAY_SERVER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "server/form.h"
#include "server/route.h"

enum { FIELDS_MAX = 24, FIELDS_LIST_MAX = 256 };

struct value {
    bool given;
    bool flag;
    int64_t number;     /* int, or milliseconds of a duration */
    const char *text;   /* borrowed from where it came, or `owned` */
    const char **items; /* NULL-terminated */
    size_t count;
    char *owned;
};

/* Caller's storage; zero it before the first use. */
struct fields {
    const struct field *declared;
    struct value values[FIELDS_MAX];
};

/* Where values may come from; the first that has the field wins.  They must
 * outlive the result. */
struct fields_source {
    const struct json *body; /* an object, or NULL */
    const struct form *form;
    const struct form *query;
};

/* -1 with ERR_INVALID naming the field that cannot be of its type.  Unknown
 * fields of any source are added to `unknown` as sentences, each followed by
 * a NUL byte. */
int fields_resolve(const struct field *declared,
                   const struct fields_source *from, struct fields *out,
                   struct buf *unknown, struct error *err) MUST_USE;
void fields_done(struct fields *fields);
/* Asserts that the route declares it with that type. */
const struct value *fields_get(const struct fields *fields, const char *name,
                               enum field_type type);
/* Of any type. */
bool fields_given(const struct fields *fields, const char *name);
const char *fields_type_name(enum field_type type);

#endif
