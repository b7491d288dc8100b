/* SPDX-License-Identifier: Apache-2.0
 *
 * The table fits the other one, and makes paths as inventories have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proof/probes.h"
#include "proof/tftypes.h"

static const struct probe *probe_of(const char *kind)
{
    for (size_t i = 0; i < probes_count; i++)
        if (strcmp(probes[i].kind, kind) == 0)
            return &probes[i];
    return NULL;
}

static void test_every_kind_is_one_of_an_inventory(void **state)
{
    (void)state;
    for (size_t i = 0; i < tftypes_count; i++) {
        const struct tftype *t = &tftypes[i];

        if (probe_of(t->kind) == NULL)
            fail_msg("%s: no inventory has a %s", t->type, t->kind);
        assert_true(text_starts(t->type, "vault_"));
    }
}

/* A member that an inventory leaves out could never be found the same. */
static void test_no_field_is_ignored_by_inventories(void **state)
{
    (void)state;
    for (size_t i = 0; i < tftypes_count; i++) {
        char *words = text_dup(tftypes[i].same == NULL ? "" : tftypes[i].same);
        const struct probe *probe = probe_of(tftypes[i].kind);
        char *rest = words, *word;

        assert_non_null(probe);
        while ((word = strsep(&rest, " ")) != NULL) {
            char *field = strchr(word, ':');

            field = field != NULL ? field + 1 : word + (*word == '#');
            if (probes_word(probe->ignore, field))
                fail_msg("%s: %s is in no inventory", tftypes[i].type, field);
        }
        free(words);
    }
}

static void test_rows_of_a_type_follow_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < tftypes_count; i++) {
        size_t rows = 0, all = 0;

        for (const struct tftype *t = tftypes_find(tftypes[i].type); t != NULL;
             t = tftypes_next(t))
            rows++;
        for (size_t k = 0; k < tftypes_count; k++)
            all += strcmp(tftypes[k].type, tftypes[i].type) == 0;
        assert_int_equal(rows, all);
    }
    assert_null(tftypes_find("vault_generic_endpoint"));
}

static void expect(const char *type, const char *json, const char *ns,
                   const char *path)
{
    struct tape *tape = tape_new();
    char text[512];
    char *got;
    struct error err;

    assert_true(text_copy(text, sizeof text, json));
    assert_int_equal(tape_parse(tape, text, strlen(text), &err), 0);
    got = tftypes_path(tftypes_find(type), tape, tape_root(tape), ns);
    if (path == NULL)
        assert_null(got);
    else
        assert_string_equal(got, path);
    free(got);
    tape_free(tape);
}

static void test_paths(void **state)
{
    (void)state;
    expect("vault_policy", "{\"name\":\"Shop\",\"namespace\":null}", NULL,
           "shop");
    expect("vault_mount", "{\"path\":\"a/b/\"}", NULL, "a/b/");
    expect("vault_auth_backend", "{\"path\":\"/corp\"}", NULL, "auth/corp/");
    expect("vault_approle_auth_backend_role",
           "{\"backend\":\"approle\",\"role_name\":\"Deploy\"}", NULL,
           "auth/approle/role/deploy");
    expect("vault_kv_secret_v2", "{\"mount\":\"kv\",\"name\":\"a/b\"}", NULL,
           "kv/a/b");
    /* Its own namespace wins over the default one. */
    expect("vault_policy", "{\"name\":\"x\",\"namespace\":\"team/\"}", "other",
           "team/x");
    expect("vault_policy", "{\"name\":\"x\"}", "other/", "other/x");
    expect("vault_policy", "{\"name\":\"x\",\"namespace\":\"\"}", NULL, "x");
    /* Without a name there is nothing to look up. */
    expect("vault_policy", "{\"name\":\"\"}", NULL, NULL);
    expect("vault_policy", "{\"name\":3}", NULL, NULL);
    expect("vault_kv_secret_v2", "{\"mount\":\"kv\"}", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_one_of_an_inventory),
        cmocka_unit_test(test_no_field_is_ignored_by_inventories),
        cmocka_unit_test(test_rows_of_a_type_follow_each_other),
        cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
