/* SPDX-License-Identifier: Apache-2.0
 *
 * The fault loop: the linker's --wrap fails the n-th system call of a
 * durable write, n = 1, 2, … until the write succeeds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"

static int fail_at; /* 0: never */
static int calls;

static int fails(void)
{
    if (fail_at == 0 || ++calls != fail_at)
        return 0;
    errno = EIO;
    return 1;
}

ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_fchmod(int fd, mode_t mode);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_fchmod(int fd, mode_t mode);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (fails())
        return -1;
    /* Short writes are normal and must be survived. */
    return __real_write(fd, data, fail_at && size > 3 ? 3 : size);
}

int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    return fails() ? -1 : __real_rename(from, to);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return fails() ? -1 : __real_fchmod(fd, mode);
}

static char dir[] = "/tmp/assay-file-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int drop_dir(void **state)
{
    struct error err;

    (void)state;
    return file_remove_tree(dir, &err);
}

static void read_back(const char *path, struct buf *out)
{
    struct error err;

    buf_init(out, 100);
    assert_int_equal(file_read(path, out, &err), 0);
}

static void replaces_whole_or_not_at_all(void **state)
{
    char *path = text_format("%s/f", dir);
    char *part = text_format("%s/f.part", dir);
    struct error err;
    struct stat st;
    struct buf got;
    int rc = -1;

    (void)state;
    assert_int_equal(file_replace(path, "old", 3, 0600, &err), 0);
    for (fail_at = 1; rc != 0 && fail_at < 50; fail_at++) {
        calls = 0;
        rc = file_replace(path, "newer", 5, 0640, &err);
        read_back(path, &got);
        if (rc == 0)
            assert_string_equal(buf_text(&got), "newer");
        else if (strcmp(buf_text(&got), "newer") != 0)
            assert_string_equal(buf_text(&got), "old");
        if (rc != 0)
            assert_int_equal(err.kind, ERR_IO);
        assert_false(file_exists(part));
        buf_done(&got);
    }
    assert_int_equal(rc, 0);
    assert_true(fail_at > 6); /* the loop did fail something */
    fail_at = 0;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    free(path);
    free(part);
}

static void reads_within_the_ceiling(void **state)
{
    char *path = text_format("%s/r", dir);
    struct error err;
    struct buf b;

    (void)state;
    assert_int_equal(file_replace(path, "12345", 5, 0600, &err), 0);
    buf_init(&b, 5);
    assert_int_equal(file_read(path, &b, &err), 0);
    assert_string_equal(buf_text(&b), "12345");
    buf_done(&b);
    buf_init(&b, 4);
    assert_int_equal(file_read(path, &b, &err), -1);
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    buf_done(&b);
    buf_init(&b, 4);
    assert_int_equal(file_read("/nonexistent/x", &b, &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    buf_done(&b);
    free(path);
}

static void makes_and_removes_trees(void **state)
{
    char *top = text_format("%s/a", dir);
    char *deep = text_format("%s/a/b/c", dir);
    char *outside = text_format("%s/outside", dir);
    char *link_path = text_format("%s/a/b/link", dir);
    struct error err;

    (void)state;
    assert_int_equal(file_make_dirs(deep, 0700, &err), 0);
    assert_int_equal(file_make_dirs(deep, 0700, &err), 0);
    assert_int_equal(file_replace(outside, "x", 1, 0600, &err), 0);
    assert_int_equal(symlink(outside, link_path), 0);
    assert_int_equal(chmod(deep, 0), 0);
    assert_int_equal(file_remove_tree(top, &err), 0);
    assert_false(file_exists(top));
    assert_true(file_exists(outside));
    assert_int_equal(file_remove_tree(top, &err), 0);
    assert_int_equal(file_make_dirs(outside, 0700, &err), -1);
    free(top);
    free(deep);
    free(outside);
    free(link_path);
}

static void finds_programs(void **state)
{
    char *sh = file_find_program("sh");

    (void)state;
    assert_non_null(sh);
    assert_int_equal(sh[0], '/');
    free(sh);
    assert_null(file_find_program("no-such-program-here"));
    assert_null(file_find_program("/etc/passwd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_whole_or_not_at_all),
        cmocka_unit_test(reads_within_the_ceiling),
        cmocka_unit_test(makes_and_removes_trees),
        cmocka_unit_test(finds_programs),
    };

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
