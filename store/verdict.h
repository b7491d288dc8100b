/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_STORE_VERDICT_H
#define ASSAY_STORE_VERDICT_H

#include <stdbool.h>

/* What a validation concluded.  Text: unvalidated valid invalid
 * inconclusive. */
enum store_verdict {
    STORE_UNVALIDATED = 0,
    STORE_VALID,
    STORE_INVALID,
    STORE_INCONCLUSIVE,
};

const char *store_verdict_name(enum store_verdict verdict);
/* False for anything else; *out is then untouched. */
bool store_verdict_parse(const char *name, enum store_verdict *out);

#endif
