/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether Terraform can be asked, and what is said when it cannot.  Plans and
 * walks are tried on real servers (tests/system/test_19_terraform.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/program.h"
#include "base/text.h"
#include "proof/oracle.h"
#include "proof/pretend.h"

static char stray_dir[64];

struct asked {
    struct pretend p;
    struct proof_oracle oracle;
    struct proof_context context;
    struct proof_result r;
    struct error err;
};

static void set_up(struct asked *a, const char *script)
{
    *a = (struct asked){.r = {.name = "consistent"}};
    pretend_init(&a->p, script);
    a->oracle = (struct proof_oracle){.wanted = "terraform",
                                      .terraform = &a->p.settings};
    a->context =
        (struct proof_context){.oracle = &a->oracle, .work_dir = a->p.dir};
}

static void tear_down(struct asked *a)
{
    char *left = text_format("%s/terraform/tree", a->p.dir);

    assert_false(file_exists(left));
    free(left);
    proof_result_done(&a->r);
    pretend_done(&a->p);
}

static int ready(struct asked *a)
{
    return oracle_terraform.ready(&a->context, &a->err);
}

/* `dir` and `file` are relative; NULL: not configured. */
static void expect_ready(const char *dir, const char *file, const char *words)
{
    struct asked a;
    char *d, *f;

    set_up(&a, "");
    pretend_put(&a.p, "a.tfstate", "{}");
    d = dir == NULL ? NULL : text_format("%s/%s", a.p.module, dir);
    f = file == NULL ? NULL : text_format("%s/%s", a.p.module, file);
    a.p.settings.dir = d;
    a.p.settings.state_file = f;
    if (words == NULL) {
        assert_int_equal(ready(&a), 0);
    } else {
        assert_int_equal(ready(&a), -1);
        assert_int_equal(a.err.kind, ERR_UNAVAILABLE);
        assert_non_null(strstr(a.err.text, words));
    }
    free(d);
    free(f);
    tear_down(&a);
}

static void what_makes_it_ready(void **state)
{
    (void)state;
    expect_ready(".", NULL, NULL);
    expect_ready(NULL, "a.tfstate", NULL);
    expect_ready("not-there", "a.tfstate", NULL);
    expect_ready("not-there", NULL, "not-there");
    expect_ready(NULL, "not-there", "not-there");
    expect_ready(NULL, NULL, "oracles.terraform");
}

static void not_configured_at_all(void **state)
{
    struct asked a;

    (void)state;
    set_up(&a, "");
    a.oracle.terraform = NULL;
    assert_int_equal(ready(&a), -1);
    assert_non_null(strstr(a.err.text, "oracles.terraform"));
    tear_down(&a);
}

static void expect_not_run(struct asked *a, const char *words)
{
    assert_int_equal(oracle_terraform.ask(&a->context, "", &a->r, &a->err), 0);
    assert_int_equal(a->r.outcome, PROOF_NOT_RUN);
    if (strstr(a->r.message, words) == NULL)
        fail_msg("%s", a->r.message);
    tear_down(a);
}

static void no_program_and_no_state(void **state)
{
    struct asked a;

    (void)state;
    set_up(&a, "");
    a.p.settings.binary = "/bin/no-such-terraform";
    expect_not_run(&a, "there is no program /bin/no-such-terraform), and there "
                       "is no state to look at");
}

static void a_backend_that_does_not_answer(void **state)
{
    struct asked a;

    (void)state;
    set_up(&a, "init) echo 'Error: no route to backend' >&2; exit 1;;\n"
               "state) exit 1;;");
    expect_not_run(&a, "no route to backend");
}

static void a_state_that_is_none(void **state)
{
    struct asked a;
    char *path;

    (void)state;
    set_up(&a, "");
    pretend_put(&a.p, "a.tfstate", "{\"hello\":1}");
    path = text_format("%s/a.tfstate", a.p.module);
    a.p.settings.state_file = path;
    a.p.settings.dir = NULL;
    expect_not_run(&a, "neither a Terraform state");
    free(path);
}

static void a_run_that_was_cancelled(void **state)
{
    const struct cancel cancel = {.requested = true};
    struct asked a;

    (void)state;
    set_up(&a, "init) sleep 60;;");
    a.context.cancel = &cancel;
    assert_int_equal(oracle_terraform.ask(&a.context, "", &a.r, &a.err), -1);
    assert_int_equal(a.err.kind, ERR_CANCELLED);
    tear_down(&a);
}

/* The number in the file is of a process that still runs, and was started
 * when the file says. */
static void what_a_crash_left_running_is_ended(void **state)
{
    char *work, *pid_path;
    struct error err;
    int status = 0;
    pid_t child;

    (void)state;
    (void)text_copy(stray_dir, sizeof stray_dir, "/tmp/assay-stray-XXXXXX");
    assert_non_null(mkdtemp(stray_dir));
    assert_int_equal(oracle_end_strays(stray_dir, &err), 0);
    work = text_format("%s/terraform", stray_dir);
    pid_path = text_format("%s/program.pid", work);
    assert_int_equal(file_make_dirs(work, 0700, &err), 0);
    child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setpgid(0, 0);
        (void)pause();
        _exit(0);
    }
    (void)setpgid(child, child);
    program_note_pid(pid_path, child);
    assert_int_equal(oracle_end_strays(stray_dir, &err), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    free(work);
    free(pid_path);
}

static int remove_stray_dir(void **state)
{
    struct error err;

    (void)state;
    return file_remove_tree(stray_dir, &err);
}

#define TEST(name) cmocka_unit_test_teardown(name, pretend_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_makes_it_ready),
        TEST(not_configured_at_all),
        TEST(no_program_and_no_state),
        TEST(a_backend_that_does_not_answer),
        TEST(a_state_that_is_none),
        TEST(a_run_that_was_cancelled),
        cmocka_unit_test_teardown(what_a_crash_left_running_is_ended,
                                  remove_stray_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
