/* SPDX-License-Identifier: Apache-2.0
 *
 * The reading half.  A `struct json` is a cJSON under another name: nothing
 * outside this file sees which. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

/* Whole numbers up to here are exact in a double. */
static const double exact_max = 9007199254740992.0;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool no_memory; /* since it was last cleared */

static const cJSON *in(const struct json *node)
{
    return (const cJSON *)node;
}

static const struct json *out_of(const cJSON *node)
{
    return (const struct json *)node;
}

/* cJSON's own limit is a thousand levels and fixed when it is built. */
static bool too_deep(const char *text, size_t len)
{
    unsigned depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* Two values for one key: readers would differ about which one counts. */
static const char *duplicate_in(const cJSON *object)
{
    for (const cJSON *a = object->child; a != NULL; a = a->next) {
        for (const cJSON *b = a->next; b != NULL; b = b->next) {
            if (strcmp(a->string, b->string) == 0)
                return a->string;
        }
    }
    return NULL;
}

/* Depth is bounded by LIMIT_JSON_DEPTH, so the recursion is. */
static const char *duplicate_key(const cJSON *node)
{
    const char *found = NULL;

    if (cJSON_IsObject(node))
        found = duplicate_in(node);
    for (const cJSON *c = node->child; c != NULL && found == NULL; c = c->next)
        found = duplicate_key(c);
    return found;
}

/* cJSON stops a string at an escaped NUL without a word. */
static bool has_nul_escape(const char *text, size_t len)
{
    for (size_t i = 0; i + 6 <= len; i++) {
        if (text[i] != '\\')
            continue;
        if (memcmp(text + i, "\\u0000", 6) == 0)
            return true;
        i++;
    }
    return false;
}

static bool only_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p == end;
}

/* The library does not say why it gives up. */
static void *allocate(size_t size)
{
    void *block = malloc(size);

    if (block == NULL)
        no_memory = true;
    return block;
}

/* Trees, also those that are given up halfway, and what is printed of them
 * may hold secrets: all that the library frees is wiped. */
static void wipe_what_is_freed(void)
{
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = secret_heap_free};

    cJSON_InitHooks(&hooks);
}

int json_parse(const char *text, size_t len, struct json **root,
               struct error *err)
{
    const char *end = NULL;
    const char *twice;
    cJSON *tree;

    if (len == 0)
        return error_set(err, ERR_INVALID, "expected JSON, got nothing");
    if (!text_is_utf8(text, len))
        return error_set(err, ERR_INVALID, "JSON is not UTF-8");
    if (memchr(text, '\0', len) != NULL || has_nul_escape(text, len))
        return error_set(err, ERR_INVALID, "JSON holds a NUL character");
    if (too_deep(text, len))
        return error_set(err, ERR_INVALID,
                         "JSON is nested deeper than %d levels",
                         LIMIT_JSON_DEPTH);
    (void)pthread_once(&once, wipe_what_is_freed);
    no_memory = false;
    tree = cJSON_ParseWithLengthOpts(text, len, &end, 0);
    if (tree == NULL || !only_space(end, text + len)) {
        size_t at = end != NULL ? (size_t)(end - text) : 0;

        cJSON_Delete(tree);
        if (no_memory)
            return error_memory(err);
        return error_set(err, ERR_INVALID, "not JSON: trouble at byte %zu", at);
    }
    twice = duplicate_key(tree);
    if (twice != NULL) {
        error_set(err, ERR_INVALID, "JSON has the key \"%.64s\" twice", twice);
        cJSON_Delete(tree);
        return -1;
    }
    *root = (struct json *)tree;
    return 0;
}

/* From the opening of a comment to behind its end, or to the end of all. */
static char *blank_comment(char *p, char *end)
{
    bool line = p[1] == '/';

    *p++ = ' ';
    *p++ = ' ';
    for (; p < end; p++) {
        if (line && *p == '\n')
            return p;
        if (!line && end - p >= 2 && p[0] == '*' && p[1] == '/') {
            p[0] = p[1] = ' ';
            return p + 2;
        }
        if (*p != '\n')
            *p = ' ';
    }
    return end;
}

