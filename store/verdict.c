/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verdict.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [STORE_UNVALIDATED] = "unvalidated",
    [STORE_VALID] = "valid",
    [STORE_INVALID] = "invalid",
    [STORE_INCONCLUSIVE] = "inconclusive",
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

const char *store_verdict_name(enum store_verdict verdict)
{
    assert((size_t)verdict < NAMES);
    return names[verdict];
}

bool store_verdict_parse(const char *name, enum store_verdict *out)
{
    for (size_t i = 0; name != NULL && i < NAMES; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum store_verdict)i;
            return true;
        }
    }
    return false;
}
