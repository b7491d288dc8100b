/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of problem, and what a good configuration becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/config.h"

static const char *const no_env[] = {NULL};

static char file_path[] = "/tmp/assay-config-XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(file_path);

    (void)state;
    if (fd < 0)
        return -1;
    return close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file_path);
}

struct loaded {
    struct config *config;
    struct config_report report;
    int rc;
};

static struct loaded load_env(const char *text, const char *const *env,
                              bool dev)
{
    struct loaded l = {0};
    struct config_source source = {.env = env, .dev = dev};
    struct error err = {0};

    if (text != NULL) {
        assert_int_equal(
            file_replace(file_path, text, strlen(text), 0600, &err), 0);
        source.file = file_path;
    }
    l.rc = config_load(&source, &l.report, &l.config);
    assert_int_equal(l.rc == 0, l.report.errors == 0);
    return l;
}

static struct loaded load(const char *text)
{
    return load_env(text, no_env, false);
}

static bool said(const struct loaded *l, const char *part)
{
    for (size_t i = 0; i < l->report.kept; i++)
        if (strstr(l->report.items[i].text, part) != NULL)
            return true;
    return false;
}

static void assert_said(const struct loaded *l, const char *part)
{
    if (said(l, part))
        return;
    for (size_t i = 0; i < l->report.kept; i++)
        print_message("said: %s\n", l->report.items[i].text);
    fail_msg("nobody said: %s", part);
}

/* One problem, and this is it. */
static void assert_problem(const char *text, const char *problem)
{
    struct loaded l = load(text);

    assert_said(&l, problem);
    assert_int_equal(l.rc, -1);
    assert_int_equal(l.report.errors, 1);
    assert_null(l.config);
}

#define CLUSTER                                                                \
    "\"clusters\": {\"main\": {\"address\": \"https://v:8200\","               \
    " \"auth\": {\"method\": \"approle\", \"role_id\": \"r\"}}}"

static void full_file(void **state)
{
    struct loaded l = load(
        "{ // a comment\n"
        "\"listen\": [{\"address\": \"127.0.0.1:1\"},"
        " {\"address\": \"0.0.0.0:2\", \"tls_disable\": true}],\n"
        "\"data_dir\": \"/d\", \"drain\": \"1m30s\", /* another */\n"
        "\"clusters\": {\"main\": {\"address\": \"https://v:8200\","
        "  \"peers\": [\"https://w:8200\"], \"namespace\": \"ns\","
        "  \"auth\": {\"method\": \"approle\", \"role_id_file\": \"/r\","
        "             \"secret_id_file\": \"/s\"},"
        "  \"unseal\": {\"key_files\": [\"/1\", \"/2\"]}}},\n"
        "\"storage\": {\"disk\": {\"type\": \"local\", \"path\": \"/p\"}},\n"
        "\"transient\": {\"driver\": \"process\", \"server\": \"/usr/bin/bao\","
        "  \"isolation\": \"off\"},\n"
        "\"validation\": {\"required\": [\"intact\"],"
        "  \"rto_target\": \"15m\", \"rpo_target\": \"26h\", \"plausible\": {"
        "  \"max_drop_percent\": 30, \"min_entries\": 5, \"min_bytes\": \"1k\","
        "  \"ignore\": [\"sys/token\", \"logical/0b7e\"]}},\n"
        "\"restore\": {\"server_read_timeout\": 90,"
        "  \"upload_bytes_per_second\": \"64MiB\", \"targets\": {}},\n"
        "\"access\": {\"mount\": \"/backup/assay/\", \"namespace\": \"a/\","
        "  \"break_glass\": []},\n"
        "\"log\": {\"level\": \"debug\", \"format\": \"json\"},\n"
        "\"schedules\": {}, \"oracles\": null }");
    const struct config *c = l.config;

    (void)state;
    assert_int_equal(l.report.errors, 0);
    assert_int_equal(c->listen_count, 2);
    assert_string_equal(c->listen[1].address, "0.0.0.0:2");
    assert_true(c->listen[1].tls_disable);
    assert_string_equal(c->data_dir, "/d");
    assert_int_equal(c->drain_ms, 90000);
    assert_int_equal(c->clusters_count, 1);
    assert_string_equal(c->clusters[0].name, "main");
    assert_string_equal(c->clusters[0].peers.items[0], "https://w:8200");
    assert_int_equal(c->clusters[0].auth.method, CONFIG_AUTH_APPROLE);
    assert_string_equal(c->clusters[0].auth.secret_id_file, "/s");
    assert_int_equal(c->clusters[0].unseal.key_files.count, 2);
    assert_false(c->clusters[0].from_environment);
    assert_string_equal(c->storage[0].path, "/p");
    assert_int_equal(c->storage[0].type, CONFIG_STORAGE_LOCAL);
    assert_string_equal(c->transient.server, "/usr/bin/bao");
    assert_int_equal(c->transient.isolation, CONFIG_ISOLATION_OFF);
    assert_int_equal(c->validation.required.count, 1);
    assert_int_equal(c->validation.rto_target_ms, 15 * 60 * 1000);
    assert_int_equal(c->validation.rpo_target_ms, 26 * 3600 * 1000);
    assert_int_equal(c->validation.plausible.max_drop_percent, 30);
    assert_int_equal(c->validation.plausible.min_entries, 5);
    assert_int_equal(c->validation.plausible.min_bytes, 1024);
    assert_int_equal(c->validation.plausible.ignore.count, 2);
    assert_string_equal(c->validation.plausible.ignore.items[1],
                        "logical/0b7e");
    assert_int_equal(c->restore.server_read_timeout_ms, 90000);
    assert_int_equal(c->restore.upload_bytes_per_second, 64 << 20);
    assert_string_equal(c->access.mount, "backup/assay");
    assert_string_equal(c->access.namespace, "a");
    assert_int_equal(config_log_level(c), LOG_LEVEL_DEBUG);
    assert_int_equal(c->log.format, CONFIG_LOG_JSON);
    config_free(l.config);
}

