/* SPDX-License-Identifier: Apache-2.0
 *
 * Text to numbers and back, strictly.  The only user of strto*.  Every parser
 * takes the whole string or refuses it, without locale. */
#ifndef ASSAY_BASE_TEXT_H
#define ASSAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Copy into `dst` of `size` bytes, always terminated; false if cut. */
bool text_copy(char *dst, size_t size, const char *src);
/* malloc'd, or NULL without memory. */
char *text_format(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *text_dup(const char *src);
char *text_dup_len(const char *src, size_t len);
char **text_dup_list(const char *const *src, size_t count);
void text_free_list(char **list, size_t count); /* accepts NULL */

/* True and *out written, or false and *out untouched. */
bool text_u64(const char *s, uint64_t *out);
bool text_i64(const char *s, int64_t *out);
bool text_double(const char *s, double *out);
/* Go's ParseBool: 1 t T TRUE true True 0 f F FALSE false False. */
bool text_bool(const char *s, bool *out);
/* Go's durations ("1h30m", "250ms", "1.5s") or plain seconds ("90"), and
 * "2d"; milliseconds, never negative. */
bool text_duration_ms(const char *s, int64_t *out);
/* "64", "64k", "64KiB", "1MiB", "2G", … (powers of 1024), bytes. */
bool text_size(const char *s, uint64_t *out);
/* RFC 3339 date-time, any offset, up to nanoseconds (cut to ms): Unix
 * milliseconds. */
bool text_rfc3339_ms(const char *s, int64_t *out);

/* Neither NULL nor "". */
bool text_given(const char *s);
bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
/* ASCII only, no locale. */
bool text_equal_nocase(const char *a, const char *b);
/* Constant time in the length of `a`: for tokens and digests. */
bool text_equal_secret(const char *a, const char *b);
/* Every byte printable ASCII without space, quote or backslash. */
bool text_is_token(const char *s);
/* Well-formed UTF-8 (no surrogates, no overlong forms). */
bool text_is_utf8(const char *s, size_t len);
/* <0, 0, >0 as version `a` is older than, as old as or newer than `b`.
 * Numbers separated by dots; a pre-release (-rc1) is older than its release,
 * build metadata (+ent) counts for nothing; a leading v is skipped. */
int text_version_compare(const char *a, const char *b);
/* Trim ASCII white space at both ends, in place; returns s moved on. */
char *text_trim(char *s);

/* "1.4 MiB", "63 596 B": for people. `out` of at least 32 bytes. */
void text_human_size(uint64_t bytes, char *out, size_t size);
/* "2.4s", "1m30s", "3h5m", "12d4h": for people. */
void text_human_duration(int64_t ms, char *out, size_t size);

/* Lower-case hex; `out` of 2 * len + 1 bytes. */
void text_hex(const void *data, size_t len, char *out);
/* `out` of strlen(hex)/2 bytes; false unless exactly `len` bytes of hex. */
bool text_unhex(const char *hex, void *out, size_t len);
/* Standard base64 with padding. malloc'd / buf-sized by caller. */
char *text_base64(const void *data, size_t len);
/* Decodes standard or URL-safe, padded or not; writes at most `size` bytes,
 * *len says how many. */
bool text_unbase64(const char *s, void *out, size_t size, size_t *len);

#endif
