/* SPDX-License-Identifier: Apache-2.0
 *
 * The private copy: where the state comes from, whom the child is told of,
 * and that nothing of it stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "proof/pretend.h"
#include "proof/tfcopy.h"

#define STATE "{\"version\":4,\"resources\":[]}"
#define PULLS "state) echo '" STATE "';;\n"
#define GRAPH                                                                  \
    "graph) echo '\"[root] provider[\\\"r/hashicorp/vault\\\"].two\" [x]';;\n"

static const struct tfoverride_target target = {.address = "http://127.0.0.1:9",
                                                .token = "s.copy"};

static struct tfcopy *opened(const struct pretend *p)
{
    struct tfcopy *c = NULL;
    struct error err;

    if (tfcopy_open(&p->settings, p->work, NULL, &c, &err) != 0)
        fail_msg("%s", err.text);
    return c;
}

static void closed(struct pretend *p, struct tfcopy *c)
{
    struct error err;

    assert_int_equal(tfcopy_close(c, &err), 0);
    assert_false(file_exists(p->work));
    pretend_done(p);
}

static char *module_file(const struct tfcopy *c, const char *name)
{
    char *path = text_format("%s/%s", tfcopy_terraform(c)->module, name);
    char *text = pretend_read(path);

    free(path);
    return text;
}

static void expect_state(const struct tfcopy *c, const char *text)
{
    struct stat st;
    char *got;

    assert_non_null(tfcopy_state(c));
    got = pretend_read(tfcopy_state(c));
    assert_string_equal(got, text);
    assert_int_equal(stat(tfcopy_state(c), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(got);
}

static void test_the_state_is_pulled(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *seen;

    (void)state;
    pretend_init(&p, PULLS);
    c = opened(&p);
    assert_null(tfcopy_state(c));
    assert_int_equal(tfcopy_pull(c, &err), 0);
    expect_state(c, STATE "\n");
    seen = pretend_seen(&p);
    assert_string_equal(seen, "init -input=false -no-color\nstate pull\n");
    free(seen);
    /* The operator's directory is as it was. */
    seen = text_format("%s/.terraform", p.module);
    assert_false(file_exists(seen));
    free(seen);
    closed(&p, c);
}

static void test_a_local_state_is_copied(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;

    (void)state;
    pretend_init(&p, "");
    pretend_put(&p, "terraform.tfstate", STATE);
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    expect_state(c, STATE);
    closed(&p, c);
}

static void test_no_state_anywhere(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;

    (void)state;
    pretend_init(&p, "");
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), -1);
    assert_non_null(strstr(err.text, "oracles.terraform.state_file"));
    assert_null(tfcopy_state(c));
    closed(&p, c);
}

static void test_a_configured_state_asks_no_backend(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *path;

    (void)state;
    pretend_init(&p, "state) exit 1;;");
    pretend_put(&p, "given", STATE);
    path = text_format("%s/given", p.module);
    p.settings.state_file = path;
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    expect_state(c, STATE);
    assert_null(pretend_seen(&p));
    free(path);
    closed(&p, c);
}

/* It cannot be planned with. */
static void test_what_show_printed_is_no_state_to_plan_with(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *path;

    (void)state;
    pretend_init(&p, PULLS);
    pretend_put(&p, "given", "{\"format_version\":\"1.0\"}");
    path = text_format("%s/given", p.module);
    p.settings.state_file = path;
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    expect_state(c, STATE "\n");
    free(path);
    closed(&p, c);
}

static void test_another_workspace(void **state)
{
    static const struct program_pair env[] = {{"TF_WORKSPACE", "prod"}};
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *text;

    (void)state;
    pretend_init(&p, PULLS GRAPH);
    p.settings.env = (struct program_pairs){env, 1};
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    expect_state(c, STATE "\n");
    assert_true(
        text_ends(tfcopy_state(c), "/workspaces/prod/terraform.tfstate"));
    assert_int_equal(tfcopy_point(c, &target, &err), 0);
    text = module_file(c, "zz_assay_override.tf.json");
    assert_non_null(strstr(text, "\"workspace_dir\":"));
    free(text);
    closed(&p, c);
}

static void test_every_provider_is_pointed_at_the_copy(void **state)
{
    static const char expected[] =
        "\"provider\":[{\"vault\":{\"address\":\"http://127.0.0.1:9\","
        "\"ca_cert_file\":null,\"token\":null,\"skip_child_token\":true}},"
        "{\"vault\":{\"alias\":\"two\",\"address\":\"http://127.0.0.1:9\"";
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *text, *path;
    struct stat st;

    (void)state;
    pretend_init(&p, PULLS GRAPH);
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    if (tfcopy_point(c, &target, &err) != 0)
        fail_msg("%s", err.text);
    text = module_file(c, "zz_assay_override.tf.json");
    if (strstr(text, expected) == NULL)
        fail_msg("%s", text);
    assert_null(strstr(text, "s.copy"));
    free(text);
    path = text_format("%s/home/.vault-token", p.work);
    text = pretend_read(path);
    assert_string_equal(text, "s.copy");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(text);
    free(path);
    closed(&p, c);
}

