/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripted programs in the place of an operator's.  Each writes down how it
 * was called; what it answers is said by the test. */
#include "scripted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "base/text.h"
#include "transient/driver.h"
#include "transient/keys.h"

static char base[] = "/tmp/assay-command-XXXXXX";

/* What the programs do, as shell text; NULL: nothing, and exit 0. */
struct script {
    const char *up, *down, *status, *probe;
    int64_t timeout_ms;
};

struct rig {
    struct transient_drivers drivers;
    struct transient_options options;
    char *text[4];
    const char *argv[4][5];
    struct keys *keys;
    void *state;
    struct error err;
};

static const char *const secrets[] = {SCRIPTED_SHARE_1, NULL};
static const struct transient_driver *const driver = &transient_command_driver;

/* "$0" says which one it is; the log takes its input, arguments, place and
 * environment. */
static const char *const *program(struct rig *r, int at, const char *name,
                                  const char *does)
{
    r->text[at] = text_format("{ echo \"$0 $1\"; cat; echo; env; } >> %s/log; "
                              "%s",
                              base, does == NULL ? ":" : does);
    r->argv[at][0] = "/bin/sh";
    r->argv[at][1] = "-c";
    r->argv[at][2] = r->text[at];
    r->argv[at][3] = name;
    r->argv[at][4] = "$(touch pwned) 'x";
    return r->argv[at];
}

static void configure(struct rig *r, const struct script *s)
{
    struct transient_command *c = &r->drivers.command;
    struct error err;

    memset(r, 0, sizeof *r);
    c->up = program(r, 0, "up", s->up);
    c->down = program(r, 1, "down", s->down);
    if (s->status != NULL)
        c->status = program(r, 2, "status", s->status);
    if (s->probe != NULL)
        c->egress_probe = program(r, 3, "probe", s->probe);
    c->timeout_ms = s->timeout_ms;
    r->keys = keys_new();
    assert_int_equal(keys_add(r->keys, SCRIPTED_SHARE_1, &err), 0);
    r->drivers.egress_blocked = true;
    r->options = (struct transient_options){
        .driver = "command",
        .product = "openbao",
        .version = "2.7.2",
        .base_dir = base,
        .drivers = &r->drivers,
        .seal = {.shares = 5, .threshold = 3},
        .cluster_id = "id",
        .keys = r->keys,
    };
}

static void set_up(struct rig *r, const struct script *s)
{
    configure(r, s);
    assert_int_equal(driver->open(&r->options, &r->state, &r->err), 0);
    assert_true(driver->gone(r->state));
}

static void done(struct rig *r)
{
    driver->close(r->state);
    keys_free(r->keys);
    for (size_t i = 0; i < 4; i++)
        free(r->text[i]);
}

static struct transient_facts facts(const struct rig *r)
{
    struct transient_facts f = {.address = NULL};

    driver->facts(r->state, &f);
    return f;
}

static void down(struct rig *r)
{
    if (driver->down(r->state, &r->err) != 0)
        fail_msg("%s", r->err.text);
    assert_true(driver->gone(r->state));
    assert_false(file_exists(facts(r).dir));
    done(r);
}

static char *read_log(void)
{
    char *path = text_format("%s/log", base);
    struct buf text;
    char *out;

    buf_init(&text, 1 << 20);
    if (file_read(path, &text, NULL) != 0)
        buf_str(&text, "");
    out = text_dup(buf_text(&text));
    buf_done(&text);
    free(path);
    return out;
}

static size_t times_called(const char *name)
{
    char *call = text_format("%s $(touch pwned) 'x\n", name);
    char *log = read_log();
    size_t n = 0;

    for (const char *at = log; (at = strstr(at, call)) != NULL; at++)
        n++;
    free(call);
    free(log);
    return n;
}

static int forget_log(void **state)
{
    char *path = text_format("%s/log", base);

    (void)state;
    (void)unlink(path);
    free(path);
    return 0;
}

#define HERE "echo '{\"vault_addr\":\"https://127.0.0.1:1\"}'"

static void test_they_are_told_what_is_wanted_and_no_secret(void **state)
{
    struct rig r;
    char *log, *request;

    (void)state;
    setenv("ASSAY_SOMETHING_SECRET", "from-our-environment", 1);
    set_up(&r, &(struct script){.up = HERE,
                                .status = "echo '{\"status\":\"gone\"}'"});
    if (driver->up(r.state, &r.err) != 0)
        fail_msg("%s", r.err.text);
    assert_false(driver->gone(r.state));
    request = text_format("\n{\"run\":\"%s\",\"product\":\"openbao\","
                          "\"version\":\"2.7.2\",\"shares\":5,"
                          "\"threshold\":3}\n",
                          strrchr(facts(&r).dir, '/') + 1);
    down(&r);
    log = read_log();
    assert_non_null(strstr(log, request));
    assert_null(strstr(log, SCRIPTED_SHARE_1));
    assert_null(strstr(log, "from-our-environment"));
    /* Handed over as it is written, by nobody's shell. */
    assert_int_equal(times_called("up"), 1);
    assert_int_equal(times_called("down"), 1);
    assert_int_equal(times_called("status"), 1);
    assert_false(file_exists("pwned"));
    free(request);
    free(log);
}

