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

#include "base/error.h"
#include "base/file.h"
#include "transient/sandbox_room.h"

/* CLOSE_RANGE_CLOEXEC, which old headers lack. */
enum { CLOSE_ON_EXEC = 1U << 2 };

enum {
    NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                 CLONE_NEWIPC | CLONE_NEWUTS
};

/* What the child tells when it cannot become the server. */
struct verdict {
    int code;
    char text[ERROR_TEXT_MAX];
};

struct helper {
    const char *dir;    /* the private directory */
    const char *name;   /* its last segment */
    const char *server; /* the program */
    bool isolated;
    int alive[2]; /* helper -> child: one byte "go on"; closed by death */
    int told[2];  /* child -> helper: a verdict, or end-of-file by exec */
    int syslog;   /* what the server sends to its /dev/log; -1: none */
    pid_t child;
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

static int sub_path(const struct helper *h, const char *name,
                    char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s/%s", h->dir, name);

    return n > 0 && n < PATH_MAX ? 0 : -1;
}

__attribute__((noreturn)) static void child_give_up(const struct helper *h,
                                                    int code, const char *text)
{
    struct verdict v;
    ssize_t n;

    memset(&v, 0, sizeof v);
    v.code = code;
    (void)snprintf(v.text, sizeof v.text, "%s", text);
    n = write(h->told[1], &v, sizeof v);
    (void)n;
    _exit(code);
}

/* The helper may have died before the parent-death signal was asked for;
 * then its end of the pipe is closed. */
static bool helper_is_alive(const struct helper *h)
{
    struct pollfd p = {.fd = h->alive[0], .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

static void child_wait_for_maps(const struct helper *h)
{
    char byte;

    (void)close(h->alive[1]);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (read(h->alive[0], &byte, 1) != 1)
        _exit(SANDBOX_EXIT_BROKEN);
}

/* A syslog audit device keeps a server from becoming active unless somebody
 * takes what it says: the helper does, and drops it. */
static int child_offer_syslog(const struct helper *h)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

    return bind(h->syslog, (struct sockaddr *)&un, sizeof un);
}

/* Standard input was the leash: the server must not hold it. */
static int child_clean_fds(void)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return -1;
    return 0;
}

static void child_reset_signals(void)
{
    static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    sigset_t none;
    size_t i;

    for (i = 0; i < sizeof handled / sizeof handled[0]; i++)
        (void)signal(handled[i], SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void
child_exec(const struct helper *h, const char *program, const char *data)
{
    char config[PATH_MAX + 64];
    char name[PATH_MAX];
    char command[] = "server";
    char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/";
    char *argv[] = {name, command, config, NULL};
    char *env[] = {path, home, NULL};
    char text[ERROR_TEXT_MAX];

    (void)snprintf(name, sizeof name, "%s", program);
    (void)snprintf(config, sizeof config, "-config=%s/%s", data,
                   SANDBOX_CONFIG);
    /* Asked for again: a change of credentials clears it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!helper_is_alive(h))
        _exit(SANDBOX_EXIT_BROKEN);
    child_reset_signals();
    (void)syscall(SYS_close_range, 3, ~0U, CLOSE_ON_EXEC);
    execve(program, argv, env);
    (void)snprintf(text, sizeof text, "cannot execute %s: %s", h->server,
                   strerror(errno));
    child_give_up(h, SANDBOX_EXIT_NO_SERVER, text);
}

__attribute__((noreturn)) static void child_isolated(const struct helper *h)
{
    char root[PATH_MAX], data[PATH_MAX], program[NAME_MAX + 16];
    struct sandbox_room room = {
        .name = h->name, .root = root, .data = data, .server = h->server};
    struct error err;

    child_wait_for_maps(h);
    if (sub_path(h, SANDBOX_ROOT, root) != 0 ||
        sub_path(h, SANDBOX_DATA, data) != 0 || child_clean_fds() != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, "cannot prepare the sandbox");
    if (sandbox_room_enter(&room, &err) != 0)
        child_give_up(h, SANDBOX_EXIT_NO_ISOLATION, err.text);
    if (child_offer_syslog(h) != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, "cannot offer a /dev/log");
    (void)snprintf(program, sizeof program, "/%s.server", h->name);
    (void)snprintf(data, sizeof data, "/%s", h->name);
    child_exec(h, program, data);
}

__attribute__((noreturn)) static void child_open(const struct helper *h)
{
    char data[PATH_MAX];

    child_wait_for_maps(h);
    (void)setsid();
    if (sub_path(h, SANDBOX_DATA, data) != 0 || child_clean_fds() != 0)
        child_give_up(h, SANDBOX_EXIT_BROKEN, "cannot prepare the server");
    child_exec(h, h->server, data);
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
static void end_child(struct helper *h)
{
    pid_t orphan;

    if (h->child > 0)
        kill_and_reap(h->child);
    h->child = -1;
    while (!h->isolated && (orphan = any_child()) > 0)
        kill_and_reap(orphan);
}

static int say_verdict(struct helper *h, struct verdict *v)
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

static int say_end(struct helper *h, int status)
{
    char text[128];

    h->child = -1;
    end_child(h);
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

/* The daemon pulled the leash, or is dead. */
static int stop(struct helper *h)
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

static void drop_syslog(const struct helper *h)
{
    char message[64];

    while (recv(h->syslog, message, sizeof message, MSG_DONTWAIT) >= 0)
        ;
}

/* Hold the leash until it is pulled or the server ends. */
static int watch(struct helper *h)
{
    struct pollfd p[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
                          {.fd = h->told[0], .events = POLLIN},
                          {.fd = h->syslog, .events = POLLIN}};
    struct verdict v;
    sigset_t none;
    int status;

    sigemptyset(&none);
    for (;;) {
        int n = ppoll(p, 3, NULL, &none);

        if (n < 0 && errno != EINTR)
            return say(SANDBOX_EXIT_BROKEN, "the sandbox cannot poll");
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

static int start_child(struct helper *h)
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
    if (h->child == 0 && h->isolated)
        child_isolated(h);
    if (h->child == 0)
        child_open(h);
    (void)close(h->told[1]);
    (void)close(h->alive[0]);
    if (h->isolated && map_ids(h->child) != 0) {
        int code = no_isolation("user id map");

        end_child(h);
        return code;
    }
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
    struct helper h = {.child = -1, .syslog = -1};
    const char *slash;
    int code;

    if (argc != 5)
        return say(SANDBOX_EXIT_BROKEN, "the sandbox is not for use by hand");
    slash = strrchr(argv[2], '/');
    if (argv[2][0] != '/' || slash[1] == '\0' ||
        strlen(slash + 1) > NAME_MAX - 16)
        return say(SANDBOX_EXIT_BROKEN, "not a private directory");
    h.dir = argv[2];
    h.name = slash + 1;
    h.server = argv[3];
    h.isolated = strcmp(argv[4], "open") != 0;
    /* An undumpable process does not own its files in /proc, among them the
     * id maps of its child. */
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "assay-sandbox", 0, 0, 0);
    (void)setgroups(0, NULL); /* allowed for root, needed by root */
    (void)umask(077);
    prepare_signals();
    code = start_child(&h);
    return code == SANDBOX_EXIT_DONE ? watch(&h) : code;
}
