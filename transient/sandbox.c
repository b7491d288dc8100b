/* SPDX-License-Identifier: Apache-2.0
 *
 * The helper outside the sandbox; what happens inside is sandbox_room.c. */
#include "transient/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "transient/relay.h"
#include "transient/sandbox_child.h"
#include "transient/sandbox_room.h"

enum {
    NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                 CLONE_NEWIPC | CLONE_NEWUTS
};

static volatile sig_atomic_t child_changed;

static void on_child(int sig)
{
    (void)sig;
    child_changed = 1;
}

static int say(int code, const char *text)
{
    ssize_t n = write(STDOUT_FILENO, text, strlen(text));

    (void)n;
    return code;
}

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    size_t len = strlen(text);
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    n = write(fd, text, len);
    (void)close(fd);
    return n == (ssize_t)len ? 0 : -1;
}

/* We are user 0 in there and nobody else exists. */
static int map_ids(pid_t child)
{
    char text[32];

    if (write_file(child, "setgroups", "deny") != 0 && errno != ENOENT)
        return -1;
    (void)snprintf(text, sizeof text, "0 %u 1", (unsigned)geteuid());
    if (write_file(child, "uid_map", text) != 0)
        return -1;
    (void)snprintf(text, sizeof text, "0 %u 1", (unsigned)getegid());
    return write_file(child, "gid_map", text);
}

/* As fork, in namespaces of its own: single-threaded, so that the child may
 * do what it likes. */
static pid_t clone_child(bool isolated)
{
    unsigned long flags = SIGCHLD;

    if (isolated)
        flags |= (unsigned long)NAMESPACES;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static int no_isolation(const char *what)
{
    struct error err;

    error_errno(&err, ERR_PRECONDITION,
                "this system does not let assay isolate the transient "
                "server (%s)",
                what);
    sandbox_hint(&err);
    return say(SANDBOX_EXIT_NO_ISOLATION, err.text);
}

/* The first of our own children; 0 when there is none. */
static pid_t any_child(void)
{
    char text[32];
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t n, i;
    pid_t pid = 0;

    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof text);
    (void)close(fd);
    for (i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++)
        pid = pid * 10 + (text[i] - '0');
    return pid;
}

static void kill_and_reap(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* The first process of a pid namespace takes all of it along, and cannot be
 * reaped before the last of them is gone.  Without a namespace, what the
 * server started becomes our child when its parent dies (subreaper). */
static void end_child(struct sandbox_helper *h)
{
    pid_t orphan;

    if (h->child > 0)
        kill_and_reap(h->child);
    h->child = -1;
    if (h->relay > 0)
        kill_and_reap(h->relay);
    h->relay = -1;
    while (!h->isolated && (orphan = any_child()) > 0)
        kill_and_reap(orphan);
}

static int say_verdict(struct sandbox_helper *h, struct sandbox_verdict *v)
{
    struct error err;

    end_child(h);
    v->text[sizeof v->text - 1] = '\0';
    if (v->code != SANDBOX_EXIT_NO_ISOLATION)
        return say(v->code, v->text);
    error_set(&err, ERR_PRECONDITION,
              "this system does not let assay isolate the transient server "
              "(%s)",
              v->text);
    sandbox_hint(&err);
    return say(v->code, err.text);
}

static int say_end(struct sandbox_helper *h, int status)
{
    char text[128];

    h->child = -1;
    end_child(h);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return say(SANDBOX_EXIT_LIMIT,
                   "the transient server was killed, most likely by the "
                   "system for want of memory");
    if (WIFSIGNALED(status))
        (void)snprintf(text, sizeof text,
                       "the transient server was ended by signal %d",
                       WTERMSIG(status));
    else
        (void)snprintf(text, sizeof text,
                       "the transient server ended with exit code %d",
                       WEXITSTATUS(status));
    return say(SANDBOX_EXIT_SERVER_DIED, text);
}

static int say_late(struct sandbox_helper *h)
{
    char text[128];

    end_child(h);
    (void)snprintf(text, sizeof text,
                   "the transient server had all the time that it may have "
                   "(%llu s more were left to it when it was started)",
                   (unsigned long long)h->extras.seconds);
    return say(SANDBOX_EXIT_LIMIT, text);
}

/* The daemon pulled the leash, or is dead. */
static int stop(struct sandbox_helper *h)
{
    struct error err;
    char byte = 0;
    ssize_t n = read(STDIN_FILENO, &byte, 1);

    end_child(h);
    if (n == 1 && byte == SANDBOX_STOP)
        return SANDBOX_EXIT_DONE;
    if (file_remove_tree(h->dir, &err) != 0)
        return say(SANDBOX_EXIT_BROKEN, err.text);
    return SANDBOX_EXIT_DONE;
}

static void drop_syslog(const struct sandbox_helper *h)
{
    char message[64];

    while (recv(h->syslog, message, sizeof message, MSG_DONTWAIT) >= 0)
        ;
}

/* Until something happens or the time is over. */
static int wait_for(struct sandbox_helper *h, struct pollfd p[3], int64_t end)
{
    struct timespec left = {.tv_sec = (end - clock_mono_ms()) / 1000 + 1};
    sigset_t none;
    int n;

    sigemptyset(&none);
    n = ppoll(p, 3, h->extras.seconds > 0 ? &left : NULL, &none);
    return n < 0 && errno == EINTR ? 0 : n;
}

static bool is_late(const struct sandbox_helper *h, int64_t end)
{
    return h->extras.seconds > 0 && clock_mono_ms() >= end;
}

/* Hold the leash until it is pulled or the server ends. */
static int watch(struct sandbox_helper *h)
{
    struct pollfd p[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
                          {.fd = h->told[0], .events = POLLIN},
                          {.fd = h->syslog, .events = POLLIN}};
    int64_t end = clock_mono_ms() + (int64_t)h->extras.seconds * 1000;
    struct sandbox_verdict v;
    int status;

    for (;;) {
        int n = wait_for(h, p, end);

        if (n < 0)
            return say(SANDBOX_EXIT_BROKEN, "the sandbox cannot poll");
        if (is_late(h, end))
            return say_late(h);
        if (n > 0 && p[1].revents != 0) {
            if (read(h->told[0], &v, sizeof v) == (ssize_t)sizeof v)
                return say_verdict(h, &v);
            p[1].fd = -1; /* exec has happened */
        }
        if (n > 0 && p[0].revents != 0)
            return stop(h);
        if (n > 0 && p[2].revents != 0)
            drop_syslog(h);
        if (child_changed && p[1].fd == -1 &&
            waitpid(h->child, &status, WNOHANG) == h->child)
            return say_end(h, status);
    }
}

/* Before there are pipes that it would hold. */
static int start_extras(struct sandbox_helper *h)
{
    struct error err;

    if (sandbox_extras_open(&h->extras, &err) != 0)
        return say(SANDBOX_EXIT_BROKEN, err.text);
    if (!h->extras.has_endpoint || !h->isolated)
        return SANDBOX_EXIT_DONE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, h->handover) != 0)
        return say(SANDBOX_EXIT_BROKEN, "the sandbox cannot make a socket");
    if (relay_start(&h->extras.endpoint, h->handover[0], &h->relay, &err) != 0)
        return say(SANDBOX_EXIT_BROKEN, err.text);
    (void)close(h->handover[0]);
    return SANDBOX_EXIT_DONE;
}

