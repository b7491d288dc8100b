/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted program in the place of terraform: what it is told, and what
 * becomes of what it says.  The real one is run by tests/contract. */
#include "scripted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "transient/driver.h"

#define SECRET_VAR "correct-horse-battery"
#define SECRET_ENV "staple-of-hay-here"
#define OUTPUT                                                                 \
    "echo '{\"vault_addr\":{\"value\":\"https://127.0.0.1:1\"},"               \
    "\"init_token\":{\"sensitive\":true,\"value\":\"s.SECRET\"}}'"
#define ERROR_LINE                                                             \
    "echo '{\"type\":\"diagnostic\",\"diagnostic\":{\"severity\":\"error\","   \
    "\"summary\":\"bad " SECRET_VAR "\",\"detail\":\"and " SECRET_ENV "\"}}'"

static char base[] = "/tmp/assay-terradrv-XXXXXX";
static const char *const secrets[] = {SECRET_VAR, SECRET_ENV, NULL};
static const struct transient_driver *const driver =
    &transient_terraform_driver;

static const struct program_pair var[] = {{"password", SECRET_VAR}};
static const struct program_pair env[] = {{"CLOUD_TOKEN", SECRET_ENV}};

struct rig {
    struct transient_drivers drivers;
    struct transient_options options;
    char *binary, *module;
    void *state;
    struct error err;
};

