/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_copy(char *dst, size_t size, const char *src)
{
    size_t len = strlen(src);
    bool whole = len < size;

    assert(size > 0);
    if (!whole)
        len = size - 1;
    memcpy(dst, src, len);
    dst[len] = '\0';
    return whole;
}

char *text_format(const char *fmt, ...)
{
    va_list ap;
    char *out = NULL;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&out, fmt, ap);
    va_end(ap);
    return n < 0 ? NULL : out;
}

char *text_dup(const char *src)
{
    return strdup(src);
}

char *text_dup_len(const char *src, size_t len)
{
    char *out = malloc(len + 1);

    if (out == NULL)
        return NULL;
    memcpy(out, src, len);
    out[len] = '\0';
    return out;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool text_u64(const char *s, uint64_t *out)
{
    uint64_t value = 0;

    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        unsigned d = (unsigned)(*s - '0');

        if (!digit(*s) || value > (UINT64_MAX - d) / 10)
            return false;
        value = value * 10 + d;
    }
    *out = value;
    return true;
}

bool text_i64(const char *s, int64_t *out)
{
    bool negative = *s == '-';
    uint64_t value;

    if (!text_u64(s + negative, &value))
        return false;
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool text_double(const char *s, double *out)
{
    char *end;
    double value;

    /* strtod would also take blanks, "inf", "nan" and hex. */
    for (const char *p = s; *p != '\0'; p++) {
        if (!digit(*p) && strchr("+-.eE", *p) == NULL)
            return false;
    }
    if (*s == '\0')
        return false;
    errno = 0;
    value = strtod(s, &end);
    if (*end != '\0' || errno == ERANGE || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool text_bool(const char *s, bool *out)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(s, yes[i]) == 0) {
            *out = true;
            return true;
        }
        if (strcmp(s, no[i]) == 0) {
            *out = false;
            return true;
        }
    }
    return false;
}

bool text_size(const char *s, uint64_t *out)
{
    static const char units[] = "kmgt";
    char number[24];
    size_t n = strspn(s, "0123456789");
    const char *unit = s + n;
    uint64_t value;
    unsigned shift = 0;

    if (n == 0 || n >= sizeof number)
        return false;
    memcpy(number, s, n);
    number[n] = '\0';
    if (!text_u64(number, &value))
        return false;
    if (*unit != '\0' && !text_equal_nocase(unit, "b")) {
        char low = (char)(*unit | 0x20);
        const char *found = strchr(units, low);

        if (found == NULL ||
            !(unit[1] == '\0' || text_equal_nocase(unit + 1, "ib") ||
              text_equal_nocase(unit + 1, "b")))
            return false;
        shift = 10 * (unsigned)(found - units + 1);
    }
    if (value > UINT64_MAX >> shift)
        return false;
    *out = value << shift;
    return true;
}

bool text_given(const char *s)
{
    return s != NULL && s[0] != '\0';
}

bool text_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool text_equal_secret(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned diff = n != m;

    for (size_t i = 0; i < n; i++)
        diff |= (unsigned char)a[i] ^ (unsigned char)b[m > 0 ? i % m : 0];
    return diff == 0;
}

bool text_is_token(const char *s)
{
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s <= ' ' || *s > '~' || *s == '"' || *s == '\\')
            return false;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_trim(char *s)
{
    size_t n;

    while (is_space(*s))
        s++;
    n = strlen(s);
    while (n > 0 && is_space(s[n - 1]))
        n--;
    s[n] = '\0';
    return s;
}

/* The number at *s, which moves past it; absent numbers are 0, so that 1.2
 * equals 1.2.0. */
static unsigned long take_number(const char **s)
{
    unsigned long n = 0;

    while (**s >= '0' && **s <= '9' && n < 1000000UL) {
        n = n * 10 + (unsigned long)(**s - '0');
        (*s)++;
    }
    if (**s == '.')
        (*s)++;
    return n;
}

int text_version_compare(const char *a, const char *b)
{
    int i;

    a += *a == 'v';
    b += *b == 'v';
    for (i = 0; i < 4; i++) {
        unsigned long x = take_number(&a);
        unsigned long y = take_number(&b);

        if (x != y)
            return x < y ? -1 : 1;
    }
    if ((*a == '-') != (*b == '-'))
        return *a == '-' ? -1 : 1;
    return *a == '-' ? strcmp(a, b) : 0;
}
