/* SPDX-License-Identifier: Apache-2.0
 *
 * fork, not posix_spawn: only a fork can close every descriptor, enter a
 * directory and tell which of these steps failed.  Between fork and exec
 * another thread may have held any lock, so the child makes system calls and
 * nothing else. */
#include "base/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { READ_CHUNK = 4096, POLL_MS = 5, CANCEL_MS = 100, LAST_SIGNAL = 64 };

enum stage { STAGE_FDS, STAGE_DIR, STAGE_GROUP, STAGE_EXEC };

static const char *const stage_names[] = {
    [STAGE_FDS] = "prepare the descriptors of",
    [STAGE_DIR] = "enter the directory of",
    [STAGE_GROUP] = "make a process group for",
    [STAGE_EXEC] = "start",
};

/* What the child sends when it could not become the program. */
struct failure {
    enum stage stage;
    int error;
};

/* execve does not write to its arguments; its type is older than const. */
static char *const *unconst(const char *const *strings)
{
    union {
        const char *const *in;
        char *const *out;
    } u = {.in = strings};

    return u.out;
}

__attribute__((noreturn)) static void child_fail(int report_fd,
                                                 enum stage stage)
{
    struct failure f = {.stage = stage, .error = errno};
    ssize_t n;

    n = write(report_fd, &f, sizeof f);
    (void)n;
    _exit(127);
}

