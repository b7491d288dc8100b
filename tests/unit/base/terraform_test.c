/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/terraform.h"
#include "base/terraform_files.h"
#include "base/terraform_said.h"
#include "base/text.h"

static char base[] = "/tmp/assay-terraform-XXXXXX";

struct heard {
    uint64_t done, total;
    struct buf said;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total,
                        const char *unit)
{
    struct heard *h = ctx;

    assert_string_equal(unit, "resources");
    h->done = done;
    h->total = total;
}

static void on_said(void *ctx, const char *text)
{
    struct heard *h = ctx;

    buf_printf(&h->said, "%s\n", text);
}

/* As Terraform 1.11 prints them, shortened. */
static void test_progress_is_counted_and_values_are_not_told(void **state)
{
    static const char *const lines[] = {
        "{\"@level\":\"info\",\"@message\":\"Terraform 1.11.4\","
        "\"type\":\"version\"}",
        "{\"@message\":\"t.a: Plan to create\",\"type\":\"planned_change\"}",
        "{\"@message\":\"Plan: 2 to add\",\"type\":\"change_summary\","
        "\"changes\":{\"add\":2,\"change\":0,\"remove\":0,"
        "\"operation\":\"plan\"}}",
        "{\"@message\":\"t.a: (local-exec): s.SECRET\","
        "\"type\":\"provision_progress\"}",
        "{\"@message\":\"t.a: Creation complete\","
        "\"type\":\"apply_complete\"}",
        "{\"@message\":\"Apply complete!\",\"type\":\"change_summary\","
        "\"changes\":{\"add\":1,\"operation\":\"apply\"}}",
        "{\"@message\":\"Outputs: 1\",\"type\":\"outputs\","
        "\"outputs\":{\"init_token\":{\"value\":\"s.SECRET\"}}}",
        "not json",
        "",
        "[]",
    };
    struct heard h = {.done = 0};
    struct terraform_said s = {
        .progress = on_progress, .said = on_said, .ctx = &h};

    (void)state;
    buf_init(&h.said, 4096);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        terraform_said_line(&s, lines[i]);
    assert_int_equal(h.done, 1);
    assert_int_equal(h.total, 2);
    assert_non_null(strstr(h.said.data, "t.a: Creation complete\n"));
    assert_null(strstr(h.said.data, "SECRET"));
    assert_string_equal(s.error, "");
    buf_done(&h.said);
}

static void test_the_first_error_is_kept(void **state)
{
    struct terraform_said s = {.said = NULL};

    (void)state;
    terraform_said_line(&s, "{\"type\":\"diagnostic\",\"diagnostic\":{"
                            "\"severity\":\"warning\",\"summary\":\"w\"}}");
    terraform_said_line(
        &s, "{\"type\":\"diagnostic\",\"diagnostic\":{\"severity\":\"error\","
            "\"summary\":\"No quota\",\"detail\":\"Ask\\nsomebody.\","
            "\"address\":\"x.y\"}}");
    terraform_said_line(&s, "{\"type\":\"diagnostic\",\"diagnostic\":{"
                            "\"severity\":\"error\",\"summary\":\"later\"}}");
    assert_string_equal(s.error, "No quota in x.y: Ask somebody.");
}

/* However long the message is that a secret stands in. */
static void test_no_value_is_told_not_even_half_of_it(void **state)
{
    static const struct program_pair var[] = {{"v", "correct-horse-battery"}};
    static const struct program_pair env[] = {{"E", "staple-of-hay-here"}};
    static const struct program_pairs vars = {var, 1}, envs = {env, 1};

    (void)state;
    for (int before = 0; before < 400; before += 7) {
        struct heard h = {.done = 0};
        struct terraform_said s = {
            .said = on_said, .ctx = &h, .hidden = {&vars, &envs}};
        char *line =
            text_format("{\"type\":\"diagnostic\",\"diagnostic\":{\"severity\":"
                        "\"error\",\"summary\":\"%*scorrect-horse-battery\","
                        "\"address\":\"%*scorrect-horse-battery\","
                        "\"detail\":\"%*sstaple-of-hay-here\"}}",
                        before, "", before, "", before, "");

        buf_init(&h.said, 4096);
        terraform_said_line(&s, line);
        terraform_said_line(&s, "{\"type\":\"apply_start\",\"@message\":"
                                "\"[id=correct-horse-battery]\"}");
        assert_string_not_equal(s.error, "");
        assert_null(strstr(s.error, "cor"));
        assert_null(strstr(s.error, "sta"));
        assert_string_equal(h.said.data, "[id=*********************]\n");
        buf_done(&h.said);
        free(line);
    }
}

