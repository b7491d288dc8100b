/* SPDX-License-Identifier: Apache-2.0
 *
 * A process id that was written down may be somebody else's by the time it
 * is read; together with the moment that process started it is not. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "base/text.h"

enum { NOTE_MAX = 64, STAT_MAX = 1024, START_FIELD = 20, PAUSE_MS = 20 };

/* In clock ticks since the machine's start; 0 when there is no such process,
 * or it has ended and only waits to be reaped. */
static uint64_t started_at(pid_t pid)
{
    char path[64];
    char stat[STAT_MAX];
    char *field, *rest;
    uint64_t ticks = 0;
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    n = read(fd, stat, sizeof stat - 1);
    (void)close(fd);
    stat[n > 0 ? n : 0] = '\0';
    /* The name of the program, in brackets, may hold anything. */
    rest = strrchr(stat, ')');
    if (rest == NULL || strlen(rest) < 3 || rest[2] == 'Z')
        return 0;
    rest += 2;
    for (int i = 0; i < START_FIELD; i++) {
        field = strsep(&rest, " ");
        if (field == NULL)
            return 0;
        if (i == START_FIELD - 1 && !text_u64(field, &ticks))
            return 0;
    }
    return ticks;
}

void program_note_pid(const char *pid_path, pid_t pid)
{
    char note[NOTE_MAX];
    int len = snprintf(note, sizeof note, "%d %llu", (int)pid,
                       (unsigned long long)started_at(pid));
    int fd = open(pid_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    if (write(fd, note, (size_t)len) != len)
        (void)unlink(pid_path);
    (void)close(fd);
}

static pid_t read_note(const char *pid_path, uint64_t *ticks)
{
    struct buf note;
    uint64_t pid = 0;
    char *space;
    bool ok = false;

    buf_init(&note, NOTE_MAX);
    if (file_read(pid_path, &note, NULL) == 0 && note.len > 0) {
        space = strchr(note.data, ' ');
        if (space != NULL) {
            *space = '\0';
            ok = text_u64(note.data, &pid) && text_u64(space + 1, ticks);
        }
    }
    buf_done(&note);
    return ok && pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
}

static bool wait_gone(pid_t pid, uint64_t ticks, int64_t ms)
{
    int64_t deadline = clock_mono_ms() + ms;

    while (started_at(pid) == ticks) {
        if (clock_mono_ms() >= deadline)
            return false;
        clock_sleep_ms(PAUSE_MS);
    }
    return true;
}

int program_end_stray(const char *pid_path, int64_t grace_ms, struct error *err)
{
    uint64_t ticks = 0;
    pid_t pid = read_note(pid_path, &ticks);

    if (pid == 0 || ticks == 0 || started_at(pid) != ticks)
        return 0;
    (void)kill(-pid, SIGINT);
    if (wait_gone(pid, ticks, grace_ms))
        return 0;
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    if (wait_gone(pid, ticks, 5000))
        return 0;
    return error_set(err, ERR_INTERNAL,
                     "a program that the last life left running (process %d) "
                     "does not die",
                     (int)pid);
}
