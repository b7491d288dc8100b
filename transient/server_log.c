/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/server_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { CHUNK = 16 * 1024 };

/* What a line is compared with: 'd' is a digit. */
static bool looks_like(const char *line, const char *pattern)
{
    for (; *pattern != '\0'; line++, pattern++) {
        bool fits =
            *pattern == 'd' ? *line >= '0' && *line <= '9' : *line == *pattern;

        if (!fits)
            return false;
    }
    return true;
}

/* "2026-11-24T02:00:00.123Z [ERROR] core: …", or an offset instead of Z. */
static bool has_time_and_level(const char *line)
{
    static const char *const levels[] = {" [TRACE] ", " [DEBUG] ", " [INFO]  ",
                                         " [WARN]  ", " [ERROR] "};
    const char *level;
    size_t i;

    if (!looks_like(line, "dddd-dd-ddTdd:dd:dd.ddd"))
        return false;
    level = strchr(line, ' ');
    for (i = 0; level != NULL && i < sizeof levels / sizeof levels[0]; i++) {
        if (text_starts(level, levels[i]))
            return true;
    }
    return false;
}

/* Before it logs, and when it ends for want of something. */
static const char *const bare[] = {"Error ",
                                   "fatal error: ", "runtime: ", "SIGXFSZ: "};

static bool is_bare(const char *line)
{
    size_t i;

    for (i = 0; i < sizeof bare / sizeof bare[0]; i++) {
        if (text_starts(line, bare[i]))
            return true;
    }
    return false;
}

bool server_log_is_own(const char *line)
{
    return (has_time_and_level(line) || is_bare(line)) &&
           strstr(line, "{\"") == NULL && strstr(line, "<json:") == NULL;
}

static bool is_error(const char *line)
{
    return server_log_is_own(line) &&
           (is_bare(line) || strstr(line, " [ERROR] ") != NULL ||
            strstr(line, "failed to unseal core") != NULL);
}

static bool take_line(struct server_log *l, const char *needle)
{
    bool found;

    l->line[l->len] = '\0';
    l->len = 0;
    found = strstr(l->line, needle) != NULL && server_log_is_own(l->line);
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
    const char *text = l->last_error;
    const char *level = has_time_and_level(text) ? strstr(text, "] ") : NULL;

    if (level != NULL)
        text = level + strlen("] ");
    while (*text == ' ')
        text++;
    (void)text_copy(out, size, text);
    for (; *out != '\0'; out++) {
        if ((unsigned char)*out < 0x20 || *out == 0x7f)
            *out = ' ';
    }
}

bool server_log_says_limit(const struct server_log *l)
{
    return text_starts(l->last_error, "fatal error: ")
               ? strstr(l->last_error, "memory") != NULL
               : text_starts(l->last_error, "SIGXFSZ: ");
}
