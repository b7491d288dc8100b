/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/compare.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/cursor.h"

/* One of the two archives. */
struct side {
    const char *name;
    struct snapshot_cursor *cursor;
    const struct snapshot_entry *entry; /* NULL at the end */
};

static int next(struct side *s, uint64_t *count, struct error *err)
{
    if (snapshot_cursor_next(s->cursor, &s->entry, err) != 0) {
        return error_prefix(err, "%s", s->name);
    }
    *count += s->entry != NULL;
    return 0;
}

/* Below, equal or above zero, like the keys; the end sorts last. */
static int order(const struct snapshot_entry *a, const struct snapshot_entry *b)
{
    size_t least = 0;
    int rc = 0;

    if (a == NULL || b == NULL) {
        return (a == NULL) - (b == NULL);
    }
    least = a->key_len < b->key_len ? a->key_len : b->key_len;
    rc = memcmp(a->key, b->key, least);
    if (rc != 0) {
        return rc;
    }
    return (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static bool same_value(const struct snapshot_entry *a,
                       const struct snapshot_entry *b)
{
    return a->value_len == b->value_len &&
           memcmp(a->value, b->value, a->value_len) == 0;
}

static void report(const struct snapshot_compare_options *o,
                   enum snapshot_change_kind kind,
                   const struct snapshot_entry *left,
                   const struct snapshot_entry *right)
{
    const struct snapshot_entry *any = left != NULL ? left : right;

    assert(any != NULL);
    struct snapshot_change change = {
        .kind = kind,
        .key = any->key,
        .key_len = any->key_len,
        .left_size = left != NULL ? left->value_len : 0,
        .right_size = right != NULL ? right->value_len : 0,
    };

    if (o->changed != NULL) {
        o->changed(o->ctx, &change);
    }
}

/* Deal with the smaller key, or with both, and move on. */
static int merge_step(struct side *left, struct side *right,
                      const struct snapshot_compare_options *o,
                      struct snapshot_comparison *out, struct error *err)
{
    int rc = order(left->entry, right->entry);

    if (rc < 0) {
        out->removed++;
        report(o, SNAPSHOT_REMOVED, left->entry, NULL);
    } else if (rc > 0) {
        out->added++;
        report(o, SNAPSHOT_ADDED, NULL, right->entry);
    } else if (same_value(left->entry, right->entry)) {
        out->equal++;
    } else {
        out->changed++;
        report(o, SNAPSHOT_CHANGED, left->entry, right->entry);
    }
    if (rc <= 0 && next(left, &out->left_entries, err) != 0) {
        return -1;
    }
    if (rc >= 0 && next(right, &out->right_entries, err) != 0) {
        return -1;
    }
    return 0;
}

static int merge(struct side *left, struct side *right,
                 const struct snapshot_compare_options *o,
                 struct snapshot_comparison *out, struct error *err)
{
    if (next(left, &out->left_entries, err) != 0 ||
        next(right, &out->right_entries, err) != 0) {
        return -1;
    }
    while (left->entry != NULL || right->entry != NULL) {
        if (cancelled(o->cancel)) {
            return error_set(err, ERR_CANCELLED,
                             "comparing the archives was cancelled");
        }
        if (merge_step(left, right, o, out, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static const char *name_or(const char *name, const char *otherwise)
{
    return name != NULL ? name : otherwise;
}

int snapshot_compare(const struct source *left, const struct source *right,
                     const struct snapshot_compare_options *options,
                     struct snapshot_comparison *out, struct error *err)
{
    static const struct snapshot_compare_options none;
    const struct snapshot_compare_options *o =
        options != NULL ? options : &none;
    struct snapshot_reader_options reading = {
        .digest_archive = o->digest_archives,
        .prefixes = o->left_facts != NULL || o->right_facts != NULL,
    };
    struct side a = {.name = name_or(o->left_name, "the left archive")};
    struct side b = {.name = name_or(o->right_name, "the right archive")};
    struct snapshot_comparison found = {.equal = 0};
    int rc = -1;

    a.cursor = snapshot_cursor_new(left, &reading);
    b.cursor = snapshot_cursor_new(right, &reading);
    if (a.cursor == NULL || b.cursor == NULL) {
        error_memory(err);
        goto done;
    }
    if (merge(&a, &b, o, &found, err) != 0) {
        goto done;
    }
    if (o->left_facts != NULL) {
        snapshot_cursor_take_facts(a.cursor, o->left_facts);
    }
    if (o->right_facts != NULL) {
        snapshot_cursor_take_facts(b.cursor, o->right_facts);
    }
    *out = found;
    rc = 0;
done:
    snapshot_cursor_free(a.cursor);
    snapshot_cursor_free(b.cursor);
    return rc;
}
