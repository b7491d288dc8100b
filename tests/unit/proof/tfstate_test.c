/* SPDX-License-Identifier: Apache-2.0
 *
 * What is read out of Terraform's own files, in all their forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proof/tfstate.h"

#define PROVIDER                                                               \
    "\"provider\":\"provider[\\\"registry.terraform.io/hashicorp/vault\\\"]\""

static char path[] = "/tmp/assay-tfstate-XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* "address=name " of each, for a look at all at once. */
struct seen {
    struct tfstate *s;
    char text[1024];
    int stop_after;
};

static int see(void *ctx, const struct tfstate_resource *r, struct error *err)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);

    if (seen->stop_after-- == 0)
        return error_set(err, ERR_CANCELLED, "enough");
    snprintf(seen->text + used, sizeof seen->text - used, "%s|%s=%s ",
             r->address, r->type,
             r->attributes == NULL ? "?"
                                   : tape_get_text(tfstate_tape(seen->s),
                                                   r->attributes, "name", "-"));
    return 0;
}

static void expect(const char *text, const char *resources)
{
    struct seen seen = {.stop_after = 100};
    struct error err = {0};

    put(text);
    if (tfstate_load(path, &seen.s, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(tfstate_each(seen.s, see, &seen, &err), 0);
    assert_string_equal(seen.text, resources);
    tfstate_free(seen.s);
}

static void expect_refused(const char *text, const char *words)
{
    struct tfstate *s = NULL;
    struct error err = {0};

    put(text);
    assert_int_equal(tfstate_load(path, &s, &err), -1);
    assert_null(s);
    assert_int_equal(err.kind, ERR_INVALID);
    if (strstr(err.text, words) == NULL)
        fail_msg("%s", err.text);
    assert_null(strstr(err.text, "hunter2"));
}

static void test_a_state_file(void **state)
{
    (void)state;
    expect(
        "{\"version\":4,\"resources\":["
        "{\"mode\":\"managed\",\"type\":\"vault_policy\",\"name\":"
        "\"a\"," PROVIDER ",\"instances\":[{\"attributes\":{\"name\":\"A\"}}]},"
        "{\"module\":\"module.m\",\"mode\":\"managed\","
        "\"type\":\"vault_mount\",\"name\":\"b\"," PROVIDER
        ",\"instances\":[{\"index_key\":0,\"attributes\":{\"name\":\"B\"}},"
        "{\"index_key\":\"k\",\"attributes\":{}},"
        "{\"index_key\":\"old\",\"deposed\":\"1234\",\"attributes\":{}},"
        "{\"index_key\":2,\"attributes_flat\":{}}]},"
        "{\"mode\":\"data\",\"type\":\"vault_policy\",\"name\":\"c\"," PROVIDER
        ",\"instances\":[{\"attributes\":{}}]},"
        "{\"mode\":\"managed\",\"type\":\"aws_thing\",\"name\":\"d\","
        "\"provider\":\"provider[\\\"r/hashicorp/aws\\\"]\","
        "\"instances\":[{\"attributes\":{}}]}]}",
        "vault_policy.a|vault_policy=A "
        "module.m.vault_mount.b[0]|vault_mount=B "
        "module.m.vault_mount.b[\"k\"]|vault_mount=- "
        "module.m.vault_mount.b[2]|vault_mount=? ");
    expect("{\"version\":4,\"serial\":1,\"resources\":[]}", "");
}

#define SHOWN(address_, name_)                                                 \
    "{\"address\":\"" address_ "\",\"mode\":\"managed\","                      \
    "\"type\":\"vault_policy\","                                               \
    "\"provider_name\":\"registry.terraform.io/hashicorp/vault\","             \
    "\"values\":{\"name\":\"" name_ "\"}}"
#define MODULES                                                                \
    "{\"root_module\":{\"resources\":[" SHOWN(                                 \
        "vault_policy.a",                                                      \
        "A") "],\"child_modules\":[{\"child_modules\":[{\"resources\":"        \
             "[" SHOWN("module.x.module.y.vault_policy.b", "B") "]}]}]}}"

static void test_what_show_prints(void **state)
{
    static const char both[] = "vault_policy.a|vault_policy=A "
                               "module.x.module.y.vault_policy.b|"
                               "vault_policy=B ";

    (void)state;
    expect("{\"format_version\":\"1.0\",\"values\":" MODULES "}", both);
    expect("{\"format_version\":\"1.2\",\"planned_values\":{},"
           "\"prior_state\":{\"values\":" MODULES "}}",
           both);
    /* Of nothing. */
    expect("{\"format_version\":\"1.0\"}", "");
}

static void test_what_is_none(void **state)
{
    (void)state;
    expect_refused("", "is empty");
    expect_refused("{\"version\":4,\"x\":\"hunter2\"", "not JSON");
    expect_refused("{\"a\":\"hunter2\"}", "neither a Terraform state");
    expect_refused("[]", "neither a Terraform state");
    expect_refused("{\"version\":3,\"modules\":[]}", "version 3");
    expect_refused("{\"encrypted_data\":\"hunter2\",\"version\":4}",
                   "encrypted");
}

static void test_no_file(void **state)
{
    struct tfstate *s = NULL;
    struct error err;

    (void)state;
    assert_int_equal(tfstate_load("/tmp/assay-not-there", &s, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    tfstate_free(NULL);
}

static void test_modules_go_deep(void **state)
{
    struct tfstate *s = NULL;
    struct error err;
    char text[2048] =
        "{\"format_version\":\"1.0\",\"values\":{\"root_module\":";
    size_t used = strlen(text);

    (void)state;
    for (int i = 0; i < 20; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{\"child_modules\":[");
    for (int i = 0; i < 20; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "]}");
    snprintf(text + used, sizeof text - used, "}}");
    put(text);
    assert_int_equal(tfstate_load(path, &s, &err), 0);
    tfstate_free(s);
}

static void test_a_visitor_may_stop(void **state)
{
    struct seen seen = {.stop_after = 1};
    struct error err;

    (void)state;
    put("{\"format_version\":\"1.0\",\"values\":" MODULES "}");
    assert_int_equal(tfstate_load(path, &seen.s, &err), 0);
    assert_int_equal(tfstate_each(seen.s, see, &seen, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_string_equal(seen.text, "vault_policy.a|vault_policy=A ");
    tfstate_free(seen.s);
}

static void test_whose_provider(void **state)
{
    (void)state;
    assert_true(tfstate_is_vault("registry.terraform.io/hashicorp/vault"));
    assert_true(tfstate_is_vault("provider[\"registry.opentofu.org/hashicorp/"
                                 "vault\"].team"));
    assert_true(tfstate_is_vault("module.x.provider[\"localhost/me/vault\"]"));
    assert_false(tfstate_is_vault("registry.terraform.io/hashicorp/aws"));
    assert_false(tfstate_is_vault("r/x/vaultier"));
    assert_false(tfstate_is_vault("vault"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_state_file),
        cmocka_unit_test(test_what_show_prints),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_modules_go_deep),
        cmocka_unit_test(test_a_visitor_may_stop),
        cmocka_unit_test(test_whose_provider),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