static void defaults(void **state)
{
    struct loaded l = load("{" CLUSTER "}");
    const struct config *c = l.config;

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_string_equal(c->data_dir, "/var/lib/assay");
    assert_string_equal(c->listen[0].address, "127.0.0.1:8210");
    assert_string_equal(c->storage[0].name, "disk");
    assert_string_equal(c->storage[0].path, "/var/lib/assay/snapshots");
    assert_string_equal(c->access.mount, "assay");
    assert_int_equal(c->validation.required.count, 5);
    assert_int_equal(c->validation.rto_target_ms, 0);
    assert_int_equal(c->validation.plausible.max_drop_percent, 50);
    assert_int_equal(c->validation.plausible.min_entries, 20);
    assert_int_equal(c->validation.plausible.min_bytes, 65536);
    assert_int_equal(c->validation.plausible.ignore.count, 4);
    assert_int_equal(c->transient.isolation, CONFIG_ISOLATION_REQUIRED);
    assert_int_equal(config_log_level(c), LOG_LEVEL_INFO);
    assert_false(c->access.allow_root);
    assert_false(c->clusters[0].auth.allow_root);
    config_free(l.config);
}

static void terraform_is_an_oracle(void **state)
{
    struct loaded l =
        load("{" CLUSTER ",\"validation\":{\"oracle\":\"terraform\"},"
             "\"oracles\":{\"terraform\":{\"dir\":\"/tmp\",\"vars\":"
             "{\"size\":3},\"env\":{\"KEY\":\"s.hunter2\"}}}}");
    const struct config_oracle_terraform *t = &l.config->oracles.terraform;

    (void)state;
    assert_int_equal(l.report.errors, 0);
    assert_int_equal(l.config->validation.oracle, CONFIG_ORACLE_TERRAFORM);
    assert_string_equal(t->dir, "/tmp");
    assert_string_equal(t->vars.items[0].value, "3");
    assert_string_equal(t->env.items[0].value, "s.hunter2");
    config_free(l.config);
    assert_problem("{" CLUSTER ",\"validation\":{\"oracle\":\"terraform\"}}",
                   "oracles.terraform: set `dir`");
    assert_problem("{" CLUSTER ",\"oracles\":{\"terraform\":"
                   "{\"dir\":\"infra\"}}}",
                   "oracles.terraform.dir: expected an absolute path");
    l = load("{" CLUSTER ",\"oracles\":{\"terraform\":"
             "{\"state_file\":\"/not/there\",\"binary\":\"tofu\"}}}");
    assert_said(&l, "oracles.terraform.state_file: cannot read /not/there");
    assert_said(&l, "nothing is run without `dir`");
    assert_int_equal(l.report.errors, 0);
    config_free(l.config);
}