static void test_what_is_handed_out_is_taken(void **state)
{
    struct rig r;
    struct transient_facts f;

    (void)state;
    set_up(&r, &(struct script){
                   .up = "echo '{\"vault_addr\":\"https://127.0.0.1:1\","
                         "\"init_token\":\"s.t\",\"unsealed\":true}'",
                   .probe = "echo '{\"egress_probe\":\"blocked\"}'"});
    if (driver->up(r.state, &r.err) != 0)
        fail_msg("%s", r.err.text);
    f = facts(&r);
    assert_int_equal(f.outcome, TRANSIENT_OK);
    assert_string_equal(f.address, "https://127.0.0.1:1");
    assert_string_equal(f.init_token, "s.t");
    assert_string_equal(f.egress_probe, "blocked");
    assert_true(f.unsealed);
    down(&r);
}

struct refusal {
    const char *up;
    const char *says;
    enum error_kind kind;
};

static void refused(const struct script *s, enum error_kind kind,
                    const char *says)
{
    struct rig r;

    forget_log(NULL);
    set_up(&r, s);
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_int_equal(r.err.kind, kind);
    assert_says(&r.err, says);
    assert_null(strstr(r.err.text, "s.SECRET"));
    assert_int_equal(facts(&r).outcome, kind == ERR_CANCELLED
                                            ? TRANSIENT_CANCELLED
                                            : TRANSIENT_UNUSABLE);
    /* Whatever it has done by then is taken down, in as long as it takes. */
    assert_false(driver->gone(r.state));
    r.drivers.command.timeout_ms = 0;
    down(&r);
    assert_int_equal(times_called("down"), 1);
}

