/* SPDX-License-Identifier: Apache-2.0 */
#include "server/uri.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

static int check_bytes(const char *raw, struct error *err)
{
    const size_t len = strnlen(raw, LIMIT_REQUEST_URL + 1);

    if (len > LIMIT_REQUEST_URL)
        return error_set(err, ERR_TOO_LARGE, "the URL is longer than %d bytes",
                         LIMIT_REQUEST_URL);
    if (raw[0] != '/')
        return error_set(err, ERR_INVALID,
                         "the request target is not an absolute path");
    for (size_t i = 0; i < len; i++) {
        const char c = raw[i];

        if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\')
            return error_set(err, ERR_INVALID,
                             "the URL has a byte that must not be there");
    }
    return 0;
}

/* Decoded bytes that would move a boundary between segments, end a C string
 * or hide in a log. */
static bool segment_is_safe(const char *s, size_t len)
{
    if (len == 0 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)s[i];

        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return false;
    }
    return text_is_utf8(s, len);
}

static int split_path(struct uri *uri, const char *path, size_t len,
                      struct error *err)
{
    char *dst = uri->memory;
    size_t begin = 1; /* behind the first slash */

    while (begin < len) {
        const char *slash = memchr(path + begin, '/', len - begin);
        const size_t end = slash != NULL ? (size_t)(slash - path) : len;
        size_t n;

        if (uri->count == URI_SEGMENTS_MAX)
            return error_set(err, ERR_INVALID,
                             "the path has more than %d segments",
                             URI_SEGMENTS_MAX);
        if (form_unescape(dst, path + begin, end - begin, false, &n) < 0 ||
            !segment_is_safe(dst, n))
            return error_set(err, ERR_INVALID,
                             "the path has an empty or dot segment, or an "
                             "escape that is not allowed");
        uri->segments[uri->count++] = dst;
        dst += n + 1;
        begin = end + 1;
    }
    return 0;
}

int uri_parse(const char *raw, struct uri *out, struct error *err)
{
    struct uri uri = {0};
    const char *query;
    size_t path_len;
    int rc = -1;

    if (check_bytes(raw, err) < 0)
        goto done;
    query = strchr(raw, '?');
    path_len = query != NULL ? (size_t)(query - raw) : strlen(raw);
    uri.memory = calloc(1, path_len + URI_SEGMENTS_MAX + 1);
    if (uri.memory == NULL) {
        error_memory(err);
        goto done;
    }
    /* "//" alone would pass as one trailing slash. */
    if (path_len > 1 && raw[path_len - 1] == '/' && raw[path_len - 2] == '/') {
        error_set(err, ERR_INVALID, "the path has an empty segment");
        goto done;
    }
    if (split_path(&uri, raw, path_len, err) < 0)
        goto done;
    if (query != NULL &&
        form_parse(query + 1, strlen(query + 1), &uri.query, err) < 0) {
        error_prefix(err, "query");
        goto done;
    }
    *out = uri;
    uri = (struct uri){0};
    rc = 0;
done:
    uri_done(&uri);
    return rc;
}

void uri_done(struct uri *uri)
{
    form_done(&uri->query);
    free(uri->memory);
    *uri = (struct uri){0};
}
