/* SPDX-License-Identifier: Apache-2.0
 *
 * What each driver of transient clusters needs, and what they may be given. */
#include "load.h"

#include <string.h>

#define TRANSIENT(text) "{" CLUSTER ",\"transient\":{" text "}}"

static void drivers_need_their_settings(void **state)
{
    (void)state;
    assert_problem(TRANSIENT("\"driver\":\"nomad\""),
                   "transient.driver: expected one of process, terraform, "
                   "command, existing");
    assert_problem(TRANSIENT("\"driver\":\"terraform\""),
                   "transient.terraform.dir: missing");
    assert_problem(TRANSIENT("\"driver\":\"command\""),
                   "transient.command.up: missing");
    assert_problem(TRANSIENT("\"driver\":\"existing\""),
                   "transient.existing.address: missing");
    assert_problem(TRANSIENT("\"command\":{\"up\":[\"/up\"]}"),
                   "transient.command.down: missing");
    assert_problem(TRANSIENT("\"existing\":{\"address\":\"https://x\"}"),
                   "transient.existing.token_file: missing");
    assert_problem(TRANSIENT("\"auth\":{\"method\":\"approle\"}"),
                   "transient.auth.role_id_file: missing");
    assert_problem(TRANSIENT("\"terraform\":{\"vars\":{\"1x\":\"y\"}}"),
                   "transient.terraform.vars.1x: expected an object of texts");
    assert_problem(TRANSIENT("\"terraform\":{\"env\":{\"X\":[1]}}"),
                   "transient.terraform.env.X: expected an object of texts");
    assert_problem(
        TRANSIENT("\"terraform\":{\"env\":{\"TF_DATA_DIR\":\"/x\"}}"),
        "transient.terraform.env.TF_DATA_DIR: each run has");
    assert_problem("{" CLUSTER ",\"oracles\":{\"terraform\":{\"env\":"
                   "{\"TF_DATA_DIR\":\"/x\"}}}}",
                   "oracles.terraform.env.TF_DATA_DIR: each run has");
}

static void a_client_address_is_one_machines(void **state)
{
    static const char *const refused[] = {
        TRANSIENT("\"client_address\":\"vault.example\""),
        TRANSIENT("\"client_address\":\"0.0.0.0\""),
        TRANSIENT("\"client_address\":\"224.0.0.1\""),
        TRANSIENT("\"client_address\":\"10.0.0.0/8\""),
        TRANSIENT("\"client_address\":\"::1\""),
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_problem(refused[i],
                       "transient.client_address: expected the IPv4 address "
                       "of one machine");
}

static void variables_are_read_and_not_printed(void **state)
{
    static const char *const env[] = {
        "ASSAY_TRANSIENT_TERRAFORM_ENV=TOKEN=s.hidden, REGION=x=y", NULL};
    struct loaded l = load_env(
        TRANSIENT("\"driver\":\"terraform\",\"egress_blocked\":true,"
                  "\"allow_generate_root\":true,"
                  "\"auth\":{\"role_id\":\"r\"},"
                  "\"terraform\":{\"dir\":\"/\",\"timeout\":\"2m\","
                  "\"vars\":{\"size\":3,\"on\":true,\"name\":\"hidden\"}}"),
        env, false);
    const struct config_transient *t;
    struct buf out;

    (void)state;
    assert_int_equal(l.rc, 0);
    t = &l.config->transient;
    assert_int_equal(t->driver, CONFIG_DRIVER_TERRAFORM);
    assert_true(t->egress_blocked);
    assert_true(t->allow_generate_root);
    assert_int_equal(t->auth.method, CONFIG_AUTH_APPROLE);
    assert_int_equal(t->terraform.timeout_ms, 120000);
    assert_int_equal(t->terraform.vars.count, 3);
    assert_string_equal(t->terraform.vars.items[0].value, "3");
    assert_string_equal(t->terraform.vars.items[1].value, "true");
    assert_string_equal(t->terraform.vars.items[2].value, "hidden");
    assert_int_equal(t->terraform.env.count, 2);
    assert_string_equal(t->terraform.env.items[0].name, "TOKEN");
    assert_string_equal(t->terraform.env.items[0].value, "s.hidden");
    assert_string_equal(t->terraform.env.items[1].name, "REGION");
    assert_string_equal(t->terraform.env.items[1].value, "x=y");
    buf_init(&out, 64 * 1024);
    config_print(l.config, &out);
    assert_non_null(strstr(out.data, "\"TOKEN\":\"(set)\""));
    assert_null(strstr(out.data, "hidden"));
    buf_done(&out);
    config_free(l.config);
}

static void containment_is_asked_for(void **state)
{
    struct loaded l = load(TRANSIENT("\"driver\":\"terraform\","
                                     "\"terraform\":{\"dir\":\"/\"}"));

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_said(&l, "transient.egress_blocked: not asserted");
    config_free(l.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drivers_need_their_settings),
        cmocka_unit_test(a_client_address_is_one_machines),
        cmocka_unit_test(variables_are_read_and_not_printed),
        cmocka_unit_test(containment_is_asked_for),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
