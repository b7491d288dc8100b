/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept of a server that ran is seen by tests/system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "jobs/log_keep.h"

static char data_dir[64];

static void make(char id[ID_TEXT_MAX], int days_old)
{
    struct timespec then[2];
    char *dir;
    char *log;
    struct error err;

    id_new(id);
    log = log_keep_path(data_dir, id);
    dir = text_dup_len(log, (size_t)(strrchr(log, '/') - log));
    assert_int_equal(file_make_dirs(dir, 0700, &err), 0);
    assert_int_equal(file_replace(log, "x\n", 2, 0600, &err), 0);
    then[0].tv_sec = (time_t)(clock_now_ms() / 1000) - days_old * 24 * 3600;
    then[0].tv_nsec = 0;
    then[1] = then[0];
    assert_int_equal(utimensat(AT_FDCWD, dir, then, 0), 0);
    free(dir);
    free(log);
}

static bool is_there(const char *id)
{
    char *log = log_keep_path(data_dir, id);
    bool yes = file_exists(log);

    free(log);
    return yes;
}

static void test_old_ones_go(void **state)
{
    char first[ID_TEXT_MAX], old[ID_TEXT_MAX], last[ID_TEXT_MAX];
    char *other = text_format("%s/evidence/not-a-run", data_dir);
    struct error err;

    (void)state;
    assert_int_equal(log_keep_prune(data_dir, &err), 0); /* nothing there */
    make(first, 0);
    make(old, LOG_KEEP_DAYS + 1);
    assert_int_equal(file_make_dirs(other, 0700, &err), 0);
    assert_int_equal(log_keep_prune(data_dir, &err), 0);
    assert_true(is_there(first));
    assert_false(is_there(old));
    for (int i = 0; i < LOG_KEEP_RUNS; i++)
        make(last, LOG_KEEP_DAYS - 1);
    assert_int_equal(log_keep_prune(data_dir, &err), 0);
    assert_false(is_there(first));
    assert_true(is_there(last));
    assert_true(file_exists(other));
    free(other);
}

static void test_no_log_no_evidence(void **state)
{
    const struct transient_options o = {.product = "vault",
                                        .base_dir = data_dir};
    struct transient *t = NULL;
    char id[ID_TEXT_MAX];
    struct error err;

    (void)state;
    id_new(id);
    assert_int_equal(transient_new(&o, &t, &err), 0);
    assert_int_equal(log_keep(data_dir, id, t, &err), 0);
    assert_false(is_there(id));
    transient_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_ones_go),
        cmocka_unit_test(test_no_log_no_evidence),
    };
    int failed;

    (void)snprintf(data_dir, sizeof data_dir, "/tmp/assay-keep-XXXXXX");
    if (mkdtemp(data_dir) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(data_dir, NULL) != 0)
        failed++;
    return failed;
}
