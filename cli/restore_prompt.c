/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/restore_prompt.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "transient/keys.h"

enum { LINE_MAX_LEN = 512 };

/* The length, 0 for an empty line or the end, -1 when a signal came or the
 * line is too long. */
static int read_line(char *line, size_t size)
{
    size_t len = 0;

    while (len + 1 < size) {
        ssize_t got = read(STDIN_FILENO, line + len, 1);

        if (got < 0)
            return -1;
        if (got == 0 || line[len] == '\n') {
            line[len] = '\0';
            return (int)len;
        }
        len++;
    }
    return -1;
}

bool restore_prompt_name(const char *name, const char *address)
{
    char line[LINE_MAX_LEN];

    fprintf(stderr,
            "\nEverything that %s at %s holds is replaced.\nType its name to "
            "go on: ",
            name, address);
    if (read_line(line, sizeof(line)) > 0 && strcmp(text_trim(line), name) == 0)
        return true;
    fprintf(stderr, "\nThat is not its name; nothing was sent\n");
    return false;
}

/* False: not a terminal, nothing to put back. */
static bool hide_typing(struct termios *before)
{
    struct termios hidden;

    if (tcgetattr(STDIN_FILENO, before) != 0)
        return false;
    hidden = *before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

/* 1: there may be more; 0: that was the last. */
static int ask_share(struct keys *keys, char *line, struct error *err)
{
    struct error why = {0};
    int len = 0;

    fprintf(stderr, "Key share %zu (Enter: no more): ", keys_count(keys) + 1);
    len = read_line(line, LINE_MAX_LEN);
    fputc('\n', stderr);
    if (len < 0)
        return error_set(err, ERR_CANCELLED, "no share was read");
    if (len == 0)
        return 0;
    if (keys_add(keys, text_trim(line), &why) != 0)
        fprintf(stderr, "%s\n", why.text);
    return 1;
}

int restore_prompt_shares(struct keys *keys, struct error *err)
{
    static const char nothing[LINE_MAX_LEN];
    char *line = secret_new(nothing, sizeof(nothing));
    struct termios before;
    bool hidden = false;
    int rc = 1;

    if (line == NULL)
        return error_memory(err);
    hidden = hide_typing(&before);
    while (rc > 0)
        rc = ask_share(keys, line, err);
    if (hidden)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    secret_free(line);
    return rc;
}
