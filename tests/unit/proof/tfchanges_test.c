/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans, and what follows from them.  As Terraform 1.11 and the provider 5.6
 * print them, shortened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "proof/tfchanges.h"

#define ADDRESS "http://127.0.0.1:1234"
#define OURS "\"provider_name\":\"registry.terraform.io/hashicorp/vault\","
#define THEIRS "\"provider_name\":\"registry.terraform.io/hashicorp/aws\","
#define CHANGE(provider_, address_, actions_, before_, after_)                 \
    "{\"mode\":\"managed\"," provider_ "\"address\":\"" address_               \
    "\",\"change\":{\"actions\":[" actions_ "],\"before\":" before_            \
    ",\"after\":" after_ "}}"
#define SAME(address_)                                                         \
    CHANGE(OURS, address_, "\"no-op\"", "{\"a\":\"hunter2\"}",                 \
           "{\"a\":\"hunter2\"}")
#define CREATE "\"create\""
#define UPDATE "\"update\""
#define DELETE "\"delete\""
#define REPLACE "\"delete\",\"create\""
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE ((const char *const[]){NULL})
#define POINTED                                                                \
    "\"vault\":{\"full_name\":\"registry.terraform.io/hashicorp/vault\","      \
    "\"expressions\":{\"address\":{\"constant_value\":\"" ADDRESS "\"}}}"

struct fixture {
    struct proof_result r;
    struct error err;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    proof_result_done(&f->r);
    free(f);
    return 0;
}

static int judge(struct fixture *f, const char *json)
{
    static const struct tfchanges_options o = {.address = ADDRESS,
                                               .with = "the code"};
    char *copy = text_dup(json);
    int rc = tfchanges_judge(&o, copy, strlen(copy), &f->r, &f->err);

    free(copy);
    return rc;
}

/* "a,b,c" */
static char *joined(const char *const *items)
{
    struct buf b;
    char *out;

    buf_init(&b, 64 * 1024);
    buf_str(&b, "");
    for (size_t i = 0; items[i] != NULL; i++)
        buf_printf(&b, "%s%s", i > 0 ? "," : "", items[i]);
    out = buf_take(&b);
    buf_done(&b);
    return out;
}

static const struct proof_result *of(void **state, const char *const *drift,
                                     const char *const *changes,
                                     const char *const *providers)
{
    struct fixture *f = *state;
    char *d = joined(drift), *c = joined(changes), *p = joined(providers);
    char *json = text_format("{\"format_version\":\"1.2\","
                             "\"resource_drift\":[%s],"
                             "\"resource_changes\":[%s],\"configuration\":"
                             "{\"provider_config\":{%s}}}",
                             d, c, p);

    if (judge(f, json) != 0)
        fail_msg("%s", f->err.text);
    free(json);
    free(d);
    free(c);
    free(p);
    for (size_t i = 0; i < f->r.findings_count; i++)
        assert_null(strstr(f->r.findings[i].found, "hunter2"));
    return &f->r;
}

static void expect(const struct proof_result *r, enum proof_outcome outcome,
                   uint64_t covered, const char *words)
{
    if (r->outcome != outcome || strstr(r->message, words) == NULL)
        fail_msg("%s: %s", proof_outcome_text(r->outcome), r->message);
    assert_int_equal(r->covered, covered);
}

static void finding(const struct proof_result *r, size_t i, const char *kind,
                    const char *path, const char *found)
{
    assert_true(i < r->findings_count);
    assert_string_equal(r->findings[i].kind, kind);
    assert_string_equal(r->findings[i].path, path);
    assert_string_equal(r->findings[i].found, found);
}

static void test_nothing_to_change(void **state)
{
    expect(of(state, NONE,
              LIST(SAME("vault_policy.a"), SAME("vault_policy.b"),
                   CHANGE(THEIRS, "aws_x.y", UPDATE, "{\"a\":1}", "{\"a\":2}")),
              LIST(POINTED)),
           PROOF_PASS, 2, "compared 2 resources with the code");
}

