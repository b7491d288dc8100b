/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON for those who read very many answers: parsed where it lies, without
 * an allocation of its own per value, and without a copy.
 *
 * The same bounds as base/json.h (whole input or nothing, UTF-8, no NUL, depth
 * at most LIMIT_JSON_DEPTH), but duplicate keys are not looked for: the first
 * one counts.  A tape is used again and again by one thread; nodes and texts
 * live until its next parse, and as long as the text does. */
#ifndef ASSAY_BASE_TAPE_H
#define ASSAY_BASE_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

struct tape;
struct tape_node;

struct tape *tape_new(void); /* NULL without memory */
/* At most `depth` from the next parse on, in place of LIMIT_JSON_DEPTH. */
void tape_set_depth(struct tape *t, unsigned depth);
void tape_free(struct tape *t);

/* Overwrites `text`: strings are unescaped in it.  -1: ERR_INVALID, which
 * quotes nothing of it, or memory. */
int tape_parse(struct tape *t, char *text, size_t len,
               struct error *err) MUST_USE;
/* Of the last successful parse. */
const struct tape_node *tape_root(const struct tape *t);

/* NULL is JSON_NULL, and lookups in NULL give NULL. */
enum json_type tape_type(const struct tape_node *n);
const struct tape_node *
tape_get(const struct tape *t, const struct tape_node *object, const char *key);
const struct tape_node *tape_first(const struct tape *t,
                                   const struct tape_node *parent);
const struct tape_node *tape_next(const struct tape *t,
                                  const struct tape_node *n);
size_t tape_count(const struct tape_node *parent);
/* The key of an object's child. */
const char *tape_key(const struct tape *t, const struct tape_node *n);
/* A string's text, or `otherwise`. */
const char *tape_text(const struct tape *t, const struct tape_node *n,
                      const char *otherwise);
const char *tape_get_text(const struct tape *t, const struct tape_node *object,
                          const char *key, const char *otherwise);
bool tape_bool(const struct tape *t, const struct tape_node *n);
/* A whole number, also one in a string. */
bool tape_i64(const struct tape *t, const struct tape_node *n, int64_t *out);
/* A string's text, a number as it was written, true, false or null,
 * appended; nothing for arrays and objects. */
void tape_scalar(const struct tape *t, const struct tape_node *n,
                 struct buf *out);
/* Appended: bytes that are the same for two values exactly when they are the
 * same value with its keys in whatever order.  Not JSON; for hashing. */
void tape_canonical(struct tape *t, const struct tape_node *n, struct buf *out);

#endif