static int start_child(struct sandbox_helper *h)
{
    if (pipe2(h->alive, O_CLOEXEC) != 0 || pipe2(h->told, O_CLOEXEC) != 0)
        return say(SANDBOX_EXIT_BROKEN, "the sandbox cannot make a pipe");
    if (h->isolated)
        h->syslog = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    h->child = clone_child(h->isolated);
    if (h->child < 0)
        return h->isolated
                   ? no_isolation("clone")
                   : say(SANDBOX_EXIT_BROKEN, "the sandbox cannot fork");
    if (h->child == 0)
        sandbox_child(h);
    (void)close(h->told[1]);
    (void)close(h->alive[0]);
    if (h->isolated && map_ids(h->child) != 0) {
        int code = no_isolation("user id map");

        end_child(h);
        return code;
    }
    /* When memory runs out, this one goes first. */
    (void)write_file(h->child, "oom_score_adj", "1000");
    if (write(h->alive[1], "g", 1) != 1) {
        end_child(h);
        return say(SANDBOX_EXIT_BROKEN, "the server's process is gone");
    }
    return SANDBOX_EXIT_DONE;
}

/* A terminal's Ctrl-C and a service manager's SIGTERM reach the daemon too:
 * it decides, and pulls the leash. */
static void prepare_signals(void)
{
    struct sigaction on = {.sa_handler = on_child};
    sigset_t chld;

    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &chld, NULL);
    (void)sigaction(SIGCHLD, &on, NULL);
}

int sandbox_main(int argc, char **argv)
{
    struct sandbox_helper h = {
        .child = -1, .relay = -1, .syslog = -1, .handover = {-1, -1}};
    const char *slash;
    struct error err;
    int code;

    if (argc < 5)
        return say(SANDBOX_EXIT_BROKEN, "the sandbox is not for use by hand");
    slash = strrchr(argv[2], '/');
    if (argv[2][0] != '/' || slash[1] == '\0' ||
        strlen(slash + 1) > NAME_MAX - 16)
        return say(SANDBOX_EXIT_BROKEN, "not a private directory");
    h.dir = argv[2];
    h.name = slash + 1;
    h.server = argv[3];
    h.isolated = strcmp(argv[4], "open") != 0;
    if (sandbox_extras_parse(argv + 5, &h.extras, &err) != 0)
        return say(SANDBOX_EXIT_BROKEN, err.text);
    /* An undumpable process does not own its files in /proc, among them the
     * id maps of its child. */
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "assay-sandbox", 0, 0, 0);
    (void)setgroups(0, NULL); /* allowed for root, needed by root */
    (void)umask(077);
    prepare_signals();
    code = start_extras(&h);
    if (code == SANDBOX_EXIT_DONE)
        code = start_child(&h);
    return code == SANDBOX_EXIT_DONE ? watch(&h) : code;
}