static void test_what_was_lost_is_a_fault(void **state)
{
    const struct proof_result *r =
        of(state,
           LIST(CHANGE(OURS, "vault_policy.gone", DELETE, "{\"policy\":\"p\"}",
                       "null"),
                CHANGE(OURS, "vault_role.weak", UPDATE,
                       "{\"ttl\":5,\"policies\":[\"a\"],\"id\":\"hunter2\"}",
                       "{\"ttl\":9,\"policies\":[\"a\"],\"id\":\"hunter3\"}")),
           LIST(CHANGE(OURS, "vault_policy.gone", CREATE, "null",
                       "{\"policy\":\"p\"}"),
                CHANGE(OURS, "vault_role.weak", UPDATE,
                       "{\"ttl\":9,\"policies\":[\"a\"],\"id\":\"x\"}",
                       "{\"ttl\":5,\"policies\":[\"a\"],\"id\":\"x\"}"),
                SAME("vault_policy.b")),
           LIST(POINTED));

    expect(r, PROOF_FAIL, 3,
           "2 of 3 resources of the code are not as Terraform last saw them "
           "(the first: vault_policy.gone)");
    assert_non_null(strstr(r->message, "applied after the snapshot"));
    finding(r, 0, "fault_missing", "vault_policy.gone", "create: not there");
    finding(r, 1, "fault_changed", "vault_role.weak", "update: ttl");
}

static void test_code_that_was_never_applied_is_drift(void **state)
{
    const struct proof_result *r =
        of(state,
           /* What the first refresh turns from null into [] is no drift. */
           LIST(CHANGE(OURS, "vault_mount.kv", UPDATE,
                       "{\"description\":\"\",\"headers\":null}",
                       "{\"description\":\"\",\"headers\":[]}")),
           LIST(CHANGE(OURS, "vault_mount.kv", UPDATE,
                       "{\"description\":\"\",\"headers\":[]}",
                       "{\"description\":\"new\",\"headers\":[]}"),
                CHANGE(OURS, "vault_mount.new", CREATE, "null",
                       "{\"path\":\"new\"}"),
                CHANGE(OURS, "vault_mount.old", DELETE, "{\"path\":\"old\"}",
                       "null")),
           LIST(POINTED));

    expect(r, PROOF_DRIFT, 3, "3 changes of the code have not been applied");
    finding(r, 0, "drift_changed", "vault_mount.kv", "update: description");
    finding(r, 1, "drift_missing", "vault_mount.new", "create");
    finding(r, 2, "drift_added", "vault_mount.old", "delete");
}

static void test_a_replacement_is_named(void **state)
{
    const struct proof_result *r =
        of(state,
           LIST(CHANGE(OURS, "vault_mount.kv", UPDATE, "{\"type\":\"kv\"}",
                       "{\"type\":\"ssh\"}")),
           LIST(CHANGE(OURS, "vault_mount.kv", REPLACE, "{\"type\":\"ssh\"}",
                       "{\"type\":\"kv\"}")),
           LIST(POINTED));

    expect(r, PROOF_FAIL, 1, "1 of 1 resources");
    finding(r, 0, "fault_changed", "vault_mount.kv", "delete,create: type");
}

static void test_a_provider_that_was_asked_elsewhere(void **state)
{
    expect(of(state, NONE, LIST(SAME("vault_policy.a")),
              LIST(POINTED, "\"vault.two\":{\"full_name\":"
                            "\"registry.terraform.io/hashicorp/vault\","
                            "\"expressions\":{\"address\":{\"constant_value\":"
                            "\"https://prod.example:8200\"}}}")),
           PROOF_NOT_RUN, 0, "provider configuration vault.two");
}

static void test_one_without_an_address(void **state)
{
    expect(of(state, NONE, LIST(SAME("vault_policy.a")),
              LIST("\"hv\":{\"full_name\":"
                   "\"registry.terraform.io/hashicorp/vault\"}")),
           PROOF_NOT_RUN, 0, "provider configuration hv");
}

static void test_nothing_of_vault(void **state)
{
    expect(of(state, NONE,
              LIST(CHANGE(THEIRS, "aws_x.y", "\"no-op\"", "{}", "{}")), NONE),
           PROOF_NOT_RUN, 0, "nothing in the code is Vault's");
}

static void test_what_is_no_plan(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(judge(f, "{\"hunter2\":1}"), -1);
    assert_int_equal(f->err.kind, ERR_INVALID);
    assert_int_equal(judge(f, "{\"hunter2"), -1);
    assert_null(strstr(f->err.text, "hunter2"));
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_nothing_to_change),
        ON(test_what_was_lost_is_a_fault),
        ON(test_code_that_was_never_applied_is_drift),
        ON(test_a_replacement_is_named),
        ON(test_a_provider_that_was_asked_elsewhere),
        ON(test_one_without_an_address),
        ON(test_nothing_of_vault),
        ON(test_what_is_no_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