static char *read_file(const char *name)
{
    char *path = text_format("%s/%s", base, name);
    struct error err;
    struct buf text;
    char *out;

    buf_init(&text, 4096);
    assert_int_equal(file_read(path, &text, &err), 0);
    out = buf_take(&text);
    buf_done(&text);
    free(path);
    return out;
}

static void test_variables_and_override_are_written(void **state)
{
    static const struct program_pair pairs[] = {{"region", "eu\"1"},
                                                {"size", "3"}};
    const struct program_pairs vars = {pairs, 2};
    char *expected = text_format("{\"terraform\":{\"backend\":{\"local\":"
                                 "{\"path\":\"%s/state.json\"}}}}",
                                 base);
    struct error err;
    char *text;

    (void)state;
    assert_int_equal(terraform_write_vars(base, &vars, &err), 0);
    text = read_file("vars.json");
    assert_string_equal(text, "{\"region\":\"eu\\\"1\",\"size\":\"3\"}");
    free(text);
    assert_int_equal(terraform_write_override(base, base, &err), 0);
    text = read_file("zz_assay_override.tf.json");
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void put_state(const char *text)
{
    char *path = text_format("%s/state.json", base);
    struct error err;

    assert_int_equal(file_replace(path, text, strlen(text), 0600, &err), 0);
    free(path);
}

static void test_a_state_is_empty_or_not(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(terraform_check_state(base, &err), 0);
    put_state("{\"version\":4,\"resources\":[]}");
    assert_int_equal(terraform_check_state(base, &err), 0);
    put_state("{\"version\":4,\"resources\":[{\"type\":\"x\"}]}");
    assert_int_equal(terraform_check_state(base, &err), -1);
    assert_non_null(strstr(err.text, "still lists resources"));
    put_state("{");
    assert_int_equal(terraform_check_state(base, &err), -1);
}

/* Some program that is no Terraform. */
static struct terraform script(const char *text, const struct program_pairs env)
{
    char *path = text_format("%s/fake", base);
    struct terraform t = {
        .binary = path, .dir = base, .module = "/", .env = env};
    struct error err;

    assert_int_equal(file_replace(path, text, strlen(text), 0700, &err), 0);
    return t;
}

static void test_a_command_and_its_exit_code(void **state)
{
    static const struct program_pair pairs[] = {{"TOKEN", "s.hunter2"}};
    struct terraform t = script("#!/bin/sh\n"
                                "echo \"$1 $2 $TF_DATA_DIR\"\n"
                                "echo \"bad $TOKEN\" >&2\nexit 2\n",
                                (struct program_pairs){pairs, 1});
    struct terraform_step step = {
        .name = "plan", .args = {"plan", "-x"}, .timeout_ms = 20000};
    char *expected = text_format("plan -x %s/data\n", base);
    struct error err = {0};
    struct buf out;
    int code = 0;

    (void)state;
    buf_init(&out, 1000);
    step.exit_code = &code;
    assert_int_equal(terraform_run(&t, &step, &out, &err), 0);
    assert_int_equal(code, 2);
    assert_string_equal(buf_text(&out), expected);
    step.exit_code = NULL;
    assert_int_equal(terraform_run(&t, &step, NULL, &err), -1);
    assert_non_null(strstr(err.text, "terraform plan: "));
    assert_non_null(strstr(err.text, "exit code 2: bad *********"));
    buf_done(&out);
    free(expected);
    free((void *)(uintptr_t)t.binary);
}

static void test_the_error_that_it_reports_is_told(void **state)
{
    struct terraform t =
        script("#!/bin/sh\necho '{\"type\":\"diagnostic\",\"diagnostic\":"
               "{\"severity\":\"error\",\"summary\":\"No way\"}}'\nexit 1\n",
               (struct program_pairs){NULL, 0});
    struct terraform_said said = {.said = NULL};
    const struct terraform_step step = {
        .name = "plan", .args = {"plan"}, .timeout_ms = 20000, .said = &said};
    struct error err = {0};

    (void)state;
    assert_int_equal(terraform_run(&t, &step, NULL, &err), -1);
    assert_string_equal(err.text, "terraform plan: No way");
    free((void *)(uintptr_t)t.binary);
}

static void test_it_is_found_or_not(void **state)
{
    char *found = terraform_find("/bin/sh");

    (void)state;
    assert_non_null(found);
    free(found);
    assert_null(terraform_find("/bin/no-such-terraform"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_is_counted_and_values_are_not_told),
        cmocka_unit_test(test_the_first_error_is_kept),
        cmocka_unit_test(test_no_value_is_told_not_even_half_of_it),
        cmocka_unit_test(test_variables_and_override_are_written),
        cmocka_unit_test(test_a_state_is_empty_or_not),
        cmocka_unit_test(test_a_command_and_its_exit_code),
        cmocka_unit_test(test_the_error_that_it_reports_is_told),
        cmocka_unit_test(test_it_is_found_or_not),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
