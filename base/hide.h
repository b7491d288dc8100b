/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator configures for his tool may be a secret, and his tool may
 * repeat it: not in anybody's error text or log. */
#ifndef ASSAY_BASE_HIDE_H
#define ASSAY_BASE_HIDE_H

#include "base/program.h"

enum { HIDE_MIN = 6 }; /* shorter values are no secrets, and are everywhere */

/* Put stars over every value of the lists (each may be NULL) in `text`, also
 * over the rest of one that the text begins within, and where two overlap.
 * Before a text is cut: half a value is not found. */
void hide_values(const struct program_pairs *const *lists, size_t count,
                 char *text);

#endif
