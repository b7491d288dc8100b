/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/program.h"
#include "base/text.h"

static char base[] = "/tmp/assay-program-XXXXXX";
static char log_path[64];
static char pid_path[64];

struct ran {
    int rc;
    struct buf out;
    struct error err;
    int64_t ms;
};

static struct ran run(struct program p, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct ran r = {.rc = 0};
    int64_t started = clock_mono_ms();

    p.argv = argv;
    p.log_path = log_path;
    p.pid_path = pid_path;
    p.temp_dir = base;
    if (p.timeout_ms == 0)
        p.timeout_ms = 20000;
    if (p.grace_ms == 0)
        p.grace_ms = 2000;
    buf_init(&r.out, 1000);
    r.rc = program_run(&p, &r.out, &r.err);
    r.ms = clock_mono_ms() - started;
    assert_false(file_exists(pid_path));
    return r;
}

static void test_output_and_input_pass_through(void **state)
{
    struct ran r = run((struct program){.input = "{\"a\":1}"},
                       "cat; echo done; echo noise >&2");

    (void)state;
    assert_int_equal(r.rc, 0);
    assert_string_equal(buf_text(&r.out), "{\"a\":1}done\n");
    buf_done(&r.out);
}

static void test_its_environment_is_ours_to_choose(void **state)
{
    static const struct program_pair pairs[] = {{"TOKEN", "from-us"},
                                                {"LANG", "xx"}};
    static const char *const fixed[] = {"FIXED=1", NULL};
    struct ran r;

    (void)state;
    setenv("ASSAY_SECRET_THING", "no", 1);
    r = run((struct program){.env = {pairs, 2}, .fixed_env = fixed},
            "echo $TOKEN $LANG $FIXED $TMPDIR [$ASSAY_SECRET_THING] $HOME");
    assert_int_equal(r.rc, 0);
    assert_non_null(strstr(r.out.data, "from-us xx 1 /tmp/assay-program-"));
    assert_non_null(strstr(r.out.data, "[]"));
    buf_done(&r.out);
}

static void test_a_failure_says_no_value_not_even_half_of_it(void **state)
{
    static const struct program_pair pair[] = {{"V", "correct-horse"}};
    static const struct program_pairs pairs = {pair, 1};
    char script[200];

    (void)state;
    for (int before = 284; before < 316; before += 3) {
        struct ran r;

        (void)snprintf(script, sizeof script,
                       "printf 'x%%%ds' $V | tr ' ' '-' >&2; exit 1", before);
        r = run((struct program){.env = pairs, .hidden = {NULL, &pairs}},
                script);
        assert_int_equal(r.rc, -1);
        assert_null(strstr(r.err.text, "cor"));
        buf_done(&r.out);
    }
}

static void test_a_failure_says_what_the_program_said(void **state)
{
    struct ran r = run((struct program){.argv = NULL},
                       "echo one >&2; echo 'no quota\033[0m left' >&2; exit 7");

    (void)state;
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.err.text,
                        "sh: it ended with exit code 7: no quota [0m left");
    buf_done(&r.out);
    /* Of this run, not of the one before; from "Error: " on. */
    r = run((struct program){.argv = NULL},
            "printf '+--\\n| Error: all\\n|\\n| is lost\\n+--\\n' >&2; exit 1");
    assert_non_null(strstr(r.err.text, "exit code 1: all | | is lost"));
    buf_done(&r.out);
    r = run((struct program){.argv = NULL}, "kill -9 $$");
    assert_non_null(strstr(r.err.text, "signal 9"));
    buf_done(&r.out);
}

static void test_it_is_ended_when_it_takes_too_long(void **state)
{
    struct ran r =
        run((struct program){.timeout_ms = 200}, "echo begun; sleep 30");

    (void)state;
    assert_int_equal(r.rc, -1);
    assert_int_equal(r.err.kind, ERR_UNAVAILABLE);
    assert_true(r.ms < 5000);
    buf_done(&r.out);
    /* Also when it does not want to. */
    r = run((struct program){.timeout_ms = 200, .grace_ms = 200},
            "trap '' INT; sleep 30");
    assert_int_equal(r.rc, -1);
    assert_true(r.ms < 5000);
    buf_done(&r.out);
}

static void test_it_is_cancelled(void **state)
{
    struct cancel cancel;
    struct ran r;

    (void)state;
    atomic_init(&cancel.requested, true);
    r = run((struct program){.cancel = &cancel}, "sleep 30");
    assert_int_equal(r.rc, -1);
    assert_int_equal(r.err.kind, ERR_CANCELLED);
    assert_true(r.ms < 5000);
    buf_done(&r.out);
}