static void put(const char *name, const char *text, mode_t mode)
{
    char *path = text_format("%s/%s", base, name);
    struct error err;

    if (file_replace(path, text, strlen(text), mode, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
}

static void does(const char *command, const char *script)
{
    char *name = text_format("do-%s", command);

    put(name, script, 0600);
    free(name);
}

/* It writes down how it was called, and does what the test says. */
static void make_program(void)
{
    char *text = text_format("#!/bin/sh\n"
                             "{ echo \"called $*\"; pwd; env; } >> %s/log\n"
                             ". %s/do-$1\n",
                             base, base);

    put("fake", text, 0700);
    free(text);
}

static int fresh(void **state)
{
    static const char *const commands[] = {"init", "apply", "destroy"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        does(commands[i], ":\n");
    does("output", OUTPUT "\n");
    put("log", "", 0600);
    return 0;
}

static void set_up(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->binary = text_format("%s/fake", base);
    r->module = text_format("%s/module", base);
    r->drivers.terraform = (struct transient_terraform){
        .dir = r->module,
        .binary = r->binary,
        .vars = {var, 1},
        .env = {env, 1},
    };
    r->options = (struct transient_options){
        .product = "openbao", .base_dir = base, .drivers = &r->drivers};
    assert_int_equal(driver->open(&r->options, &r->state, &r->err), 0);
    assert_true(driver->gone(r->state));
}

static void done(struct rig *r)
{
    driver->close(r->state);
    free(r->binary);
    free(r->module);
}

static struct transient_facts facts(const struct rig *r)
{
    struct transient_facts f = {.address = NULL};

    driver->facts(r->state, &f);
    return f;
}

static void up(struct rig *r)
{
    if (driver->up(r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
}

static void down(struct rig *r)
{
    if (driver->down(r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
    assert_true(driver->gone(r->state));
    assert_false(file_exists(facts(r).dir));
    done(r);
}

static char *read_named(const char *name)
{
    char *path = text_format("%s/%s", base, name);
    struct buf text;
    char *out;

    buf_init(&text, 1 << 20);
    assert_int_equal(file_read(path, &text, NULL), 0);
    out = text_dup(buf_text(&text));
    buf_done(&text);
    free(path);
    return out;
}

static size_t called(const char *command)
{
    char *call = text_format("called %s", command);
    char *log = read_named("log");
    size_t n = 0;

    for (const char *at = log; (at = strstr(at, call)) != NULL; at++)
        n++;
    free(call);
    free(log);
    return n;
}

static void no_secret(const struct error *err)
{
    assert_null(strstr(err->text, "s.SECRET"));
    assert_null(strstr(err->text, SECRET_VAR));
    assert_null(strstr(err->text, SECRET_ENV));
}

static void test_a_life(void **state)
{
    struct transient_facts f;
    struct rig r;
    char *log, *vars, *path;
    struct stat st;

    (void)state;
    setenv("ASSAY_SOMETHING_SECRET", "from-our-environment", 1);
    set_up(&r);
    up(&r);
    f = facts(&r);
    assert_int_equal(f.outcome, TRANSIENT_OK);
    assert_string_equal(f.address, "https://127.0.0.1:1");
    assert_string_equal(f.init_token, "s.SECRET");
    assert_false(driver->gone(r.state));
    path = text_format("%s/vars.json", f.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    vars = read_named(path + strlen(base) + 1);
    assert_non_null(strstr(vars, SECRET_VAR));
    free(path);
    path = text_format("-var-file=%s/vars.json", f.dir);
    log = read_named("log");
    assert_non_null(strstr(log, path));
    assert_non_null(strstr(log, "called init -input=false -no-color\n"));
    assert_non_null(
        strstr(log, "called apply -input=false -auto-approve -json -var"));
    assert_non_null(strstr(log, "called output -json -no-color\n"));
    assert_null(strstr(log, SECRET_VAR));
    assert_null(strstr(log, "from-our-environment"));
    assert_non_null(strstr(log, "CLOUD_TOKEN=" SECRET_ENV));
    assert_non_null(strstr(log, "TF_DATA_DIR="));
    assert_int_equal(called("destroy"), 0);
    free(path);
    free(vars);
    free(log);
    down(&r);
    assert_int_equal(called("destroy"), 1);
    /* The operator's own module is as it was. */
    path = text_format("%s/module/zz_assay_override.tf.json", base);
    assert_false(file_exists(path));
    free(path);
}

static void fails(struct rig *r, enum error_kind kind, const char *says)
{
    set_up(r);
    assert_int_equal(driver->up(r->state, &r->err), -1);
    assert_int_equal(r->err.kind, kind);
    assert_says(&r->err, says);
    no_secret(&r->err);
    assert_int_equal(facts(r).outcome, TRANSIENT_UNUSABLE);
}

static void test_before_apply_there_is_nothing_to_destroy(void **state)
{
    struct rig r;

    (void)state;
    does("init", "echo 'Error: no registry for " SECRET_ENV "' >&2; exit 1\n");
    fails(&r, ERR_INTERNAL, "terraform init: ");
    assert_says(&r.err, "no registry for ****");
    down(&r);
    assert_int_equal(called("apply"), 0);
    assert_int_equal(called("destroy"), 0);
}

static void test_what_apply_began_is_destroyed(void **state)
{
    struct rig r;

    (void)state;
    does("apply", ERROR_LINE "; exit 1\n");
    fails(&r, ERR_INTERNAL, "terraform apply: bad ****");
    assert_false(driver->gone(r.state));
    down(&r);
    assert_int_equal(called("destroy"), 1);
}

static void test_outputs_are_not_repeated(void **state)
{
    static const char *const wrong[] = {
        "echo s.SECRET\n",
        "echo '{}'\n",
        "echo '{\"init_token\":{\"value\":\"s.SECRET\"}}'\n",
        ("echo '{\"vault_addr\":{\"value\":\"http://192.0.2.1:8200\"},"
         "\"init_token\":{\"value\":\"s.SECRET\"}}'\n"),
    };
    struct rig r;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        does("output", wrong[i]);
        fails(&r, ERR_INVALID, "the outputs of the module");
        down(&r);
    }
    does("output", "exec yes s.SECRET\n");
    fails(&r, ERR_TOO_LARGE, "terraform output");
    down(&r);
    assert_int_equal(called("destroy"), sizeof wrong / sizeof wrong[0] + 1);
}

static void test_one_that_hangs_is_ended(void **state)
{
    int64_t started = clock_mono_ms();
    struct rig r;

    (void)state;
    set_up(&r);
    r.drivers.terraform.timeout_ms = 500;
    does("apply", "exec sleep 300\n");
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_int_equal(r.err.kind, ERR_UNAVAILABLE);
    assert_says(&r.err, "terraform apply");
    /* Destroying it may take as long as it takes. */
    r.drivers.terraform.timeout_ms = 0;
    down(&r);
    assert_in_range(clock_mono_ms() - started, 0, 60 * 1000);
}

static void test_cancelled_it_is_destroyed_all_the_same(void **state)
{
    struct cancel cancel = {.requested = true};
    struct rig r;

    (void)state;
    set_up(&r);
    driver->close(r.state);
    r.options.cancel = &cancel;
    assert_int_equal(driver->open(&r.options, &r.state, &r.err), 0);
    does("init", "exec sleep 300\n");
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_int_equal(facts(&r).outcome, TRANSIENT_CANCELLED);
    down(&r);
}

static void still_there(struct rig *r, const char *says)
{
    assert_int_equal(driver->down(r->state, &r->err), -1);
    assert_says(&r->err, says);
    no_secret(&r->err);
    assert_false(driver->gone(r->state));
    assert_true(file_exists(facts(r).dir));
}

static void test_a_destroy_that_fails_is_repeated(void **state)
{
    struct rig r;

    (void)state;
    set_up(&r);
    up(&r);
    does("destroy", ERROR_LINE "; exit 1\n");
    still_there(&r, "everything is still in ");
    does("destroy", ":\n");
    down(&r);
    assert_int_equal(called("destroy"), 2);
}

static void test_a_destroy_is_not_believed(void **state)
{
    char *output = text_format("echo '{\"vault_addr\":\"%s\"}'\n",
                               scripted_scratch.address);
    char *path, *leave;
    struct rig r;

    (void)state;
    does("output", output);
    set_up(&r);
    up(&r);
    path = text_format("%s/state.json", facts(&r).dir);
    leave =
        text_format("echo '{\"resources\":[{\"type\":\"vm\"}]}' > %s\n", path);
    does("destroy", leave);
    still_there(&r, "still lists resources");
    assert_int_equal(unlink(path), 0);
    does("destroy", ":\n");
    still_there(&r, "still answers");
    standin_stop(&scripted_scratch);
    down(&r);
    standin_start(&scripted_scratch, NULL);
    free(output);
    free(path);
    free(leave);
}

static void test_there_must_be_a_program_and_a_module(void **state)
{
    struct rig r;

    (void)state;
    set_up(&r);
    r.drivers.terraform.binary = "/nowhere/terraform";
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_says(&r.err, "transient.terraform.binary");
    down(&r);
    set_up(&r);
    r.drivers.terraform.dir = "/nowhere/at/all";
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_says(&r.err, "transient.terraform.dir");
    down(&r);
    assert_int_equal(called(""), 0);
}

static void test_the_next_life_destroys_it(void **state)
{
    struct json *left;
    struct rig r;
    char *note;

    (void)state;
    set_up(&r);
    left = scripted_leftovers(driver, r.state, secrets);
    assert_int_equal(driver->recover(left, &r.options, &r.err), 0);
    assert_int_equal(called("destroy"), 0);
    up(&r);
    does("destroy", "exit 1\n");
    assert_int_equal(driver->recover(left, &r.options, &r.err), -1);
    assert_true(file_exists(facts(&r).dir));
    does("destroy", ":\n");
    /* Where its copy of the module is has been written down. */
    note = text_format("%s/module", facts(&r).dir + strlen(base) + 1);
    {
        char *was = read_named(note);

        put(note, "", 0600);
        assert_int_equal(driver->recover(left, &r.options, &r.err), -1);
        assert_says(&r.err, "names no module");
        put(note, was, 0600);
        free(was);
    }
    if (driver->recover(left, &r.options, &r.err) != 0)
        fail_msg("%s", r.err.text);
    assert_false(file_exists(facts(&r).dir));
    assert_int_equal(called("destroy"), 2);
    assert_int_equal(driver->recover(left, &r.options, &r.err), 0);
    free(note);
    json_free(left);
    done(&r);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_life),
        TEST(test_before_apply_there_is_nothing_to_destroy),
        TEST(test_what_apply_began_is_destroyed),
        TEST(test_outputs_are_not_repeated),
        TEST(test_one_that_hangs_is_ended),
        TEST(test_cancelled_it_is_destroyed_all_the_same),
        TEST(test_a_destroy_that_fails_is_repeated),
        TEST(test_a_destroy_is_not_believed),
        TEST(test_there_must_be_a_program_and_a_module),
        TEST(test_the_next_life_destroys_it),
    };
    char *module;
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    module = text_format("%s/module", base);
    if (module == NULL || mkdir(module, 0700) != 0)
        return 1;
    put("module/main.tf", "# nothing\n", 0600);
    make_program();
    failed = cmocka_run_group_tests(tests, scripted_start, scripted_stop);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    free(module);
    return failed;
}
