/* SPDX-License-Identifier: Apache-2.0 */
#include "server/form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int form_unescape(char *dst, const char *src, size_t len, bool plus,
                  size_t *out_len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = src[i];

        if (c == '%') {
            const int hi = i + 2 < len ? hex_value(src[i + 1]) : -1;
            const int lo = i + 2 < len ? hex_value(src[i + 2]) : -1;

            if (hi < 0 || lo < 0)
                return -1;
            c = (char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            return -1;
        dst[n++] = c;
    }
    dst[n] = '\0';
    *out_len = n;
    return 0;
}

static size_t count_pairs(const char *text, size_t len)
{
    size_t count = 1;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '&';
    return count;
}

/* Decode `len` bytes at `src` to *dst and move *dst behind the NUL. */
static const char *decode(char **dst, const char *src, size_t len)
{
    const char *start = *dst;
    size_t n;

    if (form_unescape(*dst, src, len, true, &n) < 0 || !text_is_utf8(start, n))
        return NULL;
    *dst += n + 1;
    return start;
}

static int add_pair(struct form *out, char **dst, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    const size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
    const char *name;
    const char *value;

    name = decode(dst, text, name_len);
    if (name == NULL)
        return -1;
    if (equals != NULL)
        value = decode(dst, equals + 1, len - name_len - 1);
    else
        value = decode(dst, "", 0);
    if (value == NULL)
        return -1;
    if (name[0] != '\0')
        out->pairs[out->count++] = (struct form_pair){name, value};
    return 0;
}

int form_parse(const char *text, size_t len, struct form *out,
               struct error *err)
{
    const size_t most = count_pairs(text, len);
    struct form form = {0};
    size_t begin = 0;
    char *dst;
    int rc = -1;

    if (most > FORM_PAIRS_MAX) {
        error_set(err, ERR_INVALID, "more than %d fields", FORM_PAIRS_MAX);
        goto done;
    }
    /* Decoding never grows a text; each pair needs two NULs. */
    form.size = len + 2 * most + 1;
    form.memory = calloc(1, form.size);
    form.pairs = calloc(most, sizeof(form.pairs[0]));
    if (form.memory == NULL || form.pairs == NULL) {
        error_memory(err);
        goto done;
    }
    dst = form.memory;
    while (begin < len) {
        const char *amp = memchr(text + begin, '&', len - begin);
        const size_t end = amp != NULL ? (size_t)(amp - text) : len;

        if (add_pair(&form, &dst, text + begin, end - begin) < 0) {
            error_set(err, ERR_INVALID,
                      "a field has a bad %% escape, a NUL or is not UTF-8");
            goto done;
        }
        begin = end + 1;
    }
    *out = form;
    form = (struct form){0};
    rc = 0;
done:
    form_done(&form);
    return rc;
}

void form_done(struct form *form)
{
    secret_wipe(form->memory, form->size);
    free(form->pairs);
    free(form->memory);
    *form = (struct form){0};
}

const char *form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->pairs[i].name, name) == 0)
            return form->pairs[i].value;
    return NULL;
}
