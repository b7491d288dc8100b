/* SPDX-License-Identifier: Apache-2.0
 *
 * What is given up is given up for good, so each test has a child that tries
 * what it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/support/child.h"

enum { NOT_HERE = 77 };

static char dir[] = "/tmp/assay-confine-XXXXXX";
static char inside[64], outside[64], sockets[64];

static void in_child(void (*act)(void))
{
    int code = child_run(act);

    if (code == NOT_HERE)
        skip();
    assert_int_equal(code, 0);
}

static void limit_calls(void)
{
    struct error err = {0};
    int rc = confine_calls(&err);

    if (rc != 0 && err.kind == ERR_PRECONDITION)
        _exit(NOT_HERE);
    CHILD_CHECK(rc == 0);
    CHILD_CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static bool is_refused(long rc)
{
    return rc == -1 && errno == EPERM;
}

/* Each would otherwise succeed, or fail with something else: its arguments
 * are good for nothing. */
static void try_calls(void)
{
    struct timespec now;
    char byte;

    CHILD_CHECK(syscall(SYS_add_key, NULL, NULL, NULL, 0, 0) == -1 &&
                errno != EPERM);
    limit_calls();
    CHILD_CHECK(is_refused(syscall(SYS_add_key, NULL, NULL, NULL, 0, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_keyctl, -1, 0, 0, 0, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)));
    CHILD_CHECK(
        is_refused(syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_bpf, -1, NULL, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_kexec_load, 0, 0, NULL, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_swapon, NULL, 0)));
    CHILD_CHECK(is_refused(syscall(SYS_userfaultfd, -1)));
    CHILD_CHECK(is_refused(syscall(SYS_open_by_handle_at, -1, NULL, 0)));
#ifdef __x86_64__
    CHILD_CHECK(is_refused(syscall(0x40000000 | SYS_getpid)));
    CHILD_CHECK(is_refused(syscall(SYS_iopl, 9)));
#endif
    /* And what is needed is there. */
    CHILD_CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    CHILD_CHECK(getrandom(&byte, 1, 0) == 1);
}

static void refuses_what_nobody_needs(void **state)
{
    (void)state;
    in_child(try_calls);
}

static void run_script(const char *script, int expected)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    struct process_options o = {.program = "/bin/sh",
                                .argv = argv,
                                .env = env,
                                .stdin_fd = -1,
                                .stdout_fd = -1,
                                .stderr_fd = -1};
    struct error err = {0};
    int status = 0;
    pid_t pid = 0;

    CHILD_CHECK(process_start(&o, &pid, &err) == 0);
    CHILD_CHECK(process_wait(pid, -1, &status) == 1);
    CHILD_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

/* The same rights in a child of the child, and no more by set-user-id. */
static void try_after_exec(void)
{
    limit_calls();
    run_script("grep -q '^Seccomp:[^0-9]*2' /proc/self/status && "
               "grep -q '^NoNewPrivs:[^0-9]*1' /proc/self/status",
               0);
}

static void holds_for_programs_too(void **state)
{
    (void)state;
    in_child(try_after_exec);
}

/* What a sandbox is made of. */
static void try_namespaces(void)
{
    if (unshare(CLONE_NEWUSER) != 0)
        _exit(NOT_HERE);
    limit_calls();
    CHILD_CHECK(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) == 0);
    CHILD_CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHILD_CHECK(mount("tmpfs", outside, "tmpfs", 0, NULL) == 0);
}

static void leaves_sandboxes_possible(void **state)
{
    (void)state;
    in_child(try_namespaces);
}

static void limit_writing(void)
{
    const struct confine_path paths[] = {
        {inside, CONFINE_TREE, false},
        {sockets, CONFINE_SOCKETS, false},
        {"/dev/null", CONFINE_WRITE, false},
        {"/there/is/no/such", CONFINE_TREE, true},
    };
    struct error err = {0};
    int rc = confine_writing(paths, sizeof paths / sizeof paths[0], &err);

    if (rc != 0 && err.kind == ERR_PRECONDITION)
        _exit(NOT_HERE);
    if (rc != 0)
        (void)fprintf(stderr, "%s\n", err.text);
    CHILD_CHECK(rc == 0);
}

static bool can_make(const char *in, const char *name)
{
    char path[256];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", in, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool can_bind(const char *in)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", in);
    return bind(fd, (const struct sockaddr *)&un, sizeof un) == 0;
}

