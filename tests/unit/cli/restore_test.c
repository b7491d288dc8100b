/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole command against a scripted server: what is sent, and the exit
 * code.  tests/system/test_45_last_day.py has real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/restore.h"
#include "standin.h"

#define ARCHIVE ASSAY_FIXTURES "/vault-1.21.0-rekeyed.snap"
#define SHARES "-key-file=" ASSAY_FIXTURES "/vault-1.21.0-rekeyed.keys"
#define ITS_ID "3588ba80-b7d1-e387-b969-50abb41d67cc"
#define RESTORE "sys/storage/raft/snapshot"

static struct standin there;
static char dir[64];
static char work[96];

static int set_up(void **state)
{
    static const char *const args[] = {"--archive", ARCHIVE, NULL};

    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/assay-lastday-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(work, sizeof(work), "-work-dir=%s", dir);
    standin_start(&there, args);
    standin_set(&there, "{\"product\":\"vault\",\"version\":\"1.21.0\","
                        "\"cluster_id\":\"" ITS_ID "\","
                        "\"cluster_name\":\"the-one\"}");
    assert_int_equal(setenv("VAULT_TOKEN", "root", 1), 0);
    assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct error err = {0};

    (void)state;
    standin_stop(&there);
    assert_int_equal(file_remove_tree(dir, &err), 0);
    return 0;
}

/* Files and directories in the work directory. */
static size_t left(void)
{
    DIR *d = opendir(dir);
    size_t count = 0;

    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static size_t sent(void)
{
    return standin_count(&there, "POST", RESTORE, true) +
           standin_count(&there, "POST", RESTORE "-force", true);
}

/* `flags` ends with NULL. */
static int run(const char *const *flags)
{
    char *argv[16] = {(char *)(uintptr_t) "restore",
                      (char *)(uintptr_t) "-from=" ARCHIVE,
                      (char *)(uintptr_t) "-to", there.address, work};
    int argc = 5;

    for (; *flags != NULL; flags++)
        argv[argc++] = (char *)(uintptr_t)*flags;
    return cli_restore(argc, argv);
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void wrong_use_is_two(void **state)
{
    char *bare[] = {(char *)(uintptr_t) "restore", NULL};

    (void)state;
    assert_int_equal(cli_restore(1, bare), 2);
    assert_int_equal(RUN("more"), 2);
    assert_int_equal(RUN("-nonsense"), 2);
    assert_int_equal(RUN("-help"), 0);
    assert_int_equal(RUN(SHARES, "-trusted-key=xyz"), 2);
    assert_int_equal(RUN(SHARES, "-work-dir=/nonexistent"), 2);
    assert_int_equal(RUN(SHARES, "-yes=the-one", "-override=wisdom"), 2);
    assert_int_equal(sent(), 0);
}

static void it_is_sent_once_and_applied(void **state)
{
    (void)state;
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 0);
    assert_int_equal(sent(), 1);
    assert_int_equal(left(), 1); /* the safety snapshot */
}

static void refused_before_anything_is_sent(void **state)
{
    (void)state;
    assert_int_equal(RUN(SHARES, "-yes=another"), 1);
    assert_int_equal(RUN(SHARES, "-dry-run"), 0);
    standin_set(&there, "{\"cluster_id\":\"of-another\"}");
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 1);
    standin_set(&there, "{\"sealed\":true}");
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 1);
    standin_set(&there, "{\"sealed\":false,\"initialized\":false}");
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 1);
    standin_set(&there, "{\"initialized\":true}");
    unsetenv("VAULT_TOKEN");
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 1);
    assert_int_equal(sent(), 0);
    assert_int_equal(left(), 0);
}

static void the_server_says_no(void **state)
{
    static const char *const faults[] = {"status:method=POST,code=400", NULL};

    (void)state;
    standin_faults(&there, faults);
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 1);
    assert_int_equal(sent(), 1);
    assert_int_equal(left(), 0);
}

static void a_204_that_is_a_lie_has_changed_nothing(void **state)
{
    static const char *const faults[] = {"swallow", NULL};

    (void)state;
    standin_faults(&there, faults);
    assert_int_equal(RUN(SHARES, "-yes=the-one", "-settle=10s"), 1);
    assert_int_equal(sent(), 1);
    assert_int_equal(left(), 0);
}

/* Whole archives, that is; a request is seen before its body comes. */
static size_t arrived(void)
{
    struct json *facts = standin_facts(&there);
    size_t count = json_count(json_get(facts, "restores"));

    json_free(facts);
    return count;
}

enum { ARRIVES_MS = 30 * 1000 };

/* As soon as the archive has arrived; the server is sealed from then on, so
 * that the command waits.  Without signals the command ends by itself, and
 * the test says what is wrong: a thread asserts nothing. */
static void *end_it(void *ctx)
{
    int64_t deadline = clock_mono_ms() + ARRIVES_MS;

    (void)ctx;
    while (arrived() == 0) {
        if (clock_mono_ms() > deadline)
            return NULL;
        clock_sleep_ms(20);
    }
    /* Two kinds, which are never taken for one. */
    (void)kill(getpid(), SIGTERM);
    (void)kill(getpid(), SIGINT);
    return NULL;
}

static void ended_while_it_waits_is_three(void **state)
{
    pthread_t thread;
    sigset_t term;
    int rc;

    (void)state;
    standin_set(&there, "{\"after_restore\":{\"sealed\":true}}");
    /* The signal is the command's. */
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigaddset(&term, SIGINT);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, end_it, NULL), 0);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &term, NULL), 0);
    rc = RUN(SHARES, "-yes=the-one");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(rc, 3);
    assert_int_equal(sent(), 1);
    assert_int_equal(left(), 1);
}

static void nobody_there_is_two(void **state)
{
    (void)state;
    standin_stop(&there);
    assert_int_equal(RUN(SHARES, "-yes=the-one"), 2);
    standin_start(&there, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_use_is_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_sent_once_and_applied, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refused_before_anything_is_sent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_server_says_no, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_204_that_is_a_lie_has_changed_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(ended_while_it_waits_is_three, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_there_is_two, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
