/* SPDX-License-Identifier: Apache-2.0
 *
 * Who logs in with what, who brings it, and that none of it is told. */
#include "load.h"

#include <string.h>

#define CLUSTER_WITH(part)                                                     \
    "{\"clusters\":{\"main\":{\"address\":\"http://v\",\"auth\":{"             \
    "\"role_id\":\"r\"}," part "}}}"

static void an_approver_brings_what_restores(void **state)
{
    (void)state;
    assert_problem("{\"clusters\":{\"main\":{\"address\":\"http://v\",\"auth\":"
                   "{\"method\":\"approver\"}}}}",
                   "clusters.main.auth.method: an approver brings the "
                   "credential that restores");
    assert_problem("{" CLUSTER ",\"transient\":{\"auth\":{\"method\":"
                   "\"approver\"}}}",
                   "transient.auth.method: an approver brings");
    assert_problem(CLUSTER_WITH("\"restore_auth\":{\"method\":\"approver\","
                                "\"role_id\":\"r\",\"secret_id\":\"s\"}"),
                   "clusters.main.restore_auth: the approver brings the "
                   "credential");
    assert_problem(CLUSTER_WITH("\"restore_auth\":{\"method\":\"approle\"}"),
                   "clusters.main.restore_auth.role_id_file: missing");
}

#define SHA256                                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BREAK_GLASS(name, sha256, rest)                                        \
    "{" CLUSTER ",\"access\":{\"break_glass\":[{\"name\":\"" name "\","        \
    "\"sha256\":\"" sha256 "\"" rest "}]}}"
#define FAR ",\"expires\":\"2999-01-01T00:00:00Z\""

static void break_glass_is_looked_at_closely(void **state)
{
    (void)state;
    assert_problem(BREAK_GLASS("", SHA256, FAR),
                   "access.break_glass[0].name: expected 1 to 48 letters");
    assert_problem(BREAK_GLASS("a b", SHA256, FAR),
                   "access.break_glass[0].name: expected 1 to 48 letters");
    assert_problem(BREAK_GLASS("ann", "0123", FAR),
                   "access.break_glass[0].sha256: expected 64 lower-case");
    assert_problem(BREAK_GLASS("ann", SHA256, ""),
                   "access.break_glass[0].expires: expected a day");
    assert_problem(BREAK_GLASS("ann", SHA256, ",\"expires\":\"tomorrow\""),
                   "access.break_glass[0].expires: expected a day");
    assert_problem(BREAK_GLASS("ann", SHA256, FAR ",\"rights\":[]"),
                   "access.break_glass[0].rights: at least one");
    assert_problem(
        BREAK_GLASS("ann", SHA256, FAR ",\"rights\":[\"read\",\"root\"]"),
        "access.break_glass[0].rights[1]: expected an array of: "
        "read, operate, approve, restore");
    assert_problem(BREAK_GLASS("ann", SHA256, FAR ",\"token\":\"x\""),
                   "access.break_glass[0].token: unknown setting");
    assert_problem("{" CLUSTER ",\"access\":{\"break_glass\":["
                   "{\"name\":\"ann\",\"sha256\":\"" SHA256 "\"" FAR "},"
                   "{\"name\":\"ann\",\"sha256\":\"" SHA256 "\"" FAR "}]}}",
                   "access.break_glass[1].name: ann is there twice");
}

