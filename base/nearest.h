/* SPDX-License-Identifier: Apache-2.0
 *
 * "Did you mean …?": the candidate with the smallest edit distance
 * (insert, delete, replace, swap of neighbours, each at cost one). */
#ifndef ASSAY_BASE_NEAREST_H
#define ASSAY_BASE_NEAREST_H

#include <stddef.h>

/* Plain data, no ownership: the texts must outlive it. */
struct nearest {
    const char *word;
    const char *best;
    size_t distance;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate);
/* The best candidate, or NULL when none is near: further away than a third
 * of the word, or than 2 for short words. */
const char *nearest_best(const struct nearest *n);

#endif
