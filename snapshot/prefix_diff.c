/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of compare.h that works on stored counts. */
#include "snapshot/compare.h"

#include <stdlib.h>
#include <string.h>

static int by_prefix(const void *a, const void *b)
{
    const struct snapshot_prefix *const *left = a;
    const struct snapshot_prefix *const *right = b;

    return strcmp((*left)->prefix, (*right)->prefix);
}

/* The list in order, as pointers; never NULL on success. */
static const struct snapshot_prefix **
sorted(const struct snapshot_prefix_list *list)
{
    const struct snapshot_prefix **out = calloc(list->count + 1, sizeof(*out));

    if (out == NULL) {
        return NULL;
    }
    for (size_t n = 0; n < list->count; n++) {
        out[n] = &list->items[n];
    }
    qsort(out, list->count, sizeof(*out), by_prefix);
    return out;
}

static struct snapshot_prefix_delta delta(const struct snapshot_prefix *left,
                                          const struct snapshot_prefix *right)
{
    struct snapshot_prefix_delta d = {
        .prefix = left != NULL ? left->prefix : right->prefix,
    };

    if (left != NULL) {
        d.left_entries = left->entries;
        d.left_bytes = left->bytes;
    }
    if (right != NULL) {
        d.right_entries = right->entries;
        d.right_bytes = right->bytes;
    }
    return d;
}

/* Merge two arrays that end in a NULL pointer. */
static size_t merge(const struct snapshot_prefix **left,
                    const struct snapshot_prefix **right,
                    struct snapshot_prefix_delta *out)
{
    size_t count = 0;

    while (*left != NULL || *right != NULL) {
        int order = *left == NULL    ? 1
                    : *right == NULL ? -1
                                     : by_prefix(left, right);
        struct snapshot_prefix_delta d =
            delta(order <= 0 ? *left : NULL, order >= 0 ? *right : NULL);

        left += order <= 0;
        right += order >= 0;
        if (d.left_entries != d.right_entries ||
            d.left_bytes != d.right_bytes) {
            out[count++] = d;
        }
    }
    return count;
}

int snapshot_prefix_diff(const struct snapshot_prefix_list *left,
                         const struct snapshot_prefix_list *right,
                         struct snapshot_prefix_delta **deltas, size_t *count,
                         struct error *err)
{
    const struct snapshot_prefix **a = sorted(left);
    const struct snapshot_prefix **b = sorted(right);
    struct snapshot_prefix_delta *out =
        calloc(left->count + right->count + 1, sizeof(*out));
    int rc = -1;

    if (a == NULL || b == NULL || out == NULL) {
        error_memory(err);
        goto done;
    }
    *count = merge(a, b, out);
    if (*count == 0) {
        free(out);
        out = NULL;
    }
    *deltas = out;
    out = NULL;
    rc = 0;
done:
    free(out);
    free(a);
    free(b);
    return rc;
}