static void break_glass_is_read_from_the_environment_too(void **state)
{
    static const char *const env[] = {
        "VAULT_ADDR=http://v:1",
        "ASSAY_ACCESS_BREAK_GLASS_0_NAME=ann",
        "ASSAY_ACCESS_BREAK_GLASS_0_SHA256=" SHA256,
        "ASSAY_ACCESS_BREAK_GLASS_0_RIGHTS=operate,restore",
        "ASSAY_ACCESS_BREAK_GLASS_0_EXPIRES=2999-01-01T00:00:00Z",
        "ASSAY_ACCESS_BREAK_GLASS_1_NAME=bob",
        "ASSAY_ACCESS_BREAK_GLASS_1_SHA256=" SHA256,
        "ASSAY_ACCESS_BREAK_GLASS_1_EXPIRES=2001-01-01T00:00:00Z",
        NULL};
    const struct config_source source = {.env = env};
    struct config_report report;
    struct config *config = NULL;

    (void)state;
    assert_int_equal(config_load(&source, &report, &config), 0);
    assert_int_equal(config->access.break_glass_count, 2);
    assert_string_equal(config->access.break_glass[0].name, "ann");
    assert_int_equal(config->access.break_glass[0].rights.count, 2);
    assert_string_equal(config->access.break_glass[1].rights.items[0], "read");
    /* Both are odd: one is over, one never ends. */
    assert_int_equal(report.warnings, 2);
    config_free(config);
}

static void methods_need_their_credentials(void **state)
{
    (void)state;
    assert_problem("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                   "{\"method\":\"approle\"}}}}",
                   "clusters.m.auth.role_id_file: missing");
    assert_problem("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                   "{\"method\":\"kubernetes\"}}}}",
                   "clusters.m.auth.role: missing");
    assert_problem("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                   "{\"role\":\"r\"},\"client_cert_file\":\"/dev/null\"}}}",
                   "client_cert_file and client_key_file go together");
}

#define UNSEAL(settings)                                                       \
    "{\"clusters\": {\"main\": {\"address\": \"https://v:8200\","              \
    " \"auth\": {\"method\": \"approle\", \"role_id\": \"r\"},"                \
    " \"unseal\": {" settings "}}}, \"validation\": {\"await_unseal\": 0}}"

static void shares_come_from_one_place(void **state)
{
    struct loaded l = load(UNSEAL(""));

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.config->clusters[0].unseal.command.count, 0);
    assert_int_equal(l.config->validation.await_unseal_ms, 0);
    config_free(l.config);
    l = load(UNSEAL("\"command\": [\"sh\", \"-c\", \"cat a,b\"]"));
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.report.warnings, 0);
    assert_int_equal(l.config->clusters[0].unseal.command.count, 3);
    assert_string_equal(l.config->clusters[0].unseal.command.items[2],
                        "cat a,b");
    config_free(l.config);
    l = load(UNSEAL("\"command\": [\"/nonexistent/shares\"]"));
    assert_int_equal(l.rc, 0);
    assert_said(&l, "clusters.main.unseal.command: cannot run");
    config_free(l.config);
    l = load(UNSEAL("\"command\": [\"sh\"], \"key_files\": [\"/dev/null\"]"));
    assert_int_equal(l.rc, -1);
    assert_said(&l, "clusters.main.unseal: key_files or command, not both");
}

static void secrets_are_not_told(void **state)
{
    struct loaded l =
        load("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
             "{\"token\":\"hvs.topsecret\",\"secret_id\":\"alsosecret\"}}}}");
    struct buf out;

    (void)state;
    buf_init(&out, 64 * 1024);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.report.warnings, 2);
    assert_said(&l, "clusters.m.auth.token: a secret in the configuration");
    assert_false(said(&l, "topsecret"));
    config_print(l.config, &out);
    assert_non_null(strstr(buf_text(&out), "\"token\":\"(set)\""));
    assert_null(strstr(buf_text(&out), "topsecret"));
    assert_null(strstr(buf_text(&out), "alsosecret"));
    buf_done(&out);
    config_free(l.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_approver_brings_what_restores),
        cmocka_unit_test(break_glass_is_looked_at_closely),
        cmocka_unit_test(break_glass_is_read_from_the_environment_too),
        cmocka_unit_test(methods_need_their_credentials),
        cmocka_unit_test(shares_come_from_one_place),
        cmocka_unit_test(secrets_are_not_told),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
