/* SPDX-License-Identifier: Apache-2.0
 *
 * A state and an inventory: outcome, coverage and findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "proof/inventories.h"
#include "proof/tflookup.h"

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PROVIDER "\"registry.terraform.io/hashicorp/vault\""
/* A resource of `show -json`. */
#define RES(type_, name_, values_)                                             \
    "{\"address\":\"" type_ "." name_                                          \
    "\",\"mode\":\"managed\",\"type\":\"" type_                                \
    "\",\"provider_name\":" PROVIDER ",\"values\":{" values_ "}}"
#define MOUNT(name_)                                                           \
    RES("vault_mount", name_,                                                  \
        "\"path\":\"" name_ "\","                                              \
        "\"type\":\"kv\"")

struct fixture {
    char dir[64];
    char *inventory, *state;
    struct tfstate *loaded;
    struct proof_result result;
    struct error err;
    const char *namespace;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-tflookup-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    proof_result_done(&f->result);
    tfstate_free(f->loaded);
    free(f->inventory);
    free(f->state);
    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f);
    return 0;
}

static const struct proof_result *run(struct fixture *f, const char *resources,
                                      const char *const *lines)
{
    static const struct inventory_key key = {.key = {1}, .id = "k"};
    char *json = text_format("{\"format_version\":\"1.0\",\"values\":"
                             "{\"root_module\":{\"resources\":[%s]}}}",
                             resources);

    f->state = text_format("%s/state", f->dir);
    assert_int_equal(file_replace(f->state, json, strlen(json), 0600, &f->err),
                     0);
    free(json);
    f->inventory = inventories_write(
        f->dir, "i", &(struct inventories_spec){.lines = lines});
    if (tfstate_load(f->state, &f->loaded, &f->err) != 0)
        fail_msg("%s", f->err.text);
    if (tflookup_run(&(struct tflookup_options){.state = f->loaded,
                                                .inventory = f->inventory,
                                                .key = &key,
                                                .namespace = f->namespace,
                                                .with = "the state"},
                     &f->result, &f->err) != 0)
        fail_msg("%s", f->err.text);
    return &f->result;
}

static void expect(const struct proof_result *r, enum proof_outcome outcome,
                   uint64_t covered, uint64_t total, const char *words)
{
    if (r->outcome != outcome || strstr(r->message, words) == NULL)
        fail_msg("%s: %s", proof_outcome_text(r->outcome), r->message);
    assert_int_equal(r->covered, covered);
    assert_int_equal(r->total, total);
}

static void finding(const struct proof_result *r, size_t i, const char *kind,
                    const char *path, const char *expected)
{
    assert_true(i < r->findings_count);
    assert_string_equal(r->findings[i].kind, kind);
    assert_string_equal(r->findings[i].path, path);
    if (expected != NULL)
        assert_string_equal(r->findings[i].expected, expected);
}

static void test_all_there(void **state)
{
    expect(run(*state,
               MOUNT("b") "," MOUNT("a") "," MOUNT("a") "," RES(
                   "vault_generic_secret", "s", "\"path\":\"a/x\""),
               LINES("mount a/ 0 - - type=kv", "mount b/ 0 - - type=kv",
                     "kv2 a/x 4 1 2", "policy p 0 - - policy=h:1")),
           PROOF_PASS, 4, 4, "compared 4 of 4 resources of the state");
}

static void test_what_is_not_as_it_says(void **state)
{
    const struct proof_result *r = run(
        *state,
        MOUNT("gone") "," MOUNT("other") "," MOUNT("right") "," RES(
            "vault_generic_secret", "s",
            "\"path\":\"a/x\"") "," RES("vault_approle_auth_backend_role", "r",
                                        "\"backend\":\"approle\",\"role_name\":"
                                        "\"r\","
                                        "\"token_ttl\":5"),
        LINES("mount other/ 0 - - type=ssh", "mount right/ 0 - - type=kv",
              "approle_role auth/approle/role/r 0 - - token_ttl=9"));

    expect(r, PROOF_FAIL, 5, 5, "4 of 5 resources are not as the state says");
    assert_int_equal(r->findings_total, 4);
    finding(r, 0, "fault_changed", "vault_approle_auth_backend_role.r",
            "approle_role:auth/approle/role/r: token_ttl 5");
    assert_string_equal(r->findings[0].found, "token_ttl 9");
    finding(r, 1, "fault_changed", "vault_mount.other",
            "mount:other/: type kv");
    finding(r, 2, "fault_missing", "vault_mount.gone", "mount:gone/: there");
    finding(r, 3, "fault_missing", "vault_generic_secret.s", NULL);
}

static void test_types_that_nobody_knows(void **state)
{
    const struct proof_result *r =
        run(*state,
            MOUNT("a") "," RES("vault_new", "x", "") "," RES(
                "vault_new", "y", "") "," RES("vault_other", "z",
                                              "") "," RES("vault_policy",
                                                          "nameless", ""),
            LINES("mount a/ 0 - - type=kv"));

    expect(r, PROOF_PASS, 1, 5,
           "4 are of types that are not known (vault_new, vault_other, "
           "vault_policy)");
    assert_int_equal(r->findings_total, 3);
    finding(r, 0, "not_covered", "vault_new", NULL);
    assert_string_equal(r->findings[0].found, "2 of a type that is not known");
}

static void test_nothing_to_compare(void **state)
{
    expect(
        run(*state, RES("vault_new", "x", ""), LINES("mount a/ 0 - - type=kv")),
        PROOF_NOT_RUN, 0, 1, "the state has nothing to compare");
}

static void test_what_a_policy_hides_is_not_missing(void **state)
{
    const struct proof_result *r =
        run(*state, MOUNT("a") "," RES("vault_policy", "p", "\"name\":\"p\""),
            LINES("mount a/ 0 - - type=kv",
                  "not_covered sys/policies/acl 0 - - kind=policy "
                  "reason=denied"));

    expect(r, PROOF_NOT_RUN, 1, 2, "policy in the snapshot hides 1");
    finding(r, 0, "not_covered", "vault_policy.p", NULL);
}

/* A path does not say which version of KV it is of. */
static void hidden_by(struct fixture *f, const char *curtain)
{
    const struct proof_result *r = run(
        f, MOUNT("a") "," RES("vault_generic_secret", "s", "\"path\":\"a/x\""),
        LINES("mount a/ 0 - - type=kv", curtain));

    expect(r, PROOF_NOT_RUN, 1, 2, "policy in the snapshot hides 1");
    finding(r, 0, "not_covered", "vault_generic_secret.s", NULL);
}

static void test_a_hidden_secret_of_kv1(void **state)
{
    hidden_by(*state, "not_covered a/ 0 - - kind=kv1 reason=denied");
}

static void test_a_hidden_secret_of_kv2(void **state)
{
    hidden_by(*state, "not_covered a/metadata/ 0 - - kind=kv2 reason=denied");
}

static void test_a_namespace_for_all(void **state)
{
    struct fixture *f = *state;

    f->namespace = "team";
    expect(run(f, MOUNT("a"), LINES("mount team/a/ 0 - - type=kv")), PROOF_PASS,
           1, 1, "");
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_all_there),
        ON(test_what_is_not_as_it_says),
        ON(test_types_that_nobody_knows),
        ON(test_nothing_to_compare),
        ON(test_what_a_policy_hides_is_not_missing),
        ON(test_a_hidden_secret_of_kv1),
        ON(test_a_hidden_secret_of_kv2),
        ON(test_a_namespace_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
