/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hide.h"

#include <string.h>

static void hide_whole(const char *value, size_t len, char *text)
{
    char *found = text;

    while ((found = strstr(found, value)) != NULL) {
        memset(found, '*', len);
        found += len;
    }
}

static void hide_rest(const char *value, size_t len, char *text)
{
    for (size_t left = len - 1; left >= HIDE_MIN; left--) {
        if (strncmp(text, value + len - left, left) == 0) {
            memset(text, '*', left);
            return;
        }
    }
}

void hide_values(const struct program_pairs *pairs, char *text)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *value = pairs->items[i].value;
        size_t len = strlen(value);

        if (len < HIDE_MIN)
            continue;
        hide_whole(value, len, text);
        hide_rest(value, len, text);
    }
}
