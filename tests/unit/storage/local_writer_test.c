/* SPDX-License-Identifier: Apache-2.0
 *
 * Every system call of the writer fails in turn; nothing may be left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/file.h"
#include "storage/storage.h"

static int calls;
static int fail_at; /* 0: never */
static int fail_with;
static bool no_renameat2;

static bool fails(void)
{
    if (++calls != fail_at)
        return false;
    errno = fail_with;
    return true;
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_sync_file_range(int fd, off_t at, off_t len, unsigned flags);
int __wrap_sync_file_range(int fd, off_t at, off_t len, unsigned flags);
int __real_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                     unsigned flags);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                     unsigned flags);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    return fails() ? -1 : __real_write(fd, data, len);
}

int __wrap_fdatasync(int fd)
{
    return fails() ? -1 : __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

int __wrap_sync_file_range(int fd, off_t at, off_t len, unsigned flags)
{
    return fails() ? -1 : __real_sync_file_range(fd, at, len, flags);
}

int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                     unsigned flags)
{
    if (no_renameat2) {
        errno = EINVAL;
        return -1;
    }
    return fails() ? -1 : __real_renameat2(from_dir, from, to_dir, to, flags);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return fails() ? -1 : __real_mkdir(path, mode);
}

static char dir[64];

static struct storage *open_storage(void)
{
    struct error err = {0};
    struct storage *s = NULL;
    snprintf(dir, sizeof(dir), "/tmp/assay-writer-XXXXXX");
    assert_non_null(mkdtemp(dir));
    struct storage_options o = {.name = "disk", .type = "local", .path = dir};
    assert_int_equal(storage_open(&o, &s, &err), 0);
    return s;
}

static void close_storage(struct storage *s)
{
    struct error err = {0};
    storage_close(s);
    assert_int_equal(file_remove_tree(dir, &err), 0);
}

static int count(void *ctx, const char *key, const struct storage_stat *stat,
                 struct error *err)
{
    (void)key;
    (void)stat;
    (void)err;
    ++*(int *)ctx;
    return 0;
}

/* 20 MiB: enough for write-back to be started and waited for. */
static int write_object(struct storage *s, struct error *err)
{
    static char block[512 * 1024];
    struct storage_writer *w = NULL;
    if (storage_writer_open(s, "main/2026/11/a.snap", &w, err) != 0)
        return -1;
    for (int i = 0; i < 40; i++)
        if (storage_writer_write(w, block, sizeof(block), err) != 0) {
            storage_writer_abort(w);
            return -1;
        }
    return storage_writer_commit(w, err);
}

static void assert_nothing_left(struct storage *s)
{
    struct error err = {0};
    unsigned left = 99;
    int objects = 0;
    assert_int_equal(storage_list(s, "", count, &objects, &err), 0);
    assert_int_equal(objects, 0);
    assert_int_equal(storage_sweep(s, &left, &err), 0);
    assert_int_equal(left, 0);
}

static int walk_failures(int with)
{
    int failures = 0;
    for (int n = 1;; n++) {
        struct storage *s = open_storage();
        struct error err = {0};
        calls = 0;
        fail_at = n;
        fail_with = with;
        int rc = write_object(s, &err);
        fail_at = 0;
        if (rc == 0) {
            close_storage(s);
            return failures;
        }
        failures++;
        assert_int_equal(err.kind, ERR_IO);
        assert_true(strlen(err.text) > 0);
        if (with == ENOSPC && strstr(err.text, "sync ") == NULL)
            assert_non_null(strstr(err.text, "disk full"));
        assert_nothing_left(s);
        close_storage(s);
    }
}

static void test_every_call_may_fail(void **state)
{
    (void)state;
    /* Directories, pieces, write-back, sync, rename, directory sync. */
    assert_true(walk_failures(EIO) > 80);
}

static void test_full_disk_is_named(void **state)
{
    (void)state;
    assert_true(walk_failures(ENOSPC) > 80);
    assert_true(walk_failures(EDQUOT) > 80);
}

static void test_write_back_not_supported_is_no_failure(void **state)
{
    (void)state;
    struct storage *s = open_storage();
    struct error err = {0};
    int n = 0;
    /* The first sync_file_range comes after 16 MiB of pieces, the first
     * three directories and their syncs. */
    for (n = 30; n < 60; n++) {
        calls = 0;
        fail_at = n;
        fail_with = ESPIPE;
        int rc = write_object(s, &err);
        fail_at = 0;
        if (rc == 0)
            break;
    }
    assert_true(n < 60);
    close_storage(s);
}

static void test_file_system_without_noreplace(void **state)
{
    (void)state;
    struct storage *s = open_storage();
    struct error err = {0};
    int objects = 0;
    no_renameat2 = true;
    assert_int_equal(write_object(s, &err), 0);
    assert_int_equal(storage_list(s, "", count, &objects, &err), 0);
    assert_int_equal(objects, 1);
    assert_int_equal(write_object(s, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
    no_renameat2 = false;
    close_storage(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_may_fail),
        cmocka_unit_test(test_full_disk_is_named),
        cmocka_unit_test(test_write_back_not_supported_is_no_failure),
        cmocka_unit_test(test_file_system_without_noreplace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
