/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/server_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { CHUNK = 16 * 1024 };

/* "2026-11-24T02:00:00.123Z [ERROR] core: …" once it logs; "Error …" on its
 * way there. */
static bool is_error(const char *line)
{
    return strstr(line, " [ERROR] ") != NULL || text_starts(line, "Error ");
}

static bool take_line(struct server_log *l, const char *needle)
{
    bool found;

    l->line[l->len] = '\0';
    l->len = 0;
    found = strstr(l->line, needle) != NULL;
    if (!found && is_error(l->line))
        memcpy(l->last_error, l->line, sizeof l->last_error);
    return found;
}

int server_log_look(struct server_log *l, const char *path, const char *needle,
                    struct error *err)
{
    char chunk[CHUNK];
    int found = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, ERR_IO, "cannot open the log %s", path);
    while (!found && (n = pread(fd, chunk, sizeof chunk, l->offset)) > 0) {
        ssize_t i;

        for (i = 0; i < n && !found; i++) {
            if (chunk[i] == '\n')
                found = take_line(l, needle);
            else if (l->len < sizeof l->line - 1)
                l->line[l->len++] = chunk[i];
        }
        l->offset += i;
    }
    (void)close(fd);
    if (n < 0)
        return error_errno(err, ERR_IO, "cannot read the log %s", path);
    return found;
}

void server_log_last_error(const struct server_log *l, char *out, size_t size)
{
    const char *text = strstr(l->last_error, " [ERROR] ");

    text = text == NULL ? l->last_error : text + strlen(" [ERROR] ");
    while (*text == ' ')
        text++;
    (void)text_copy(out, size, text);
    for (; *out != '\0'; out++) {
        if ((unsigned char)*out < 0x20 || *out == 0x7f)
            *out = ' ';
    }
}