static void test_garbage_is_refused_and_not_repeated(void **state)
{
    static const struct refusal rows[] = {
        {NULL, "no JSON object", ERR_INVALID},
        {"echo s.SECRET", "what /bin/sh printed", ERR_INVALID},
        {"echo '{\"init_token\":\"s.SECRET\"'", "printed", ERR_INVALID},
        {"echo '[\"s.SECRET\"]'", "no JSON object", ERR_INVALID},
        {"echo '{\"init_token\":\"s.SECRET\"}'", "vault_addr", ERR_INVALID},
        {"echo '{\"vault_addr\":[1]}'", "vault_addr", ERR_INVALID},
        {"echo '{\"vault_addr\":\"http://192.0.2.1:8200\","
         "\"init_token\":\"s.SECRET\"}'",
         "in the clear", ERR_INVALID},
        {"echo '{\"vault_addr\":\"https://x\",\"unsealed\":\"s.SECRET\"}'",
         "expected true or false", ERR_INVALID},
        {"printf '{\"vault_addr\":\"https://x\"}\\0{'", "printed", ERR_INVALID},
        {HERE "; " HERE, "printed", ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(&(struct script){.up = rows[i].up}, rows[i].kind, rows[i].says);
}

static void test_a_failure_says_why(void **state)
{
    (void)state;
    refused(&(struct script){.up = HERE "; echo 'no quota' >&2; exit 3"},
            ERR_INTERNAL, "exit code 3: no quota");
    refused(&(struct script){.up = HERE "; kill -9 $$"}, ERR_INTERNAL,
            "signal 9");
}

static void test_too_much_is_cut_off(void **state)
{
    (void)state;
    refused(&(struct script){.up = "exec yes '{}'"}, ERR_TOO_LARGE,
            "its output");
}

static void test_one_that_hangs_is_ended(void **state)
{
    int64_t started = clock_mono_ms();

    (void)state;
    refused(&(struct script){.up = "exec sleep 300", .timeout_ms = 500},
            ERR_UNAVAILABLE, "did not end within");
    assert_in_range(clock_mono_ms() - started, 0, 60 * 1000);
}

static void test_cancelled(void **state)
{
    struct cancel cancel = {.requested = true};
    struct rig r;

    (void)state;
    set_up(&r, &(struct script){.up = "exec sleep 300"});
    driver->close(r.state);
    r.options.cancel = &cancel;
    assert_int_equal(driver->open(&r.options, &r.state, &r.err), 0);
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_int_equal(facts(&r).outcome, TRANSIENT_CANCELLED);
    /* Which is not cancelled by the same wish. */
    down(&r);
    assert_int_equal(times_called("down"), 1);
}

static void test_there_must_be_such_a_program(void **state)
{
    static const char *const nothing[] = {"/nowhere/at/all", NULL};
    struct rig r;

    (void)state;
    set_up(&r, &(struct script){.up = HERE});
    r.drivers.command.up = nothing;
    assert_int_equal(driver->up(r.state, &r.err), -1);
    assert_int_equal(r.err.kind, ERR_NOT_FOUND);
    assert_says(&r.err, "/nowhere/at/all: there is no such program");
    down(&r);
}

static void test_a_probe_must_answer(void **state)
{
    (void)state;
    refused(&(struct script){.up = HERE, .probe = ":"}, ERR_INVALID,
            "printed no \"egress_probe\"");
    refused(&(struct script){.up = HERE,
                             .probe = "echo '{\"egress_probe\":\"maybe\"}'"},
            ERR_INVALID, "printed no \"egress_probe\"");
    refused(&(struct script){.up = HERE, .probe = "exit 1"}, ERR_INTERNAL,
            "exit code 1");
}

/* It is gone when it was looked for and not found, and not before. */
static void test_down_is_not_believed(void **state)
{
    char *up =
        text_format("echo '{\"vault_addr\":\"%s\"}'", scripted_scratch.address);
    struct rig r;

    (void)state;
    set_up(&r, &(struct script){.up = up});
    assert_int_equal(driver->up(r.state, &r.err), 0);
    assert_int_equal(driver->down(r.state, &r.err), -1);
    assert_says(&r.err, "still answers");
    assert_false(driver->gone(r.state));
    assert_true(file_exists(facts(&r).dir));
    standin_stop(&scripted_scratch);
    down(&r);
    assert_int_equal(times_called("down"), 2);
    standin_start(&scripted_scratch, NULL);
    free(up);
}

static void test_status_must_say_gone(void **state)
{
    char *fixed = text_format("%s/fixed", base);
    char *status = text_format("test -e %s && echo '{\"status\":\"gone\"}' || "
                               "echo '{\"status\":\"running\"}'",
                               fixed);
    struct rig r;

    (void)state;
    set_up(&r, &(struct script){.up = HERE, .status = status});
    assert_int_equal(driver->up(r.state, &r.err), 0);
    assert_int_equal(driver->down(r.state, &r.err), -1);
    assert_says(&r.err, "does not say that the status is \"gone\"");
    assert_false(driver->gone(r.state));
    assert_int_equal(file_replace(fixed, "", 0, 0600, &r.err), 0);
    down(&r);
    (void)unlink(fixed);
    free(status);
    free(fixed);
}

static void test_nothing_was_begun(void **state)
{
    struct rig r;

    (void)state;
    set_up(&r, &(struct script){.up = HERE});
    down(&r);
    assert_int_equal(times_called("down"), 0);
}

static void test_the_next_life_takes_it_down(void **state)
{
    static const struct transient_options none = {.driver = "command"};
    struct rig r;
    struct json *left;
    char *log, *twice;
    const char *name;

    (void)state;
    set_up(&r, &(struct script){.up = HERE});
    left = scripted_leftovers(driver, r.state, secrets);
    assert_int_equal(driver->up(r.state, &r.err), 0);
    assert_int_equal(driver->recover(left, &none, &r.err), -1);
    assert_says(&r.err, "is still there");
    assert_true(file_exists(facts(&r).dir));
    if (driver->recover(left, &r.options, &r.err) != 0)
        fail_msg("%s", r.err.text);
    assert_false(file_exists(facts(&r).dir));
    assert_int_equal(times_called("down"), 1);
    /* Asked in the same words. */
    name = json_get_text(left, "name", "?");
    twice = text_format("{\"run\":\"%s\"", name);
    log = read_log();
    assert_non_null(strstr(strstr(log, twice) + 1, twice));
    /* And not twice. */
    assert_int_equal(driver->recover(left, &none, &r.err), 0);
    assert_int_equal(times_called("down"), 1);
    free(log);
    free(twice);
    json_free(left);
    done(&r);
}

static void test_leftovers_of_others_are_not_touched(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"name\":\"x-0011223344556677\",\"dir\":\"/tmp\"}",
        "{\"name\":\"other\",\"dir\":\"/tmp/other\"}",
    };
    struct rig r;

    (void)state;
    set_up(&r, &(struct script){.up = HERE});
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct json *left = NULL;

        assert_int_equal(json_parse(wrong[i], strlen(wrong[i]), &left, &r.err),
                         0);
        assert_int_equal(driver->recover(left, &r.options, &r.err), -1);
        assert_int_equal(r.err.kind, ERR_INVALID);
        json_free(left);
    }
    assert_int_equal(times_called("down"), 0);
    down(&r);
}

#define TEST(name) cmocka_unit_test_setup(name, forget_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_they_are_told_what_is_wanted_and_no_secret),
        TEST(test_what_is_handed_out_is_taken),
        TEST(test_garbage_is_refused_and_not_repeated),
        TEST(test_a_failure_says_why),
        TEST(test_too_much_is_cut_off),
        TEST(test_one_that_hangs_is_ended),
        TEST(test_cancelled),
        TEST(test_there_must_be_such_a_program),
        TEST(test_a_probe_must_answer),
        TEST(test_down_is_not_believed),
        TEST(test_status_must_say_gone),
        TEST(test_nothing_was_begun),
        TEST(test_the_next_life_takes_it_down),
        TEST(test_leftovers_of_others_are_not_touched),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, scripted_start, scripted_stop);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
