/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "snapshot/identity.h"

static void add(struct identity *i, const char *key)
{
    identity_add_key(i, key, strlen(key));
}

static void test_the_newest_version_counts(void **state)
{
    struct identity i = {.rows = false};

    (void)state;
    add(&i, "core/versions/1.9.3");
    add(&i, "core/versions/1.21.0");
    add(&i, "core/versions/1.20.5");
    add(&i, "logical/core/versions/3.0.0");
    add(&i, "core/versions/");
    assert_string_equal(i.version, "1.21.0");
}

static void test_what_is_no_text_is_no_version(void **state)
{
    struct identity i = {.rows = false};
    char key[256];

    (void)state;
    identity_add_key(&i, "core/versions/9\xff", 16);
    memset(key, '9', sizeof(key));
    memcpy(key, "core/versions/", strlen("core/versions/"));
    identity_add_key(&i, key, sizeof(key));
    assert_string_equal(i.version, "");
}

static const char *product(const char *version, const char *mark)
{
    struct identity i = {.rows = false};

    add(&i, version);
    add(&i, mark);
    return identity_product(&i);
}

static void test_products(void **state)
{
    (void)state;
    assert_string_equal(product("core/versions/1.21.0", "core/mounts"),
                        "vault");
    assert_string_equal(
        product("core/versions/2.7.2",
                "core/mounts/0b4e2efa-319f-e720-2f4d-c2cbecbcf757"),
        "openbao");
    assert_string_equal(product("core/versions/2.0.0", "core/initialize-lock"),
                        "openbao");
    /* A table, and a number that both may have by now. */
    assert_string_equal(product("core/versions/2.0.0", "core/mounts"), "");
    assert_string_equal(product("core/auth", "core/mounts"), "");
}

static void test_info(void **state)
{
    static const char good[] = "{\"name\":\"n\",\"id\":\"i\"}";
    static const char bad[] = "{\"name\":\"n\"}";
    struct identity i = {.rows = false};
    struct json *root = NULL;
    struct error err = {0};

    (void)state;
    assert_int_equal(json_parse(bad, strlen(bad), &root, &err), 0);
    assert_false(identity_add_info(&i, root));
    json_free(root);
    assert_int_equal(json_parse(good, strlen(good), &root, &err), 0);
    assert_true(identity_add_info(&i, root));
    json_free(root);
    assert_string_equal(i.cluster_id, "i");
    assert_string_equal(i.cluster_name, "n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_version_counts),
        cmocka_unit_test(test_what_is_no_text_is_no_version),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_info),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