static void hardening_is_on_where_it_can_be(void **state)
{
    struct loaded l = load("{" CLUSTER "}");
    const struct config_hardening *h = &l.config->hardening;

    (void)state;
    assert_int_equal(l.report.errors, 0);
    assert_int_equal(h->seccomp, CONFIG_CONFINE_AUTO);
    assert_int_equal(h->landlock, CONFIG_CONFINE_AUTO);
    assert_int_equal(h->write_paths.count, 0);
    config_free(l.config);
    l = load("{" CLUSTER ",\"hardening\":{\"seccomp\":\"off\","
             "\"landlock\":\"required\",\"write_paths\":[\"/a\"]}}");
    h = &l.config->hardening;
    assert_int_equal(l.report.errors, 0);
    assert_int_equal(h->seccomp, CONFIG_CONFINE_OFF);
    assert_int_equal(h->landlock, CONFIG_CONFINE_REQUIRED);
    assert_string_equal(h->write_paths.items[0], "/a");
    config_free(l.config);
    assert_problem("{" CLUSTER ",\"hardening\":{\"write_paths\":[\"a\"]}}",
                   "hardening.write_paths: a is not an absolute path");
    assert_problem("{" CLUSTER ",\"hardening\":{\"landlock\":\"on\"}}",
                   "expected one of auto, off, required");
}

static void an_oracle_asks_for_more(void **state)
{
    struct loaded l = load("{" CLUSTER "}");

    (void)state;
    assert_int_equal(l.config->validation.oracle, CONFIG_ORACLE_NONE);
    assert_int_equal(l.config->validation.baseline, CONFIG_FALSE);
    assert_int_equal(l.config->validation.required.count, 5);
    config_free(l.config);

    l = load("{" CLUSTER ",\"validation\":{\"oracle\":\"auto\"}}");
    assert_int_equal(l.config->validation.oracle, CONFIG_ORACLE_AUTO);
    assert_int_equal(l.config->validation.baseline, CONFIG_TRUE);
    assert_int_equal(l.config->validation.required.count, 6);
    assert_string_equal(l.config->validation.required.items[5], "consistent");
    config_free(l.config);

    /* Whoever says what is required is taken at his word. */
    l = load("{" CLUSTER
             ",\"validation\":{\"oracle\":\"primary\",\"baseline\":false,"
             "\"required\":[\"intact\",\"authentic\",\"decryptable\","
             "\"restorable\",\"lossless\"]}}");
    assert_int_equal(l.config->validation.baseline, CONFIG_FALSE);
    assert_int_equal(l.config->validation.required.count, 5);
    config_free(l.config);

    assert_problem("{" CLUSTER ",\"validation\":{\"oracle\":\"baseline\","
                   "\"baseline\":false}}",
                   "the oracle is the baseline");
    assert_problem("{" CLUSTER ",\"validation\":{\"required\":[]}}",
                   "at least one check");
    l = load("{" CLUSTER ",\"validation\":{\"compare_values\":true}}");
    assert_said(&l, "only the primary has values");
    config_free(l.config);
}

static void dev_needs_nothing(void **state)
{
    struct loaded l = load_env(NULL, no_env, true);
    const struct config *c = l.config;

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_true(c->dev);
    assert_string_equal(c->data_dir, "./assay-data");
    assert_string_equal(c->listen[0].address, "127.0.0.1:8210");
    assert_string_equal(c->clusters[0].name, "main");
    assert_string_equal(c->clusters[0].address, "http://127.0.0.1:8200");
    assert_true(c->clusters[0].from_environment);
    assert_true(c->clusters[0].auth.allow_root);
    assert_true(c->access.allow_root);
    assert_int_equal(c->restore.approvals, 0);
    config_free(l.config);
}

