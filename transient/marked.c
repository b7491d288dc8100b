/* SPDX-License-Identifier: Apache-2.0 */
#include "transient/marked.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { CMDLINE_MAX = 8192, PAUSE_MS = 10 };

static bool is_marked(pid_t pid, const char *mark)
{
    char path[64];
    char text[CMDLINE_MAX];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof text);
    (void)close(fd);
    return n > 0 && memmem(text, (size_t)n, mark, strlen(mark)) != NULL;
}

/* Between the look and the signal the process may have ended and its number
 * gone to another: hold it by a descriptor, and look again. */
static void kill_marked(pid_t pid, const char *mark)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0) {
        if (errno == ENOSYS && is_marked(pid, mark))
            (void)kill(pid, SIGKILL);
        return;
    }
    if (is_marked(pid, mark))
        (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    (void)close(fd);
}

/* How many there are; killed on the way if so wished.  -1 without /proc. */
static int visit(const char *mark, bool deadly)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    if (proc == NULL)
        return -1;
    while ((entry = readdir(proc)) != NULL) {
        uint64_t number;

        if (!text_u64(entry->d_name, &number) || number > INT_MAX ||
            (pid_t)number == getpid() || !is_marked((pid_t)number, mark))
            continue;
        count++;
        if (deadly)
            kill_marked((pid_t)number, mark);
    }
    (void)closedir(proc);
    return count;
}

bool marked_any(const char *mark)
{
    return visit(mark, false) != 0;
}

int marked_kill_all(const char *mark, int64_t timeout_ms, struct error *err)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    int count;

    while ((count = visit(mark, true)) > 0 && clock_mono_ms() < deadline)
        clock_sleep_ms(PAUSE_MS);
    if (count < 0)
        return error_errno(err, ERR_IO, "cannot read /proc");
    if (count > 0)
        return error_set(err, ERR_INTERNAL,
                         "%d processes of the transient cluster %s do not "
                         "die",
                         count, mark);
    return 0;
}
