/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mount.h"

#include <string.h>

bool config_mount_is_good(const char *mount)
{
    size_t part = 0;

    for (const char *p = mount; *p != '\0'; p++) {
        if (*p == '/') {
            if (part == 0)
                return false;
            part = 0;
        } else if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                          "XYZ0123456789-_",
                          *p) == NULL) {
            return false;
        } else {
            part++;
        }
    }
    return part > 0;
}

void config_trim_slashes(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == '/')
        text[--len] = '\0';
    if (*text == '/')
        memmove(text, text + strspn(text, "/"), len + 1 - strspn(text, "/"));
}