static void wrong_values_name_the_path(void **state)
{
    (void)state;
    assert_problem(
        "{\"clusters\":{\"main\":{\"address\":\"http://v\",\"auth\":"
        "{\"method\":\"ldap\",\"token\":\"hvs.x\"}}}}",
        "clusters.main.auth.method: expected one of token, token_file, "
        "approle, kubernetes");
    assert_problem("{" CLUSTER ",\"data_dir\":7}",
                   "data_dir: expected text, got a number");
    assert_problem("{" CLUSTER ",\"drain\":\"soon\"}",
                   "drain: expected a duration from");
    assert_problem("{" CLUSTER ",\"drain\":true}",
                   "such as \"90s\", got true or false");
    assert_problem("{" CLUSTER ",\"listen\":{}}",
                   "listen: expected an array of objects, got an object");
    assert_problem("{" CLUSTER ",\"listen\":[\"127.0.0.1:1\"]}",
                   "listen[0]: expected an object, got text");
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"127.0.0.1:1\","
                   "\"tls_disable\":\"yes\"}]}",
                   "listen[0].tls_disable: expected true or false, got text");
    assert_problem("{" CLUSTER ",\"storage\":[]}",
                   "storage: expected an object, by name, got an array");
    assert_problem("{" CLUSTER
                   ",\"validation\":{\"required\":[\"lossless\",\"intakt\"]}}",
                   "validation.required[1]: expected an array of: intact, "
                   "plausible, authentic, decryptable, restorable, lossless, "
                   "consistent, usable");
    assert_problem("{" CLUSTER ",\"validation\":{\"required\":[\"intact\",1]}}",
                   "validation.required[1]: expected");
    assert_problem("{" CLUSTER ",\"validation\":{\"plausible\":"
                   "{\"max_drop_percent\":0}}}",
                   "validation.plausible.max_drop_percent: expected a whole "
                   "number from 1 to 100");
    assert_problem("{" CLUSTER ",\"validation\":{\"required\":[]}}",
                   "validation.required: at least one check");
    assert_problem("{" CLUSTER ",\"restore\":{\"upload_bytes_per_second\":"
                   "\"fast\"}}",
                   "restore.upload_bytes_per_second: expected a size");
    assert_problem("{" CLUSTER ",\"data_dir\":\"\"}", "data_dir: missing");
    assert_problem("{" CLUSTER ",\"canary\":{\"mount\":\"a//b\"}}",
                   "canary.mount: expected a path of letters");
    assert_problem("{" CLUSTER ",\"canary\":{\"mount\":\"/\"}}",
                   "canary.mount: expected a path of letters");
    assert_problem("{" CLUSTER ",\"trusted_keys\":[\"abc\"]}",
                   "trusted_keys[0]: expected an Ed25519 public key");
    assert_problem("[]", "expected an object, got an array");
    assert_problem("{" CLUSTER ",\"storage\":{\"Disk 1\":{\"path\":\"/\"}}}",
                   "storage.Disk 1: a name is");
}

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

static void unknown_settings_are_errors(void **state)
{
    (void)state;
    assert_problem("{" CLUSTER ",\"data_dri\":\"/x\"}",
                   "data_dri: unknown setting; did you mean \"data_dir\"?");
    assert_problem("{" CLUSTER ",\"access\":{\"zzzzzz\":1}}",
                   "access.zzzzzz: unknown setting");
    assert_problem("{\"clusters\":{\"main\":{\"address\":\"http://v\",\"auth\":"
                   "{\"role_id\":\"r\",\"secretid\":\"s\"}}}}",
                   "clusters.main.auth.secretid: unknown setting; did you "
                   "mean \"secret_id\"?");
}

