/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows are kept sorted.  Entries come in key order, so that the row wanted is
 * nearly always the last one used or a new last one; but not always ("a/b-c"
 * stands between "a/b" and "a/b/c"), hence the search. */
#include "snapshot/prefixes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

struct row {
    size_t len;
    struct snapshot_prefix counts;
};

struct prefixes {
    struct row *rows;
    size_t count;
    size_t room;
    size_t used_last; /* index */
    uint64_t other_entries;
    uint64_t other_bytes;
};

struct prefixes *prefixes_new(void)
{
    return calloc(1, sizeof(struct prefixes));
}

void prefixes_free(struct prefixes *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t n = 0; n < p->count; n++) {
        free(p->rows[n].counts.prefix);
    }
    free(p->rows);
    free(p);
}

/* Up to the second slash. */
static size_t prefix_len(const uint8_t *key, size_t key_len)
{
    const uint8_t *slash = memchr(key, '/', key_len);

    if (slash != NULL) {
        size_t from = (size_t)(slash - key) + 1;

        slash = memchr(key + from, '/', key_len - from);
    }
    return slash != NULL ? (size_t)(slash - key) : key_len;
}

static int order(const struct row *row, const uint8_t *text, size_t len)
{
    size_t least = row->len < len ? row->len : len;
    int rc = memcmp(row->counts.prefix, text, least);

    if (rc != 0) {
        return rc;
    }
    return row->len < len ? -1 : row->len > len;
}

/* The row's index, or where it belongs. */
static bool find(const struct prefixes *p, const uint8_t *text, size_t len,
                 size_t *at)
{
    size_t low = 0;
    size_t high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int rc = order(&p->rows[middle], text, len);

        if (rc == 0) {
            *at = middle;
            return true;
        }
        if (rc < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *at = low;
    return false;
}

static int insert(struct prefixes *p, const uint8_t *text, size_t len,
                  size_t at, struct error *err)
{
    char *copy = NULL;

    if (p->count == p->room) {
        size_t room = p->room == 0 ? 64 : p->room * 2;
        struct row *rows = realloc(p->rows, room * sizeof(*rows));

        if (rows == NULL) {
            return error_memory(err);
        }
        p->rows = rows;
        p->room = room;
    }
    copy = text_dup_len((const char *)text, len);
    if (copy == NULL) {
        return error_memory(err);
    }
    memmove(&p->rows[at + 1], &p->rows[at], (p->count - at) * sizeof(*p->rows));
    p->rows[at] = (struct row){.len = len, .counts = {.prefix = copy}};
    p->count++;
    return 0;
}

int prefixes_add(struct prefixes *p, const uint8_t *key, size_t key_len,
                 uint64_t bytes, struct error *err)
{
    size_t len = prefix_len(key, key_len);
    size_t at = p->used_last;

    if (at >= p->count || order(&p->rows[at], key, len) != 0) {
        if (!find(p, key, len, &at)) {
            if (p->count == LIMIT_SNAPSHOT_PREFIXES ||
                len > LIMIT_SNAPSHOT_PREFIX_LENGTH) {
                p->other_entries++;
                p->other_bytes += bytes;
                return 0;
            }
            if (insert(p, key, len, at, err) != 0) {
                return -1;
            }
        }
        p->used_last = at;
    }
    p->rows[at].counts.entries++;
    p->rows[at].counts.bytes += bytes;
    return 0;
}

/* Text from here on: what a NUL would cut off becomes visible. */
static void make_text(struct row *row)
{
    char *nul = NULL;

    while ((nul = memchr(row->counts.prefix, '\0', row->len)) != NULL) {
        *nul = '?';
    }
}

int prefixes_take(struct prefixes *p, struct snapshot_facts *facts,
                  struct error *err)
{
    size_t count = p->count + (p->other_entries > 0);
    struct snapshot_prefix *out = calloc(count + 1, sizeof(*out));
    char *other = text_dup(SNAPSHOT_PREFIX_OTHER);

    if (out == NULL || other == NULL) {
        free(out);
        free(other);
        return error_memory(err);
    }
    for (size_t n = 0; n < p->count; n++) {
        make_text(&p->rows[n]);
        out[n] = p->rows[n].counts;
    }
    if (p->other_entries > 0) {
        out[p->count] =
            (struct snapshot_prefix){other, p->other_entries, p->other_bytes};
    } else {
        free(other);
    }
    facts->prefixes = out;
    facts->prefix_count = count;
    p->count = 0;
    p->other_entries = p->other_bytes = 0;
    return 0;
}
