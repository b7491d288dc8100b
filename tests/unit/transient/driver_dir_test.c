/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "transient/driver_dir.h"

static char base[] = "/tmp/assay-driver-dir-XXXXXX";

static struct json *leftovers(const struct driver_dir *d)
{
    struct json *root = NULL;
    struct error err;
    struct jsonw w;
    struct buf text;

    buf_init(&text, 1000);
    jsonw_init(&w, &text);
    jsonw_object(&w, NULL);
    driver_dir_leftovers(d, &w);
    jsonw_end_object(&w);
    assert_int_equal(json_parse(text.data, text.len, &root, &err), 0);
    buf_done(&text);
    return root;
}

static void test_it_is_found_again_and_removed(void **state)
{
    struct driver_dir d, again;
    struct json *left;
    struct stat st;
    struct error err;
    char *file;

    (void)state;
    assert_int_equal(driver_dir_choose(base, &d, &err), 0);
    assert_false(file_exists(d.path));
    left = leftovers(&d);
    assert_int_equal(driver_dir_recall(left, &again, &err), 0);
    assert_false(again.made);
    driver_dir_done(&again);
    assert_int_equal(driver_dir_make(&d, &err), 0);
    assert_int_equal(stat(d.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    /* A name is for one. */
    assert_int_equal(driver_dir_make(&d, &err), -1);
    file = driver_dir_file(&d, "x");
    assert_int_equal(file_replace(file, "", 0, 0600, &err), 0);
    assert_int_equal(driver_dir_recall(left, &again, &err), 0);
    assert_true(again.made);
    assert_string_equal(again.path, d.path);
    assert_int_equal(driver_dir_remove(&again, &err), 0);
    assert_false(file_exists(d.path));
    assert_int_equal(driver_dir_remove(&again, &err), 0);
    driver_dir_done(&again);
    driver_dir_done(&d);
    json_free(left);
    free(file);
}

static void test_somebody_elses_is_not_recalled(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"name\":\"etc\",\"dir\":\"/etc\"}",
        "{\"name\":\"x-0123456789abcdef\",\"dir\":\"/etc\"}",
        "{\"name\":\"x-0123456789abcdef\",\"dir\":\"x-0123456789abcdef\"}",
        "{\"name\":\"x-0123456789abcdeg\",\"dir\":\"/x-0123456789abcdeg\"}",
        "{\"name\":\"x-01\",\"dir\":\"/tmp/x-01\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json *root = NULL;
        struct driver_dir d;
        struct error err;

        assert_int_equal(json_parse(bad[i], strlen(bad[i]), &root, &err), 0);
        assert_int_equal(driver_dir_recall(root, &d, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        json_free(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_found_again_and_removed),
        cmocka_unit_test(test_somebody_elses_is_not_recalled),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
