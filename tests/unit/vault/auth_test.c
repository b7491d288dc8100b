/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "vault/auth.h"

static const char *const paths[] = {"assay/backups", "assay/restores/1"};

enum { UNTOUCHED = 7 };

static int ask(struct fixture *f, const char *token, unsigned sets[2])
{
    struct vault_caller who = {.token = token};
    struct vault_capabilities asked[2];
    int rc;

    for (size_t i = 0; i < 2; i++)
        asked[i] = (struct vault_capabilities){paths[i], UNTOUCHED};
    rc = vault_capabilities_self(f->v, &who, asked, 2, &f->err);
    for (size_t i = 0; i < 2; i++)
        sets[i] = asked[i].set;
    return rc;
}

/* A batch-looking token is one that the stand-in takes without a login. */
static void capabilities_come_in_the_order_of_the_paths(void **state)
{
    struct fixture *f = *state;
    unsigned sets[2];

    standin_set(&fixture_here,
                "{\"capabilities\":{\"assay/restores/1\":[\"deny\"],"
                "\"assay/backups\":[\"update\",\"sudo\",\"novelty\"]}}");
    assert_ok(f, ask(f, "b.x", sets));
    assert_int_equal(sets[0], VAULT_CAP_UPDATE | VAULT_CAP_SUDO);
    assert_int_equal(sets[1], 0);
    assert_int_equal(
        standin_count(&fixture_here, "POST", "auth/approle/login", false), 0);
}

static void root_has_everything(void **state)
{
    struct fixture *f = *state;
    unsigned sets[2];

    assert_ok(f, ask(f, "root", sets));
    assert_int_equal(sets[0], VAULT_CAP_ROOT);
    assert_true(
        vault_capability_has(sets[0], VAULT_CAP_UPDATE | VAULT_CAP_SUDO));
    assert_true(
        vault_capability_has(VAULT_CAP_READ | VAULT_CAP_SUDO, VAULT_CAP_READ));
    assert_false(
        vault_capability_has(VAULT_CAP_READ, VAULT_CAP_READ | VAULT_CAP_SUDO));
    assert_false(vault_capability_has(0, VAULT_CAP_READ));
}

static void bad_tokens_are_denied(void **state)
{
    struct fixture *f = *state;
    unsigned sets[2];
    char *huge = malloc(20001);

    assert_fails(f, ask(f, "s.unknown", sets), ERR_DENIED);
    assert_fails(f, ask(f, "", sets), ERR_DENIED);
    assert_fails(f, ask(f, NULL, sets), ERR_DENIED);
    assert_fails(f, ask(f, "s.x\r\nX-Vault-Namespace: y", sets), ERR_DENIED);
    assert_non_null(huge);
    memset(huge, 'x', 20000);
    huge[20000] = '\0';
    assert_fails(f, ask(f, huge, sets), ERR_DENIED);
    free(huge);
    assert_int_equal(sets[0], UNTOUCHED);
}

static void trouble_is_not_a_denial(void **state)
{
    struct fixture *f = *state;
    unsigned sets[2];

    standin_set(&fixture_here, "{\"sealed\":true}");
    assert_fails(f, ask(f, "root", sets), ERR_UNAVAILABLE);
    standin_set(
        &fixture_here,
        "{\"sealed\":false,\"faults\":[\"body:path=sys/cap,text={}\"]}");
    assert_fails(f, ask(f, "root", sets), ERR_UPSTREAM);
}

static void lookup_tells_who_it_is(void **state)
{
    struct fixture *f = *state;
    struct vault_token t;

    assert_ok(f, vault_lookup_self(f->v, &(struct vault_caller){"root", ""}, &t,
                                   &f->err));
    assert_true(t.root);
    assert_string_equal(t.entity_id, "");
    assert_string_equal(t.display_name, "root");
    assert_ok(f, vault_own_token(f->v, &t, &f->err));
    assert_false(t.root);
    assert_string_equal(t.entity_id, "e");
    assert_int_equal(t.policies, 2);
    assert_string_equal(t.policy[0], "assay");
    assert_fails(f,
                 vault_lookup_self(f->v, &(struct vault_caller){"s.no", ""}, &t,
                                   &f->err),
                 ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(capabilities_come_in_the_order_of_the_paths),
        fixture_test(root_has_everything),
        fixture_test(bad_tokens_are_denied),
        fixture_test(trouble_is_not_a_denial),
        fixture_test(lookup_tells_who_it_is),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
