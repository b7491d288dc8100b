/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "transient/server_program.h"

static char dir[64];

static void test_versions_are_read(void **state)
{
    struct server_program p = {.path = NULL};

    (void)state;
    assert_true(server_program_parse(
        "Vault v1.21.0 (abc), built 2025-11-24T04:03:25Z (cgo)\n", &p));
    assert_string_equal(p.product, "vault");
    assert_string_equal(p.version, "1.21.0");
    assert_true(server_program_parse(
        "OpenBao v2.7.2 (9e0a), committed 2026-10-26T20:32:27Z\n", &p));
    assert_string_equal(p.product, "openbao");
    assert_string_equal(p.version, "2.7.2");
    assert_true(server_program_parse("Vault v1.15.4+ent, built x\n", &p));
    assert_string_equal(p.version, "1.15.4+ent");
    assert_false(server_program_parse("Consul v1.2.3\n", &p));
    assert_false(server_program_parse("Vault v\n", &p));
    assert_false(server_program_parse("", &p));
}

static int find(const char *server, const char *product, const char *version,
                struct server_program *p, enum transient_outcome *outcome,
                struct error *err)
{
    const struct server_wanted wanted = {
        .server = server, .product = product, .version = version};

    return server_program_find(&wanted, p, outcome, err);
}

static char *script(const char *name, const char *text)
{
    char *path = text_format("%s/%s", dir, name);
    struct error err;

    assert_int_equal(file_replace(path, text, strlen(text), 0755, &err), 0);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static void test_a_program_is_found_and_asked(void **state)
{
    char *bao =
        script("bao", "#!/bin/sh\n"
                      "[ \"$1\" = version ] && echo 'OpenBao v2.7.2 (x)'\n");
    struct server_program p = {.path = NULL};
    enum transient_outcome outcome = TRANSIENT_BROKEN;
    struct error err;

    (void)state;
    setenv("PATH", dir, 1);
    assert_int_equal(find(NULL, "openbao", "2.7.2", &p, &outcome, &err), 0);
    assert_string_equal(p.path, bao);
    assert_string_equal(p.version, "2.7.2");
    server_program_done(&p);
    assert_int_equal(find(bao, "openbao", "", &p, &outcome, &err), 0);
    server_program_done(&p);
    assert_int_equal(find("", "openbao", "2.8.0", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_OLD_SERVER);
    assert_non_null(strstr(err.text, "install 2.8.0 or newer"));
    assert_int_equal(find(bao, "vault", "", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_NO_SERVER);
    assert_non_null(strstr(err.text, "a server of openbao"));
    assert_int_equal(find("", "vault", "", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_NO_SERVER);
    assert_non_null(strstr(err.text, "no \"vault\" on PATH"));
    assert_int_equal(err.kind, ERR_PRECONDITION);
    assert_int_equal(find("/nonexistent", "vault", "", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_NO_SERVER);
    free(bao);
}

static void test_enterprise_is_not_community(void **state)
{
    char *ce = script("ce", "#!/bin/sh\necho 'Vault v1.21.0 (x), built y'\n");
    char *ent =
        script("ent", "#!/bin/sh\necho 'Vault v1.21.0+ent (x), built y'\n");
    struct server_program p = {.path = NULL};
    enum transient_outcome outcome = TRANSIENT_BROKEN;
    struct error err;

    (void)state;
    assert_true(server_version_is_enterprise("1.21.0+ent.hsm"));
    assert_false(server_version_is_enterprise("1.21.0"));
    assert_false(server_version_is_enterprise("1.21.0+other"));
    assert_int_equal(find(ce, "vault", "1.20.0+ent", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_NO_SERVER);
    assert_non_null(strstr(err.text, "no Enterprise program"));
    assert_int_equal(find(ent, "vault", "1.20.0+ent", &p, &outcome, &err), 0);
    server_program_done(&p);
    assert_int_equal(find(ent, "vault", "1.20.0", &p, &outcome, &err), 0);
    server_program_done(&p);
    free(ce);
    free(ent);
}

static void test_a_program_that_is_no_server_is_refused(void **state)
{
    char *other = script("other", "#!/bin/sh\necho Consul v1\n");
    char *broken = script("broken", "#!/bin/sh\nexit 4\n");
    struct server_program p = {.path = NULL};
    enum transient_outcome outcome = TRANSIENT_BROKEN;
    struct error err;

    (void)state;
    assert_int_equal(find(other, "vault", "", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_NO_SERVER);
    assert_non_null(strstr(err.text, "neither Vault nor OpenBao"));
    assert_int_equal(find(broken, "vault", "", &p, &outcome, &err), -1);
    assert_int_equal(outcome, TRANSIENT_NO_SERVER);
    assert_non_null(strstr(err.text, "exit code 4"));
    free(other);
    free(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_are_read),
        cmocka_unit_test(test_a_program_is_found_and_asked),
        cmocka_unit_test(test_enterprise_is_not_community),
        cmocka_unit_test(test_a_program_that_is_no_server_is_refused),
    };
    int failed;

    (void)snprintf(dir, sizeof dir, "/tmp/assay-program-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(dir, NULL) != 0)
        failed++;
    return failed;
}
