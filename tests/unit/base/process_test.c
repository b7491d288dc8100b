/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"

static struct process_options shell(const char *const argv[4])
{
    return (struct process_options){
        .program = "/bin/sh",
        .argv = argv,
        .stdin_fd = -1,
        .stdout_fd = -1,
        .stderr_fd = -1,
    };
}

static int run(const char *script, int64_t timeout_ms, struct buf *out,
               struct error *err)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct process_options o = shell(argv);

    return process_run(&o, timeout_ms, out, err);
}

static void test_run_collects_what_it_says(void **state)
{
    struct buf out;
    struct error err;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(
        run("echo one; echo two >&2; echo three", 5000, &out, &err), 0);
    assert_string_equal(buf_text(&out), "one\nthree\n");
    buf_done(&out);
}

static void test_run_tells_the_exit_code(void **state)
{
    struct buf out;
    struct error err;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(run("exit 3", 5000, &out, &err), -1);
    assert_non_null(strstr(err.text, "exit code 3"));
    assert_int_equal(run("kill -9 $$", 5000, &out, &err), -1);
    assert_non_null(strstr(err.text, "signal 9"));
    buf_done(&out);
}

static void test_run_ends_at_its_deadline_with_all_it_started(void **state)
{
    int64_t started = clock_mono_ms();
    struct buf out;
    struct error err;
    uint64_t pid = 0;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(run("sleep 60 & echo $!; wait", 300, &out, &err), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_in_range(clock_mono_ms() - started, 300, 5000);
    assert_true(out.len > 1);
    for (size_t i = 0; i + 1 < out.len; i++)
        pid = pid * 10 + (uint64_t)(out.data[i] - '0');
    /* Its parent is gone, so it may be a zombie for a moment. */
    for (int i = 0; i < 100 && kill((pid_t)pid, 0) == 0; i++)
        clock_sleep_ms(20);
    assert_int_equal(kill((pid_t)pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    buf_done(&out);
}

static void test_run_refuses_more_than_the_ceiling(void **state)
{
    struct buf out;
    struct error err;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(run("yes", 10000, &out, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    buf_done(&out);
}

static void *cancel_soon(void *cancel)
{
    struct cancel *c = cancel;

    clock_sleep_ms(150);
    atomic_store(&c->requested, true);
    return NULL;
}

/* While it is silent, and when it has closed its output already. */
static void test_run_can_be_cancelled(void **state)
{
    static const char *const scripts[] = {"sleep 60",
                                          "exec >&-; sleep 60 & wait"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *const argv[] = {"sh", "-c", scripts[i], NULL};
        struct process_options o = shell(argv);
        struct cancel cancel = {.requested = false};
        int64_t began = clock_mono_ms();
        struct error err = {0};
        struct buf out;
        pthread_t thread;

        o.cancel = &cancel;
        buf_init_secret(&out, 1000);
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel),
                         0);
        assert_int_equal(process_run(&o, 60000, &out, &err), -1);
        assert_int_equal(err.kind, ERR_CANCELLED);
        assert_true(clock_mono_ms() - began < 30000);
        pthread_join(thread, NULL);
        buf_done(&out);
    }
}

static void test_start_tells_why_it_could_not(void **state)
{
    const char *const argv[] = {"nothing", NULL, NULL, NULL};
    struct process_options o = shell(argv);
    struct error err;
    pid_t pid = -7;

    (void)state;
    o.program = "/nonexistent/program";
    assert_int_equal(process_start(&o, &pid, &err), -1);
    assert_non_null(strstr(err.text, "cannot start /nonexistent/program"));
    assert_int_equal(pid, -7);
    o.program = "/bin/sh";
    o.dir = "/nonexistent";
    assert_int_equal(process_start(&o, &pid, &err), -1);
    assert_non_null(strstr(err.text, "directory"));
}

static void test_child_gets_no_descriptor_of_ours(void **state)
{
    int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
    struct buf out;
    struct error err;

    (void)state;
    assert_true(leak > 2);
    buf_init(&out, 1000);
    assert_int_equal(run("ls /proc/self/fd", 5000, &out, &err), 0);
    /* 3 is the directory that ls itself has open. */
    assert_string_equal(buf_text(&out), "0\n1\n2\n3\n");
    buf_done(&out);
    close(leak);
}

static void test_child_gets_fresh_signals_and_environment(void **state)
{
    static const char *const env[] = {"A=b", NULL};
    const char *const argv[] = {"sh", "-c",
                                "echo $A $HOME; grep -E 'Sig(Blk|Ign)' "
                                "/proc/self/status",
                                NULL};
    struct process_options o = shell(argv);
    sigset_t usr1;
    struct buf out;
    struct error err;

    (void)state;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGPIPE, SIG_IGN);
    setenv("HOME", "/leaked", 1);
    o.env = env;
    buf_init(&out, 1000);
    assert_int_equal(process_run(&o, 5000, &out, &err), 0);
    assert_string_equal(buf_text(&out), "b\n"
                                        "SigBlk:\t0000000000000000\n"
                                        "SigIgn:\t0000000000000000\n");
    buf_done(&out);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    signal(SIGPIPE, SIG_DFL);
}

static void test_fds_may_be_given_crossed(void **state)
{
    const char *const argv[] = {"sh", "-c", "read x; echo got $x", NULL};
    struct process_options o = shell(argv);
    int in[2], out[2];
    char text[32] = "";
    struct error err;
    pid_t pid;
    int status;

    (void)state;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    o.stdin_fd = in[0];
    o.stdout_fd = out[1];
    assert_int_equal(process_start(&o, &pid, &err), 0);
    close(in[0]);
    close(out[1]);
    assert_int_equal(process_wait(pid, 50, &status), 0);
    assert_int_equal(write(in[1], "it\n", 3), 3);
    assert_int_equal(process_wait(pid, 5000, &status), 1);
    assert_true(WIFEXITED(status));
    assert_int_equal(read(out[0], text, sizeof text - 1), 7);
    assert_string_equal(text, "got it\n");
    close(in[1]);
    close(out[0]);
}

static void test_kill_takes_the_group(void **state)
{
    const char *const argv[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
    struct process_options o = shell(argv);
    struct error err;
    pid_t pid;
    int status;

    (void)state;
    o.new_group = true;
    assert_int_equal(process_start(&o, &pid, &err), 0);
    assert_int_equal(getpgid(pid), pid);
    process_kill(pid, true);
    assert_int_equal(process_wait(pid, 0, &status), -1);
    for (int i = 0; i < 100 && kill(-pid, 0) == 0; i++)
        clock_sleep_ms(20);
    assert_int_equal(kill(-pid, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_collects_what_it_says),
        cmocka_unit_test(test_run_tells_the_exit_code),
        cmocka_unit_test(test_run_ends_at_its_deadline_with_all_it_started),
        cmocka_unit_test(test_run_refuses_more_than_the_ceiling),
        cmocka_unit_test(test_run_can_be_cancelled),
        cmocka_unit_test(test_start_tells_why_it_could_not),
        cmocka_unit_test(test_child_gets_no_descriptor_of_ours),
        cmocka_unit_test(test_child_gets_fresh_signals_and_environment),
        cmocka_unit_test(test_fds_may_be_given_crossed),
        cmocka_unit_test(test_kill_takes_the_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