static void later_settings_are_refused(void **state)
{
    static const char *const later[] = {
        "\"schedules\":{\"nightly\":{\"cron\":\"0 2 * * *\"}}",
        "\"retention\":{\"keep\":3}",
        "\"notify\":[1]",
        "\"restore\":{\"targets\":{\"x\":{}}}",
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        (void)snprintf(text, sizeof(text), "{" CLUSTER ",%s}", later[i]);
        assert_problem(text, "not available in this version of Assay");
    }
}

static void restores_take_two(void **state)
{
    struct loaded l;

    (void)state;
    assert_problem("{" CLUSTER ",\"restore\":{\"approvals\":0}}",
                   "restore.approvals: 0 is for -dev alone");
    assert_problem("{" CLUSTER ",\"restore\":{\"approvals\":11}}",
                   "restore.approvals: expected a whole number");
    l = load("{" CLUSTER "}");
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.config->restore.approvals, 1);
    assert_int_equal(l.config->restore.approval_ttl_ms, 60 * 60 * 1000);
    config_free(l.config);
}

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

static void all_problems_at_once(void **state)
{
    struct loaded l = load("{\"data_dri\":1,\"drain\":\"x\","
                           "\"clusters\":{\"a\":{}, \"b\":{\"address\":\"v\","
                           "\"auth\":{\"method\":\"token_file\"}}}}");

    (void)state;
    assert_int_equal(l.rc, -1);
    assert_said(&l, "data_dri");
    assert_said(&l, "drain");
    assert_said(&l, "clusters.a.address: missing");
    assert_said(&l, "clusters.a.auth.method: expected one of");
    assert_said(&l, "clusters.b.address: expected https://");
    assert_said(&l, "clusters.b.auth.token_file: missing");
    assert_int_equal(l.report.errors, 6);
}

static void problems_are_bounded(void **state)
{
    char text[4096] = "{" CLUSTER; /* the rest is zeros */
    struct loaded l = {0};

    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        size_t len = strlen(text);

        (void)snprintf(text + len, sizeof(text) - len, ",\"unknown%u\":1", i);
    }
    text[strlen(text)] = '}';
    l = load(text);
    assert_int_equal(l.report.errors, 60);
    assert_int_equal(l.report.kept, CONFIG_PROBLEMS_MAX);
}

static void bad_files(void **state)
{
    struct config_source source = {.file = "/nonexistent/assay.json",
                                   .env = no_env};
    struct config_report report;
    struct config *config = NULL;

    (void)state;
    assert_int_equal(config_load(&source, &report, &config), -1);
    assert_non_null(strstr(report.items[0].text, "/nonexistent/assay.json"));
    struct loaded l = load("{\"data_dir\": ");
    assert_int_equal(l.rc, -1);
    assert_said(&l, file_path);
}

static void listening_in_the_clear(void **state)
{
    static const char *const good[] = {"127.0.0.1:0", "127.9.9.9:80",
                                       "[::1]:8210", "localhost:8210"};
    static const char *const bad[] = {"0.0.0.0:8210",     "10.0.0.1:8210",
                                      "[::]:8210",        "example.com:80",
                                      "[2001:db8::1]:80", "128.0.0.1:1"};
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(config_is_loopback(good[i]));
        (void)snprintf(text, sizeof(text),
                       "{" CLUSTER ",\"listen\":[{\"address\":\"%s\"}]}",
                       good[i]);
        struct loaded l = load(text);
        assert_int_equal(l.rc, 0);
        config_free(l.config);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(config_is_loopback(bad[i]));
        (void)snprintf(text, sizeof(text),
                       "{" CLUSTER ",\"listen\":[{\"address\":\"%s\"}]}",
                       bad[i]);
        assert_problem(text, "tokens would travel in the clear");
    }
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"8210\"}]}",
                   "listen[0].address: expected host:port");
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"::1:8210\"}]}",
                   "listen[0].address: expected host:port");
    assert_problem("{" CLUSTER ",\"listen\":[{\"address\":\"h:70000\"}]}",
                   "listen[0].address: expected host:port");
    assert_problem("{" CLUSTER ",\"listen\":[{}]}",
                   "listen[0].address: missing");
}

