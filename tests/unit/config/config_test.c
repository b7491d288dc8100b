/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of problem, and what a good configuration becomes. */
#include "load.h"

#include <stdio.h>
#include <string.h>

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
        cmocka_unit_test(unknown_settings_are_errors),
        cmocka_unit_test(later_settings_are_refused),
        cmocka_unit_test(restores_take_two),
        cmocka_unit_test(all_problems_at_once),
        cmocka_unit_test(problems_are_bounded),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(usable_needs_a_canary),
        cmocka_unit_test(one_storage_for_now),
        cmocka_unit_test(mounts),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