static void test_too_much_output_ends_it(void **state)
{
    struct ran r = run((struct program){.argv = NULL}, "yes");

    (void)state;
    assert_int_equal(r.rc, -1);
    assert_int_equal(r.err.kind, ERR_TOO_LARGE);
    buf_done(&r.out);
}

/* What it raised lives on, though it holds our pipe. */
static void test_what_it_leaves_running_is_left_alone(void **state)
{
    struct ran r = run((struct program){.argv = NULL}, "sleep 20 & echo $!");
    uint64_t pid = 0;

    (void)state;
    assert_int_equal(r.rc, 0);
    assert_true(r.ms < 5000);
    assert_true(text_u64(text_trim(r.out.data), &pid));
    assert_int_equal(kill((pid_t)pid, 0), 0);
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    buf_done(&r.out);
}

static void take_line(void *ctx, const char *line)
{
    struct buf *all = ctx;

    buf_printf(all, "<%s>", line);
}

static void test_lines_come_one_by_one(void **state)
{
    struct buf all;
    struct ran r;

    (void)state;
    buf_init(&all, 1000);
    r = run((struct program){.line = take_line, .ctx = &all},
            "printf 'a\\nb'; sleep 0.1; printf 'c\\n\\nunfinished'");
    assert_int_equal(r.rc, 0);
    assert_string_equal(buf_text(&all), "<a><bc><>");
    buf_done(&all);
    buf_done(&r.out);
}

static void test_a_program_that_is_not_there(void **state)
{
    const char *const argv[] = {"/nonexistent/x", NULL};
    const struct program p = {.argv = argv, .log_path = log_path};
    struct error err;

    (void)state;
    assert_int_equal(program_run(&p, NULL, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.text, "/nonexistent/x: there is no such program");
}

/* ---- after a crash ---- */

static void test_a_stray_is_ended(void **state)
{
    const char *const argv[] = {"/bin/sleep", "60", NULL};
    const struct process_options o = {.program = "/bin/sleep",
                                      .argv = argv,
                                      .stdin_fd = -1,
                                      .stdout_fd = -1,
                                      .stderr_fd = -1,
                                      .new_group = true};
    struct error err;
    int status = 0;
    pid_t pid = 0;

    (void)state;
    assert_int_equal(process_start(&o, &pid, &err), 0);
    program_note_pid(pid_path, pid);
    assert_int_equal(program_end_stray(pid_path, 5000, &err), 0);
    assert_int_equal(process_wait(pid, 1000, &status), 1);
    /* Nobody has that number now, or somebody who started later. */
    assert_int_equal(program_end_stray(pid_path, 5000, &err), 0);
    assert_int_equal(unlink(pid_path), 0);
    assert_int_equal(program_end_stray(pid_path, 5000, &err), 0);
}

static void test_somebody_else_with_that_number_is_left_alone(void **state)
{
    char note[64];
    struct error err;

    (void)state;
    (void)snprintf(note, sizeof note, "%d 1", (int)getpid());
    assert_int_equal(file_replace(pid_path, note, strlen(note), 0600, &err), 0);
    assert_int_equal(program_end_stray(pid_path, 100, &err), 0);
    assert_int_equal(file_replace(pid_path, "x", 1, 0600, &err), 0);
    assert_int_equal(program_end_stray(pid_path, 100, &err), 0);
    assert_int_equal(unlink(pid_path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_and_input_pass_through),
        cmocka_unit_test(test_its_environment_is_ours_to_choose),
        cmocka_unit_test(test_a_failure_says_no_value_not_even_half_of_it),
        cmocka_unit_test(test_a_failure_says_what_the_program_said),
        cmocka_unit_test(test_it_is_ended_when_it_takes_too_long),
        cmocka_unit_test(test_it_is_cancelled),
        cmocka_unit_test(test_too_much_output_ends_it),
        cmocka_unit_test(test_what_it_leaves_running_is_left_alone),
        cmocka_unit_test(test_lines_come_one_by_one),
        cmocka_unit_test(test_a_program_that_is_not_there),
        cmocka_unit_test(test_a_stray_is_ended),
        cmocka_unit_test(test_somebody_else_with_that_number_is_left_alone),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    (void)snprintf(log_path, sizeof log_path, "%s/log", base);
    (void)snprintf(pid_path, sizeof pid_path, "%s/pid", base);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