static void try_writing(void)
{
    char from[128], to[128];

    CHILD_CHECK(can_make(outside, "before"));
    limit_writing();
    CHILD_CHECK(can_make(inside, "a"));
    CHILD_CHECK(!can_make(outside, "after") && errno == EACCES);
    CHILD_CHECK(!can_make(outside, "before") && errno == EACCES);
    CHILD_CHECK(!can_make(sockets, "a") && errno == EACCES);
    CHILD_CHECK(can_bind(sockets) && can_bind(inside) && !can_bind(outside));
    (void)snprintf(from, sizeof from, "%s/a", inside);
    (void)snprintf(to, sizeof to, "%s/a", outside);
    CHILD_CHECK(rename(from, to) != 0);
    (void)snprintf(to, sizeof to, "%s/below", inside);
    CHILD_CHECK(mkdir(to, 0700) == 0);
    (void)snprintf(to, sizeof to, "%s/below/a", inside);
    CHILD_CHECK(rename(from, to) == 0);
    (void)snprintf(to, sizeof to, "%s/before", outside);
    CHILD_CHECK(unlink(to) != 0 && errno == EACCES);
    CHILD_CHECK(open(to, O_RDONLY | O_CLOEXEC) >= 0);
    CHILD_CHECK(truncate(to, 0) != 0);
    CHILD_CHECK(open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0);
    CHILD_CHECK(open("/proc/self/comm", O_WRONLY | O_CLOEXEC) < 0);
    run_script("cat /etc/passwd >/dev/null", 0);
}

static void keeps_to_its_directories(void **state)
{
    (void)state;
    in_child(try_writing);
}

/* A link out of a directory that is ours leads nowhere. */
static void try_links(void)
{
    char link_path[128];

    (void)snprintf(link_path, sizeof link_path, "%s/out", inside);
    CHILD_CHECK(symlink(outside, link_path) == 0);
    limit_writing();
    CHILD_CHECK(!can_make(link_path, "through") && errno == EACCES);
}

static void is_not_fooled_by_links(void **state)
{
    (void)state;
    in_child(try_links);
}

static void *wait_for_end(void *ctx)
{
    for (;;)
        (void)pause();
    return ctx;
}

static void try_with_threads(void)
{
    const struct confine_path path = {inside, CONFINE_TREE, false};
    struct error err = {0};
    pthread_t thread;

    CHILD_CHECK(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
    CHILD_CHECK(confine_writing(&path, 1, &err) == -1);
    CHILD_CHECK(err.kind == ERR_INTERNAL);
    CHILD_CHECK(can_make(outside, "threads"));
}

static void leaves_no_thread_out(void **state)
{
    (void)state;
    in_child(try_with_threads);
}

static void try_missing(void)
{
    const struct confine_path path = {"/there/is/no/such", CONFINE_TREE, false};
    struct error err = {0};

    limit_calls(); /* skips where there is neither */
    CHILD_CHECK(confine_writing(&path, 1, &err) == -1);
    if (err.kind == ERR_PRECONDITION)
        _exit(NOT_HERE);
    CHILD_CHECK(strstr(err.text, "/there/is/no/such") != NULL);
    CHILD_CHECK(can_make(outside, "missing"));
}

static void names_what_is_missing(void **state)
{
    (void)state;
    in_child(try_missing);
}

static int make_dirs(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(inside, sizeof inside, "%s/inside", dir);
    (void)snprintf(outside, sizeof outside, "%s/outside", dir);
    (void)snprintf(sockets, sizeof sockets, "%s/sockets", dir);
    return mkdir(inside, 0700) != 0 || mkdir(outside, 0700) != 0 ||
                   mkdir(sockets, 0700) != 0
               ? -1
               : 0;
}

static int remove_dirs(void **state)
{
    struct error err;

    (void)state;
    return file_remove_tree(dir, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_nobody_needs),
        cmocka_unit_test(holds_for_programs_too),
        cmocka_unit_test(leaves_sandboxes_possible),
        cmocka_unit_test(keeps_to_its_directories),
        cmocka_unit_test(is_not_fooled_by_links),
        cmocka_unit_test(leaves_no_thread_out),
        cmocka_unit_test(names_what_is_missing),
    };

    return cmocka_run_group_tests(tests, make_dirs, remove_dirs);
}
