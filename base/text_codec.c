/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of base/text.h that turns bytes into text and back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void text_hex(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_unhex(const char *hex, void *out, size_t len)
{
    uint8_t *p = out;

    if (strlen(hex) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        p[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *text_base64(const void *data, size_t len)
{
    const uint8_t *p = data;
    char *out, *o;

    if (len > SIZE_MAX / 4 * 3 - 4)
        return NULL;
    out = malloc((len + 2) / 3 * 4 + 1);
    if (out == NULL)
        return NULL;
    o = out;
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i;
        uint32_t v = (uint32_t)p[i] << 16;

        if (have > 1)
            v |= (uint32_t)p[i + 1] << 8;
        if (have > 2)
            v |= p[i + 2];
        *o++ = alphabet[v >> 18];
        *o++ = alphabet[v >> 12 & 63];
        *o++ = have > 1 ? alphabet[v >> 6 & 63] : '=';
        *o++ = have > 2 ? alphabet[v & 63] : '=';
    }
    *o = '\0';
    return out;
}

static int base64_value(char c)
{
    const char *found;

    if (c == '-')
        c = '+';
    if (c == '_')
        c = '/';
    found = c == '\0' ? NULL : strchr(alphabet, c);
    return found == NULL ? -1 : (int)(found - alphabet);
}

bool text_unbase64(const char *s, void *out, size_t size, size_t *len)
{
    size_t n = strlen(s), written = 0;
    uint8_t *o = out;
    uint32_t v = 0;
    unsigned bits = 0;

    if (n % 4 == 0) {
        for (int i = 0; i < 2 && n > 0 && s[n - 1] == '='; i++)
            n--;
    }
    if (n % 4 == 1)
        return false;
    for (size_t i = 0; i < n; i++) {
        int d = base64_value(s[i]);

        if (d < 0)
            return false;
        v = v << 6 | (uint32_t)d;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (written == size)
            return false;
        o[written++] = (uint8_t)(v >> bits);
        v &= (1u << bits) - 1;
    }
    if (v != 0) /* bits beyond the last byte: not what an encoder writes */
        return false;
    *len = written;
    return true;
}

/* What the second byte may be: no overlong forms, no surrogates, nothing
 * beyond U+10FFFF. */
static bool utf8_second(unsigned char first, unsigned char c)
{
    unsigned char low = 0x80, high = 0xbf;

    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    return c >= low && c <= high;
}

/* Length of the well-formed sequence at s, or 0 (Unicode 15, table 3-7). */
static size_t utf8_one(const unsigned char *s, size_t left)
{
    size_t n;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (left < n || !utf8_second(s[0], s[1]))
        return 0;
    for (size_t i = 2; i < n; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return n;
}

bool text_is_utf8(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;

    while (len > 0) {
        size_t n = utf8_one(p, len);

        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}
