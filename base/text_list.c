/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdlib.h>

char **text_dup_list(const char *const *src, size_t count)
{
    char **out = calloc(count + 1, sizeof(*out));

    for (size_t n = 0; out != NULL && n < count; n++) {
        out[n] = text_dup(src[n]);
        if (out[n] == NULL) {
            text_free_list(out, n);
            return NULL;
        }
    }
    return out;
}

void text_free_list(char **list, size_t count)
{
    for (size_t n = 0; list != NULL && n < count; n++)
        free(list[n]);
    free(list);
}