/* Kernels before 5.11 cannot do it in one call; then walk to the limit. */
static void cloexec_from(unsigned first, rlim_t limit)
{
    rlim_t fd;

    if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (fd = first; fd < limit; fd++)
        (void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

/* A handler of ours must not run in the child, and the program expects to
 * find what a shell would give it. */
static void reset_signals(void)
{
    struct sigaction dfl;
    sigset_t none;
    int i;

    memset(&dfl, 0, sizeof dfl);
    dfl.sa_handler = SIG_DFL;
    for (i = 1; i <= LAST_SIGNAL; i++)
        (void)sigaction(i, &dfl, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Any of the wanted descriptors may itself be 0, 1 or 2: first lift all
 * three out of the way, then put them down. */
static int place_fds(const int wanted[3])
{
    int lifted[3];
    int i;

    for (i = 0; i < 3; i++) {
        int fd = wanted[i];

        if (fd < 0)
            fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return -1;
        lifted[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (lifted[i] < 0)
            return -1;
    }
    for (i = 0; i < 3; i++) {
        if (dup2(lifted[i], i) < 0)
            return -1;
    }
    return 0;
}

__attribute__((noreturn)) static void
child_become(const struct process_options *o, int report_fd, rlim_t fd_limit)
{
    const int wanted[3] = {o->stdin_fd, o->stdout_fd, o->stderr_fd};
    static const char *const no_env[] = {NULL};
    int report;

    report = fcntl(report_fd, F_DUPFD_CLOEXEC, 3);
    if (report < 0)
        _exit(127);
    reset_signals();
    if (place_fds(wanted) != 0)
        child_fail(report, STAGE_FDS);
    cloexec_from(3, fd_limit);
    if (o->new_group && setpgid(0, 0) != 0)
        child_fail(report, STAGE_GROUP);
    if (o->dir != NULL && chdir(o->dir) != 0)
        child_fail(report, STAGE_DIR);
    execve(o->program, unconst(o->argv),
           unconst(o->env == NULL ? no_env : o->env));
    child_fail(report, STAGE_EXEC);
}

/* End-of-file means that exec closed the pipe: the program runs. */
static int hear_of_exec(const struct process_options *o, int fd, pid_t pid,
                        struct error *err)
{
    struct failure f;
    ssize_t n;
    int status;

    do {
        n = read(fd, &f, sizeof f);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        return 0;
    while (!o->sibling && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (n != (ssize_t)sizeof f)
        return error_set(err, ERR_INTERNAL, "cannot start %s", o->program);
    errno = f.error;
    return error_errno(err, ERR_INTERNAL, "cannot %s %s", stage_names[f.stage],
                       o->program);
}

static pid_t fork_for(const struct process_options *o)
{
    unsigned long flags = CLONE_PARENT | SIGCHLD;

    if (!o->sibling)
        return fork();
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

int process_start(const struct process_options *o, pid_t *pid,
                  struct error *err)
{
    int report[2] = {-1, -1};
    struct rlimit files = {.rlim_cur = 1024};
    sigset_t all, before;
    pid_t child;
    int rc = -1;

    assert(o->program != NULL && o->argv != NULL && o->argv[0] != NULL);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    if (o->sibling)
        *pid = 0;
    if (pipe2(report, O_CLOEXEC) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot make a pipe for %s",
                           o->program);
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    child = fork_for(o);
    if (child == 0)
        child_become(o, report[1], files.rlim_cur);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(report[1]);
    if (child < 0)
        error_errno(err, ERR_INTERNAL, "cannot fork for %s", o->program);
    else
        rc = hear_of_exec(o, report[0], child, err);
    (void)close(report[0]);
    if (rc == 0 || o->sibling)
        *pid = child < 0 ? 0 : child;
    return rc;
}

/* Blocks.  1 reaped, -1 no such child. */
static int reap(pid_t pid, int *status)
{
    pid_t got;

    do {
        got = waitpid(pid, status, 0);
    } while (got < 0 && errno == EINTR);
    return got == pid ? 1 : -1;
}

/* 1 ended but not reaped yet, 0 still running, -1 no such child. */
static int look(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    int got;

    do {
        got = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -1;
    return info.si_pid == pid;
}

/* A pidfd becomes readable when the process ends; without one, look often. */
static void wait_a_while(int pidfd, int64_t ms)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};

    if (pidfd < 0)
        clock_sleep_ms(ms < POLL_MS ? ms : POLL_MS);
    else
        (void)poll(&p, 1, ms > INT_MAX ? INT_MAX : (int)ms);
}

/* As look, waiting up to `timeout_ms`. */
static int wait_ended(pid_t pid, int64_t timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    int got = look(pid);
    int pidfd;

    if (got != 0 || timeout_ms <= 0)
        return got;
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    while (got == 0) {
        int64_t left = deadline - clock_mono_ms();

        if (left <= 0)
            break;
        wait_a_while(pidfd, left);
        got = look(pid);
    }
    if (pidfd >= 0)
        (void)close(pidfd);
    return got;
}

int process_wait(pid_t pid, int64_t timeout_ms, int *status)
{
    int got;

    assert(pid > 0 && status != NULL);
    if (timeout_ms < 0)
        return reap(pid, status);
    got = wait_ended(pid, timeout_ms);
    return got > 0 ? reap(pid, status) : got;
}

void process_kill(pid_t pid, bool group)
{
    int status;

    assert(pid > 0);
    if (group)
        (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    (void)reap(pid, &status);
}

/* How long a program may take. */
struct patience {
    int64_t deadline;
    const struct cancel *cancel;
};

/* For how long to wait now: 0 when it is over, -1 when it was cancelled. */
static int wait_for_now(const struct patience *p)
{
    int64_t left = p->deadline - clock_mono_ms();

    if (cancelled(p->cancel))
        return -1;
    if (left <= 0)
        return 0;
    if (p->cancel != NULL && left > CANCEL_MS)
        left = CANCEL_MS;
    return left > INT_MAX ? INT_MAX : (int)left;
}

static int say_cancelled(const char *program, struct error *err)
{
    return error_set(err, ERR_CANCELLED, "%s was ended: cancelled", program);
}

/* One piece of it.  1: go on, 0: end of file, -1: a read error. */
static int read_chunk(int fd, struct buf *out)
{
    char chunk[READ_CHUNK];
    ssize_t n = read(fd, chunk, sizeof chunk);
    int interrupted = n < 0 && errno == EINTR;

    if (n > 0)
        buf_add(out, chunk, (size_t)n);
    if (out->secret)
        secret_wipe(chunk, sizeof chunk);
    if (interrupted)
        return 1;
    return n > 0 ? 1 : (int)n;
}

/* Everything the program writes, until nobody holds its end of the pipe.
 * 1: end of file, 0: deadline, -1: cancelled, too much or a read error. */
static int collect(int fd, const struct patience *patience, struct buf *out,
                   const char *program, struct error *err)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ms = wait_for_now(patience);
        int got;

        if (ms < 0)
            return say_cancelled(program, err);
        if (ms == 0)
            return 0;
        if (poll(&p, 1, ms) <= 0)
            continue;
        got = read_chunk(fd, out);
        if (got < 0)
            return error_errno(err, ERR_IO, "cannot read what %s says",
                               program);
        if (got == 0)
            return 1;
        if (buf_check(out, "the output of a program", err) != 0)
            return error_prefix(err, "%s", program);
    }
}

/* It may close its output long before it ends.  As collect. */
static int await_end(pid_t pid, const struct patience *patience,
                     const char *program, struct error *err)
{
    for (;;) {
        int ms = wait_for_now(patience);

        if (ms < 0)
            return say_cancelled(program, err);
        if (wait_ended(pid, ms) != 0)
            return 1;
        if (ms == 0)
            return 0;
    }
}

static int judge_exit(const char *program, int status, struct error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        return error_set(err, ERR_INTERNAL, "%s ended with exit code %d",
                         program, WEXITSTATUS(status));
    return error_set(err, ERR_INTERNAL, "%s was ended by signal %d", program,
                     WTERMSIG(status));
}

int process_run(const struct process_options *o, int64_t timeout_ms,
                struct buf *out, struct error *err)
{
    struct process_options own = *o;
    struct patience patience = {clock_mono_ms() + timeout_ms, o->cancel};
    int fds[2] = {-1, -1};
    pid_t pid = -1;
    int status = 0;
    int got = 0;
    int rc = -1;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return error_errno(err, ERR_INTERNAL, "cannot make a pipe for %s",
                           o->program);
    own.stdout_fd = fds[1];
    own.new_group = true;
    if (process_start(&own, &pid, err) != 0)
        goto done;
    (void)close(fds[1]);
    fds[1] = -1;
    got = collect(fds[0], &patience, out, o->program, err);
    if (got > 0)
        got = await_end(pid, &patience, o->program, err);
    if (got < 0)
        goto done;
    if (got == 0) {
        error_set(err, ERR_UNAVAILABLE, "%s did not end within %lld ms",
                  o->program, (long long)timeout_ms);
        goto done;
    }
    /* Whatever it left behind goes too, while its number is still taken. */
    (void)kill(-pid, SIGKILL);
    got = reap(pid, &status);
    pid = -1;
    if (got < 0)
        error_set(err, ERR_INTERNAL, "%s was reaped by somebody else",
                  o->program);
    else
        rc = judge_exit(o->program, status, err);
done:
    if (pid > 0)
        process_kill(pid, true);
    if (fds[1] >= 0)
        (void)close(fds[1]);
    (void)close(fds[0]);
    return rc;
}