static void test_the_child_is_not_led_to_the_primary(void **state)
{
    static const struct program_pair env[] = {
        {"VAULT_ADDR", "https://prod"}, {"VAULT_TOKEN", "s.prod"},
        {"BAO_ADDR", "https://prod"},   {"VAULT_NAMESPACE", "team"},
        {"AWS_PROFILE", "p"},           {"HOME", "/tmp"}};
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *text, *path;

    (void)state;
    pretend_init(&p, PULLS GRAPH);
    p.settings.env = (struct program_pairs){env, 6};
    path = text_format("%s.env", p.seen);
    c = opened(&p);
    /* A backend may need all of it. */
    assert_int_equal(tfcopy_pull(c, &err), 0);
    text = pretend_read(path);
    assert_non_null(strstr(text, "VAULT_ADDR=https://prod\n"));
    assert_non_null(strstr(text, "HOME=/tmp\n"));
    free(text);
    assert_int_equal(tfcopy_point(c, &target, &err), 0);
    text = pretend_read(path);
    assert_null(strstr(text, "prod"));
    assert_null(strstr(text, "s.copy"));
    assert_null(strstr(text, "HOME=/tmp\n"));
    assert_non_null(strstr(text, "/copy/home\n"));
    assert_non_null(strstr(text, "VAULT_NAMESPACE=team\n"));
    assert_non_null(strstr(text, "AWS_PROFILE=p\n"));
    free(text);
    free(path);
    closed(&p, c);
}

static void test_init_may_fail_where_nothing_else_does(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;

    (void)state;
    pretend_init(&p,
                 "init) echo 'Error: no registry' >&2; exit 1;;\n" PULLS GRAPH);
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    assert_int_equal(tfcopy_point(c, &target, &err), 0);
    closed(&p, c);
}

static void test_init_is_to_blame_for_the_next(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;

    (void)state;
    pretend_init(&p, "init) echo 'Error: no registry' >&2; exit 1;;\n" PULLS
                     "graph) echo 'Error: not initialised' >&2; exit 1;;");
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    assert_int_equal(tfcopy_point(c, &target, &err), -1);
    assert_non_null(strstr(err.text, "terraform init: "));
    assert_non_null(strstr(err.text, "no registry"));
    /* There is a state to look at all the same. */
    assert_non_null(tfcopy_state(c));
    closed(&p, c);
}

/* As Terraform does where a lock file names a provider that is not there. */
static void test_a_lock_file_keeps_no_state_back(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;
    char *text;

    (void)state;
    pretend_init(&p, "init) exit 1;;\n"
                     "state) [ -e .terraform.lock.hcl ] && exit 1; echo '" STATE
                     "';;");
    pretend_put(&p, ".terraform.lock.hcl", "locked");
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    expect_state(c, STATE "\n");
    text = module_file(c, ".terraform.lock.hcl");
    assert_string_equal(text, "locked");
    free(text);
    closed(&p, c);
}

static void test_what_cannot_be_pointed(void **state)
{
    struct pretend p;
    struct tfcopy *c;
    struct error err;

    (void)state;
    pretend_init(&p, PULLS "graph) ;;");
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    assert_int_equal(tfcopy_point(c, &target, &err), -1);
    assert_non_null(strstr(err.text, "is Vault's"));
    closed(&p, c);
    pretend_init(&p, PULLS "graph) echo '\"[root] "
                           "module.m.provider[\\\"r/h/vault\\\"]\" [x]';;");
    c = opened(&p);
    assert_int_equal(tfcopy_pull(c, &err), 0);
    assert_int_equal(tfcopy_point(c, &target, &err), -1);
    assert_non_null(strstr(err.text, "module.m configures a provider"));
    closed(&p, c);
}

static void test_what_is_not_there(void **state)
{
    struct pretend p;
    struct tfcopy *c = NULL;
    struct error err;

    (void)state;
    pretend_init(&p, "");
    p.settings.binary = "/bin/no-such-terraform";
    assert_int_equal(tfcopy_open(&p.settings, p.work, NULL, &c, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    p.settings.binary = p.binary;
    p.settings.dir = "/tmp/assay-no-such-module";
    assert_int_equal(tfcopy_open(&p.settings, p.work, NULL, &c, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_null(c);
    assert_false(file_exists(p.work));
    pretend_done(&p);
    assert_int_equal(tfcopy_close(NULL, &err), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, pretend_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_state_is_pulled),
        TEST(test_a_local_state_is_copied),
        TEST(test_no_state_anywhere),
        TEST(test_a_configured_state_asks_no_backend),
        TEST(test_what_show_printed_is_no_state_to_plan_with),
        TEST(test_another_workspace),
        TEST(test_every_provider_is_pointed_at_the_copy),
        TEST(test_the_child_is_not_led_to_the_primary),
        TEST(test_init_may_fail_where_nothing_else_does),
        TEST(test_init_is_to_blame_for_the_next),
        TEST(test_a_lock_file_keeps_no_state_back),
        TEST(test_what_cannot_be_pointed),
        TEST(test_what_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