/* Comments become blanks, so that byte offsets in errors stay true. */
static void blank_comments(char *p, char *end)
{
    bool quoted = false;

    while (p < end) {
        bool pair = end - p >= 2;

        if (!quoted && pair && *p == '/' && (p[1] == '/' || p[1] == '*')) {
            p = blank_comment(p, end);
            continue;
        }
        if (*p == '"')
            quoted = !quoted;
        else if (quoted && pair && *p == '\\')
            p++;
        p++;
    }
}

int json_parse_commented(const char *text, size_t len, struct json **root,
                         struct error *err)
{
    struct buf copy;
    int rc = -1;

    buf_init_secret(&copy, len + 1);
    buf_add(&copy, text, len);
    if (buf_check(&copy, "JSON", err) != 0)
        goto done;
    blank_comments(copy.data, copy.data + copy.len);
    rc = json_parse(copy.data, copy.len, root, err);
done:
    buf_done(&copy);
    return rc;
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)root);
}

enum json_type json_type(const struct json *node)
{
    const cJSON *n = in(node);

    if (n == NULL || cJSON_IsNull(n))
        return JSON_NULL;
    if (cJSON_IsBool(n))
        return JSON_BOOL;
    if (cJSON_IsNumber(n))
        return JSON_NUMBER;
    if (cJSON_IsString(n))
        return JSON_STRING;
    return cJSON_IsArray(n) ? JSON_ARRAY : JSON_OBJECT;
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (json_type(object) != JSON_OBJECT)
        return NULL;
    return out_of(cJSON_GetObjectItemCaseSensitive(in(object), key));
}

const struct json *json_first(const struct json *parent)
{
    return parent == NULL ? NULL : out_of(in(parent)->child);
}

const struct json *json_next(const struct json *node)
{
    return node == NULL ? NULL : out_of(in(node)->next);
}

const char *json_key(const struct json *node)
{
    return node == NULL ? NULL : in(node)->string;
}

size_t json_count(const struct json *parent)
{
    size_t n = 0;

    for (const struct json *c = json_first(parent); c != NULL; c = json_next(c))
        n++;
    return n;
}

const char *json_text(const struct json *node, const char *otherwise)
{
    return json_type(node) == JSON_STRING ? in(node)->valuestring : otherwise;
}

bool json_bool(const struct json *node, bool otherwise)
{
    return json_type(node) == JSON_BOOL ? cJSON_IsTrue(in(node)) : otherwise;
}

bool json_u64(const struct json *node, uint64_t *out)
{
    double v;

    if (json_type(node) == JSON_STRING)
        return text_u64(in(node)->valuestring, out);
    if (json_type(node) != JSON_NUMBER)
        return false;
    v = in(node)->valuedouble;
    if (!(v >= 0 && v <= exact_max) || v != floor(v))
        return false;
    *out = (uint64_t)v;
    return true;
}

bool json_i64(const struct json *node, int64_t *out)
{
    double v;

    if (json_type(node) == JSON_STRING)
        return text_i64(in(node)->valuestring, out);
    if (json_type(node) != JSON_NUMBER)
        return false;
    v = in(node)->valuedouble;
    if (!(v >= -exact_max && v <= exact_max) || v != floor(v))
        return false;
    *out = (int64_t)v;
    return true;
}

bool json_double(const struct json *node, double *out)
{
    if (json_type(node) != JSON_NUMBER)
        return false;
    *out = in(node)->valuedouble;
    return true;
}

const char *json_get_text(const struct json *o, const char *key,
                          const char *otherwise)
{
    return json_text(json_get(o, key), otherwise);
}

uint64_t json_get_u64(const struct json *o, const char *key, uint64_t otherwise)
{
    (void)json_u64(json_get(o, key), &otherwise);
    return otherwise;
}

int64_t json_get_i64(const struct json *o, const char *key, int64_t otherwise)
{
    (void)json_i64(json_get(o, key), &otherwise);
    return otherwise;
}

double json_get_double(const struct json *o, const char *key, double otherwise)
{
    (void)json_double(json_get(o, key), &otherwise);
    return otherwise;
}

bool json_get_bool(const struct json *o, const char *key, bool otherwise)
{
    return json_bool(json_get(o, key), otherwise);
}

void json_print(const struct json *node, struct buf *out)
{
    char *text = cJSON_PrintUnformatted(in(node));

    if (text == NULL) {
        out->failed = true;
        return;
    }
    buf_str(out, text);
    cJSON_free(text);
}
