/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hide.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* `seen` is what `text` was: one value may begin within another. */
static void hide_whole(const char *value, size_t len, const char *seen,
                       char *text)
{
    const char *found = seen;

    while ((found = strstr(found, value)) != NULL) {
        memset(text + (found - seen), '*', len);
        found++;
    }
}

static void hide_rest(const char *value, size_t len, const char *seen,
                      char *text)
{
    for (size_t left = len - 1; left >= HIDE_MIN; left--) {
        if (strncmp(seen, value + len - left, left) == 0) {
            memset(text, '*', left);
            return;
        }
    }
}

void hide_values(const struct program_pairs *const *lists, size_t count,
                 char *text)
{
    const size_t size = strlen(text);
    char *seen = text_dup(text);

    if (seen == NULL) {
        memset(text, '*', size);
        return;
    }
    for (size_t n = 0; n < count; n++) {
        for (size_t i = 0; lists[n] != NULL && i < lists[n]->count; i++) {
            const char *value = lists[n]->items[i].value;
            size_t len = strlen(value);

            if (len < HIDE_MIN)
                continue;
            hide_whole(value, len, seen, text);
            hide_rest(value, len, seen, text);
        }
    }
    secret_wipe(seen, size);
    free(seen);
}