#define LISTEN(text) "{" CLUSTER ",\"listen\":[{" text "}]}"
#define SOCKET "\"address\":\"unix:///run/a.sock\""
#define ANYWHERE "\"address\":\"0.0.0.0:1\""
#define HERE "\"address\":\"127.0.0.1:1\""
#define TLS ",\"tls_cert_file\":\"/c\",\"tls_key_file\":\"/k\""

static void listening_with_tls_or_on_a_socket(void **state)
{
    static const char *const good[] = {
        LISTEN(ANYWHERE TLS),
        LISTEN(HERE TLS ",\"tls_min_version\":\"tls13\""),
        LISTEN(ANYWHERE TLS ",\"tls_client_ca_file\":\"/ca\","
                            "\"tls_require_client_cert\":true"),
        LISTEN(SOCKET),
        LISTEN(SOCKET ",\"socket_mode\":\"0660\",\"socket_user\":\"root\","
                      "\"socket_group\":\"0\""),
        LISTEN(HERE ",\"x_forwarded_for_authorized_addrs\":"
                    "[\"10.0.0.0/8\",\"::1\"],"
                    "\"x_forwarded_for_hop_skips\":1"),
    };
    static const char *const bad[][2] = {
        {LISTEN(ANYWHERE ",\"tls_cert_file\":\"/c\""), "go together"},
        {LISTEN(HERE ",\"tls_key_file\":\"/k\""), "go together"},
        {LISTEN(HERE TLS ",\"tls_disable\":true"), "which one is meant"},
        {LISTEN(SOCKET TLS), "no TLS on a unix socket"},
        {LISTEN(HERE ",\"tls_client_ca_file\":\"/ca\""), "needs tls_cert_file"},
        {LISTEN(HERE ",\"tls_min_version\":\"tls13\""), "needs tls_cert_file"},
        {LISTEN(HERE TLS ",\"tls_min_version\":\"tls11\""),
         "expected one of tls12, tls13"},
        {LISTEN(HERE TLS ",\"tls_require_client_cert\":true"),
         "needs tls_client_ca_file"},
        {LISTEN(HERE ",\"socket_mode\":\"0600\""), "are for unix:///path"},
        {LISTEN(SOCKET ",\"socket_mode\":\"0680\""), "octal"},
        {LISTEN(SOCKET ",\"socket_mode\":\"1777\""), "octal"},
        {LISTEN("\"address\":\"unix://a.sock\""), "absolute path"},
        {LISTEN(HERE ",\"x_forwarded_for_authorized_addrs\":[\"10.0.0.1/8\"]"),
         "an address or a network"},
        {LISTEN(SOCKET ",\"x_forwarded_for_authorized_addrs\":[\"::1\"]"),
         "has no address"},
        {LISTEN(HERE ",\"x_forwarded_for_hop_skips\":1"),
         "needs x_forwarded_for_authorized_addrs"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct loaded l = load(good[i]);

        assert_int_equal(l.rc, 0);
        config_free(l.config);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_problem(bad[i][0], bad[i][1]);
}

static void environment_by_path(void **state)
{
    static const char *const env[] = {
        "PATH=/bin",
        "ASSAY_CLUSTERS_MAIN_ADDRESS=https://other:8200",
        "ASSAY_CLUSTERS_DR_SITE_ADDRESS=https://dr:8200",
        "ASSAY_CLUSTERS_DR_SITE_AUTH_TOKEN_FILE=/dev/null",
        "ASSAY_STORAGE_DISK_PATH=/s",
        "ASSAY_LISTEN_0_TLS_DISABLE=1",
        "ASSAY_LISTEN=0.0.0.0:1, 127.0.0.1:2",
        "ASSAY_TRANSIENT_SERVER=/opt/bao",
        "ASSAY_DATA_DIR=/dd",
        "ASSAY_DRAIN=2m",
        "ASSAY_VALIDATION_REQUIRED=intact, lossless",
        "ASSAY_LOG_LEVEL=warn",
        "ASSAY_ACCESS_MOUNT=m",
        NULL,
    };
    struct loaded l = load_env("{" CLUSTER "}", env, false);
    const struct config *c = l.config;

    (void)state;
    assert_int_equal(l.report.errors, 0);
    assert_int_equal(l.report.warnings, 0);
    assert_int_equal(c->clusters_count, 2);
    assert_string_equal(c->clusters[0].address, "https://other:8200");
    assert_string_equal(c->clusters[1].name, "dr_site");
    assert_int_equal(c->clusters[1].auth.method, CONFIG_AUTH_TOKEN_FILE);
    assert_string_equal(c->storage[0].path, "/s");
    assert_int_equal(c->listen_count, 2);
    assert_true(c->listen[0].tls_disable);
    assert_string_equal(c->listen[1].address, "127.0.0.1:2");
    assert_string_equal(c->transient.server, "/opt/bao");
    assert_string_equal(c->data_dir, "/dd");
    assert_int_equal(c->drain_ms, 120000);
    assert_int_equal(c->validation.required.count, 2);
    assert_string_equal(c->validation.required.items[1], "lossless");
    assert_int_equal(config_log_level(c), LOG_LEVEL_WARN);
    assert_string_equal(c->access.mount, "m");
    config_free(l.config);
}

static void environment_problems(void **state)
{
    static const char *const env[] = {
        "ASSAY_LOG_LEVEL=loud",
        "ASSAY_SCHEDULES_NIGHTLY_CRON=x",
        "ASSAY_DATA_DRI=/x",
        "ASSAY_TEST_VAULT=/x",
        "ASSAY_PORT=tcp://1.2.3.4:8210",
        "ASSAY_SERVICE_HOST=1.2.3.4",
        "ASSAY_CONFIG=/x",
        "ASSAY_LISTEN_5_TLS_DISABLE=1",
        NULL,
    };
    struct loaded l = load_env("{" CLUSTER "}", env, false);

    (void)state;
    assert_int_equal(l.rc, -1);
    assert_said(&l, "ASSAY_LOG_LEVEL: expected one of error, warn, info");
    assert_said(&l, "ASSAY_SCHEDULES_NIGHTLY_CRON: not available");
    assert_said(&l, "ASSAY_DATA_DRI: unknown variable, ignored; did you mean "
                    "ASSAY_DATA_DIR?");
    assert_said(&l, "ASSAY_LISTEN_5_TLS_DISABLE: unknown variable");
    assert_int_equal(l.report.errors, 2);
    assert_int_equal(l.report.warnings, 2);
}

static void vault_variables(void **state)
{
    static const char *const env[] = {
        "VAULT_ADDR=https://v:8200", "VAULT_TOKEN=hvs.secret",
        "ASSAY_UNSEAL_KEY_FILES=/dev/null,/dev/zero", NULL};
    static const char *const keys_only[] = {"ASSAY_UNSEAL_KEY_FILES=/dev/null",
                                            NULL};
    struct loaded l = load_env(NULL, env, false);

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_true(l.config->clusters[0].from_environment);
    assert_null(l.config->clusters[0].address);
    assert_int_equal(l.config->clusters[0].unseal.key_files.count, 2);
    assert_false(l.config->clusters[0].auth.allow_root);
    config_free(l.config);

    l = load_env(NULL, no_env, false);
    assert_int_equal(l.rc, -1);
    assert_said(&l, "neither VAULT_ADDR nor BAO_ADDR is set");

    l = load_env(NULL, keys_only, true);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.config->clusters[0].unseal.key_files.count, 1);
    config_free(l.config);

    l = load_env("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                 "{\"method\":\"token\"}}}}",
                 env, false);
    assert_int_equal(l.rc, 0);
    assert_string_equal(l.config->clusters[0].auth.token, "hvs.secret");
    assert_false(l.config->clusters[0].from_environment);
    config_free(l.config);

    assert_problem("{\"clusters\":{\"m\":{\"address\":\"http://v\",\"auth\":"
                   "{\"method\":\"token\"}}}}",
                   "clusters.m.auth.token: missing");
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

#define REQUIRED "\"validation\":{\"required\":[\"intact\",\"usable\"]}"

static void usable_needs_a_canary(void **state)
{
    struct loaded l = load("{" CLUSTER "," REQUIRED "}");

    (void)state;
    assert_int_equal(l.rc, 0);
    assert_said(&l, "\"usable\" cannot run without canary.mount");
    config_free(l.config);
    l = load("{" CLUSTER "," REQUIRED ",\"canary\":{\"mount\":\"/a/b/\"}}");
    assert_int_equal(l.rc, 0);
    assert_false(said(&l, "usable"));
    assert_string_equal(l.config->canary.mount, "a/b");
    config_free(l.config);
    l = load("{" CLUSTER "}");
    assert_false(said(&l, "usable"));
    assert_null(l.config->canary.mount);
    config_free(l.config);
}

static void one_storage_for_now(void **state)
{
    (void)state;
    assert_problem("{" CLUSTER ",\"storage\":{\"a\":{\"path\":\"/a\"},"
                   "\"b\":{\"path\":\"/b\"}}}",
                   "keeps archives in one place; 2 are configured");
    assert_problem("{" CLUSTER ",\"storage\":{\"a\":{}}}",
                   "storage.a.path: missing");
    assert_problem("{" CLUSTER ",\"storage\":{\"a\":{\"type\":\"s3\","
                   "\"path\":\"x\"}}}",
                   "storage.a.type: expected one of local");
}

static void mounts(void **state)
{
    (void)state;
    assert_problem("{" CLUSTER ",\"access\":{\"mount\":\"a//b\"}}",
                   "access.mount: expected a path");
    assert_problem("{" CLUSTER ",\"access\":{\"mount\":\"a b\"}}",
                   "access.mount: expected a path");
    assert_problem("{" CLUSTER ",\"access\":{\"mount\":\"/\"}}",
                   "access.mount: expected a path");
}

static void flag_beats_all(void **state)
{
    static const char *const env[] = {"ASSAY_LISTEN=127.0.0.1:1", NULL};
    struct config_source source = {
        .env = env, .dev = true, .listen = "127.0.0.1:2,[::1]:3"};
    struct config_report report;
    struct config *config = NULL;

    (void)state;
    assert_int_equal(config_load(&source, &report, &config), 0);
    assert_int_equal(config->listen_count, 2);
    assert_string_equal(config->listen[0].address, "127.0.0.1:2");
    assert_string_equal(config->listen[1].address, "[::1]:3");
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_file),
        cmocka_unit_test(defaults),
        cmocka_unit_test(terraform_is_an_oracle),
        cmocka_unit_test(hardening_is_on_where_it_can_be),
        cmocka_unit_test(an_oracle_asks_for_more),
        cmocka_unit_test(dev_needs_nothing),
        cmocka_unit_test(wrong_values_name_the_path),
        cmocka_unit_test(an_approver_brings_what_restores),
        cmocka_unit_test(break_glass_is_looked_at_closely),
        cmocka_unit_test(break_glass_is_read_from_the_environment_too),
        cmocka_unit_test(unknown_settings_are_errors),
        cmocka_unit_test(later_settings_are_refused),
        cmocka_unit_test(restores_take_two),
        cmocka_unit_test(drivers_need_their_settings),
        cmocka_unit_test(a_client_address_is_one_machines),
        cmocka_unit_test(variables_are_read_and_not_printed),
        cmocka_unit_test(containment_is_asked_for),
        cmocka_unit_test(all_problems_at_once),
        cmocka_unit_test(problems_are_bounded),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(listening_in_the_clear),
        cmocka_unit_test(listening_with_tls_or_on_a_socket),
        cmocka_unit_test(environment_by_path),
        cmocka_unit_test(environment_problems),
        cmocka_unit_test(vault_variables),
        cmocka_unit_test(methods_need_their_credentials),
        cmocka_unit_test(shares_come_from_one_place),
        cmocka_unit_test(secrets_are_not_told),
        cmocka_unit_test(usable_needs_a_canary),
        cmocka_unit_test(one_storage_for_now),
        cmocka_unit_test(mounts),
        cmocka_unit_test(flag_beats_all),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
