/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "jobs/seal.h"

#define KEY "0123456789abcdef0123456789abcdef"

static void test_keys_among_the_files(void **state)
{
    char path[64];
    const char *const files[] = {"/etc/passwd", path};
    struct transient_process process = {.seal_files = files,
                                        .seal_files_count = 2};
    const struct jobs_settings s = {.process = &process};
    struct proof_unsealed *u = proof_unsealed_new(NULL, 0);
    struct static_keys keys = {.bytes = NULL};
    struct error err;

    (void)state;
    assert_non_null(u);
    (void)snprintf(path, sizeof path, "/tmp/assay-seal-key.%d", (int)getpid());
    assert_int_equal(file_replace(path, KEY, 32, 0600, &err), 0);
    seal_read_statics(&s, &keys, u);
    assert_int_equal(keys.count, 1);
    assert_memory_equal(keys.bytes, KEY, 32);
    static_keys_done(&keys);
    (void)unlink(path);
    seal_read_statics(&s, &keys, u);
    assert_int_equal(keys.count, 0);
    proof_unsealed_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_among_the_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
