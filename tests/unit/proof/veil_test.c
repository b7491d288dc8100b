/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "proof/inventories.h"
#include "proof/veil.h"

struct fixture {
    char dir[64];
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    (void)text_copy(f->dir, sizeof f->dir, "/tmp/assay-veil-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(file_remove_tree(f->dir, &f->err), 0);
    free(f);
    return 0;
}

static char *inventory(const struct fixture *f, const char *name,
                       const char *const *lines)
{
    return inventories_write(f->dir, name,
                             &(struct inventories_spec){.lines = lines});
}

static void a_veil_hides_its_kind_and_place(void **state)
{
    struct fixture *f = *state;
    static const char *const lines[] = {
        "kv2 secret/a 1 1 1",
        "not_covered secret/metadata/x/ 0 - - kind=kv2 reason=denied",
        "not_covered sys/policies/acl 0 - - kind=policy reason=denied",
        "not_covered team/secret/metadata 0 - - kind=kv2 reason=denied",
        "not_covered transit/keys/orders 0 - - kind=transit_key",
        "not_covered team/sys/policies/acl/a 0 - - kind=password_policy",
        "not_covered dark/sys/mounts 0 - - kind=mount reason=denied",
        NULL};
    static const struct {
        const char *kind, *path;
        bool hidden;
    } cases[] = {{"kv2", "secret/x/1", true},
                 {"kv2", "secret/y/1", false},
                 {"transit_key", "transit/keys/orders", true},
                 {"transit_key", "transit/keys/bills", false},
                 {"password_policy", "team/b", true},
                 {"password_policy", "b", false},
                 {"pki_cert", "dark/pki/certs/1", true},
                 {"pki_cert", "pki/certs/1", false},
                 {"kv2", "other/x/1", false},
                 {"mount", "secret/", false},
                 {"policy", "shop", true},
                 {"policy", "team/shop", true},
                 {"kv2", "team/secret/1", true},
                 {"kv2", "teams/secret/1", false}};
    char *path = inventory(f, "r", lines);
    struct veil *v = NULL;

    assert_int_equal(veil_load(path, &v, &f->err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(veil_hides(v, cases[i].kind, cases[i].path),
                         cases[i].hidden);
    veil_free(v);
    free(path);
    path = inventory(f, "b", (const char *const[]){"kv2 secret/a 1 1 1", NULL});
    assert_int_equal(veil_load(path, &v, &f->err), 0);
    assert_false(veil_hides(v, "kv2", "secret/x/1"));
    assert_false(veil_hides(NULL, "kv2", "secret/x/1"));
    veil_free(v);
    free(path);
    assert_int_equal(veil_load("/nonexistent/x", &v, &f->err), -1);
}

static void an_unknown_engine_is_no_reason_to_doubt(void **state)
{
    (void)state;
    assert_true(
        veil_matters(inventories_record("not_covered a 0 - - reason=denied")));
    assert_true(veil_matters(inventories_record("not_covered a 0 - -")));
    assert_false(veil_matters(
        inventories_record("not_covered a 0 - - reason=unknown~engine")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_veil_hides_its_kind_and_place),
        TEST(an_unknown_engine_is_no_reason_to_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
