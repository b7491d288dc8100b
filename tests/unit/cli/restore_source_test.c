/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/restore_source.h"

#define OLD "01a21431-0000-7000-8000-000000000001"
#define MIDDLE "01a21432-0000-7000-8000-000000000002"
#define NEW "01a21433-0000-7000-8000-000000000003"

static char dir[64];

static void put(const char *key)
{
    char path[256];
    struct error err = {0};

    (void)snprintf(path, sizeof(path), "%s/%s", dir, key);
    *strrchr(path, '/') = '\0';
    assert_int_equal(file_make_dirs(path, 0700, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, key);
    assert_int_equal(file_replace(path, "x", 1, 0600, &err), 0);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/assay-source-XXXXXX");
    assert_non_null(mkdtemp(dir));
    put("main/2026/10/" OLD ".snap");
    put("main/2026/11/" MIDDLE ".snap");
    put("main/2026/11/" NEW ".snap");
    put("main/2026/11/" NEW ".json");
    put("main/2026/11/" NEW "." OLD ".json");
    put("main/notes.snap");
    return 0;
}

static int tear_down(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(file_remove_tree(dir, &err), 0);
    return 0;
}

static int find(const char *from, const char *cluster, const char *snapshot,
                struct restore_source *out, struct error *err)
{
    const struct restore_wanted wanted = {
        .from = from, .cluster = cluster, .snapshot = snapshot};

    return restore_source_find(&wanted, out, err);
}

static void the_latest_without_more_words(void **state)
{
    static const char *const words[] = {NULL, "latest"};
    struct restore_source s;
    struct error err = {0};
    char url[128];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(find(dir, NULL, words[i], &s, &err), 0);
        assert_string_equal(s.id, NEW);
        assert_string_equal(s.older, MIDDLE);
        assert_string_equal(s.cluster, "main");
        assert_int_equal(s.count, 3);
        assert_int_equal(s.created_ms, 0x01a214330000);
        assert_non_null(strstr(s.path, "/main/2026/11/" NEW ".snap"));
        restore_source_done(&s);
    }
    (void)snprintf(url, sizeof(url), "file://%s", dir);
    assert_int_equal(find(url, "main", NULL, &s, &err), 0);
    assert_string_equal(s.id, NEW);
    restore_source_done(&s);
}

static void one_by_its_id(void **state)
{
    struct restore_source s;
    struct error err = {0};

    (void)state;
    assert_int_equal(find(dir, NULL, MIDDLE, &s, &err), 0);
    assert_string_equal(s.id, MIDDLE);
    assert_string_equal(s.older, OLD);
    restore_source_done(&s);
    assert_int_equal(
        find(dir, NULL, "01a21432-0000-7000-8000-00000000000f", &s, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(find(dir, NULL, "latest-valid", &s, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void of_several_clusters_one_must_be_named(void **state)
{
    struct restore_source s;
    struct error err = {0};

    (void)state;
    put("other/2026/11/" NEW ".snap");
    assert_int_equal(find(dir, NULL, NULL, &s, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "main and other"));
    assert_int_equal(find(dir, "other", NULL, &s, &err), 0);
    assert_int_equal(s.count, 1);
    assert_string_equal(s.older, "");
    restore_source_done(&s);
    assert_int_equal(find(dir, "third", NULL, &s, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void a_file_of_its_own(void **state)
{
    struct restore_source s;
    struct error err = {0};
    char path[256];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/main/notes.snap", dir);
    assert_int_equal(find(path, NULL, NULL, &s, &err), 0);
    assert_true(id_valid(s.id));
    assert_null(s.storage);
    assert_true(s.created_ms > 1600000000000);
    restore_source_done(&s);
    assert_int_equal(find(path, NULL, "latest", &s, &err), -1);
    assert_int_equal(find(path, "main", NULL, &s, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void nothing_else(void **state)
{
    struct restore_source s;
    struct error err = {0};
    struct stat st;

    (void)state;
    assert_int_equal(find("s3://bucket/prefix", NULL, NULL, &s, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(find("/dev/null", NULL, NULL, &s, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(find("/nonexistent/assay", NULL, NULL, &s, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    /* It is not made, either. */
    assert_int_equal(stat("/nonexistent/assay", &st), -1);
}

static void a_list_has_all_of_them(void **state)
{
    const struct restore_wanted all = {.from = dir};
    const struct restore_wanted one = {.from = dir, .cluster = "other"};
    const struct restore_wanted file = {.from = "/dev/null"};
    struct error err = {0};
    struct buf out;

    (void)state;
    put("other/2026/11/" NEW ".snap");
    buf_init(&out, 4096);
    assert_int_equal(restore_source_list(&all, &out, &err), 0);
    assert_non_null(strstr(buf_text(&out), OLD "  2026-"));
    assert_non_null(strstr(buf_text(&out), MIDDLE));
    assert_non_null(strstr(buf_text(&out), "  main\n"));
    assert_non_null(strstr(buf_text(&out), "  other\n"));
    buf_done(&out);
    buf_init(&out, 4096);
    assert_int_equal(restore_source_list(&one, &out, &err), 0);
    assert_null(strstr(buf_text(&out), "main"));
    assert_int_equal(strcspn(buf_text(&out), "\n") + 1, out.len);
    assert_int_equal(restore_source_list(&file, &out, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_latest_without_more_words, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_by_its_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_several_clusters_one_must_be_named,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_has_all_of_them, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
