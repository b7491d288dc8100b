/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <assert.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* longer words are nobody's neighbours */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Optimal string alignment: three rows of the table are enough. */
static size_t edit_distance(const char *a, size_t a_len, const char *b,
                            size_t b_len)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *free_row = before;

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;

            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min3(row[j], before[j - 2] + 1, row[j]);
        }
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_len];
}

void nearest_init(struct nearest *n, const char *word)
{
    assert(word != NULL);
    *n = (struct nearest){.word = word};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    size_t word_len = strlen(n->word);
    size_t len = strlen(candidate);
    size_t distance = 0;

    if (word_len > WORD_MAX || len > WORD_MAX)
        return;
    distance = edit_distance(n->word, word_len, candidate, len);
    if (n->best == NULL || distance < n->distance) {
        n->best = candidate;
        n->distance = distance;
    }
}

const char *nearest_best(const struct nearest *n)
{
    size_t limit = strlen(n->word) / 3;

    if (limit < 2)
        limit = 2;
    return n->best != NULL && n->distance <= limit ? n->best : NULL;
}
