/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in (over cJSON, which nothing else may include) and JSON out (an
 * append-only writer: cJSON prints numbers too slowly for rows).
 *
 * Reading: bounded in length and depth, whole input or nothing, duplicate
 * keys refused.  A `struct json` is a node of a tree; only the root, as
 * returned by json_parse, is freed.  Lookups accept NULL and then answer
 * NULL, so that paths can be chained. */
#ifndef ASSAY_BASE_JSON_H
#define ASSAY_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct json;

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* Text must be UTF-8.  Depth at most LIMIT_JSON_DEPTH (base/limits.h). */
int json_parse(const char *text, size_t len, struct json **root,
               struct error *err) MUST_USE;
/* The same, but // and slash-star comments are allowed (configuration). */
int json_parse_commented(const char *text, size_t len, struct json **root,
                         struct error *err) MUST_USE;
/* Keys and values are wiped before they are freed.  Accepts NULL. */
void json_free(struct json *root);

/* NULL is JSON_NULL. */
enum json_type json_type(const struct json *node);
const struct json *json_get(const struct json *object, const char *key);
/* Children of an array or object, in order: first, then next. */
const struct json *json_first(const struct json *parent);
const struct json *json_next(const struct json *node);
/* The key of an object's child; NULL for an array's. */
const char *json_key(const struct json *node);
size_t json_count(const struct json *parent);

/* The string, or `otherwise` if the node is not a string. */
const char *json_text(const struct json *node, const char *otherwise);
bool json_bool(const struct json *node, bool otherwise);
/* True if the node is a whole number within 0 … 2^53 (or a string of
 * decimal digits, for what does not fit a double). */
bool json_u64(const struct json *node, uint64_t *out);
bool json_i64(const struct json *node, int64_t *out);
bool json_double(const struct json *node, double *out);
/* Shorthands for json_text(json_get(o, key), otherwise) and so on. */
const char *json_get_text(const struct json *o, const char *key,
                          const char *otherwise);
uint64_t json_get_u64(const struct json *o, const char *key,
                      uint64_t otherwise);
int64_t json_get_i64(const struct json *o, const char *key, int64_t otherwise);
double json_get_double(const struct json *o, const char *key, double otherwise);
bool json_get_bool(const struct json *o, const char *key, bool otherwise);
/* Compact text of the node, appended. */
void json_print(const struct json *node, struct buf *out);

/* Writing.  Commas and colons are its business; nesting errors are
 * asserted.  A NULL key means "inside an array" (or the root value). */
struct jsonw {
    struct buf *out;
    unsigned depth;
    uint64_t has_item; /* a bit per depth: a comma is due */
};

void jsonw_init(struct jsonw *w, struct buf *out);
void jsonw_object(struct jsonw *w, const char *key);
void jsonw_end_object(struct jsonw *w);
void jsonw_array(struct jsonw *w, const char *key);
void jsonw_end_array(struct jsonw *w);
/* NULL text is written as null; bytes that are not UTF-8 as U+FFFD. */
void jsonw_text(struct jsonw *w, const char *key, const char *value);
void jsonw_text_len(struct jsonw *w, const char *key, const char *value,
                    size_t len);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
/* Beyond 2^53 written as a string (clients.md). */
void jsonw_u64(struct jsonw *w, const char *key, uint64_t value);
void jsonw_i64(struct jsonw *w, const char *key, int64_t value);
/* Three decimals at most, no trailing zeros: for *_seconds. */
void jsonw_seconds(struct jsonw *w, const char *key, double value);
/* Unix milliseconds as RFC 3339 UTC; 0 (unset) as null. */
void jsonw_time(struct jsonw *w, const char *key, int64_t unix_ms);
/* JSON text that is already well-formed. */
void jsonw_raw(struct jsonw *w, const char *key, const char *json);

#endif
