/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/key.h"
#include "base/file.h"
#include "store/store.h"

static void is_made_once(void **state)
{
    char dir[] = "/tmp/assay-key-XXXXXX";
    char path[64];
    uint8_t first[ACCESS_KEY_SIZE] = {0};
    uint8_t again[ACCESS_KEY_SIZE] = {0};
    const uint8_t zero[ACCESS_KEY_SIZE] = {0};
    struct error err = {0};
    struct store *s;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/assay.db", dir);
    assert_int_equal(store_open(path, &s, &err), 0);
    assert_int_equal(access_key_load(s, first, &err), 0);
    assert_memory_not_equal(first, zero, sizeof(zero));
    store_close(s);
    assert_int_equal(store_open(path, &s, &err), 0);
    assert_int_equal(access_key_load(s, again, &err), 0);
    assert_memory_equal(first, again, sizeof(again));
    assert_int_equal(store_meta_set(s, "access_key", "short", &err), 0);
    assert_int_equal(access_key_load(s, again, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    store_close(s);
    assert_int_equal(file_remove_tree(dir, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
