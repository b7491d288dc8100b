/* SPDX-License-Identifier: Apache-2.0
 *
 * What storage.h promises, asked of every driver.  A new driver is one more
 * row of `backends`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "storage/storage.h"

struct fixture {
    char dir[64];
    struct storage *storage;
};

static void open_local(struct fixture *f)
{
    struct error err = {0};
    struct storage_options o = {
        .name = "disk", .type = "local", .path = f->dir};
    assert_int_equal(storage_open(&o, &f->storage, &err), 0);
}

static const struct {
    const char *name;
    void (*open)(struct fixture *f);
} backends[] = {
    {"local", open_local},
};

static void begin(struct fixture *f, size_t backend)
{
    snprintf(f->dir, sizeof(f->dir), "/tmp/assay-storage-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    backends[backend].open(f);
}

static void end(struct fixture *f)
{
    struct error err = {0};
    storage_close(f->storage);
    assert_int_equal(file_remove_tree(f->dir, &err), 0);
}

#define EACH_BACKEND(f)                                                        \
    for (size_t b_ = 0; b_ < sizeof(backends) / sizeof(backends[0]); b_++)     \
        for (int once_ = (begin(&(f), b_), 1); once_; once_ = 0, end(&(f)))

struct seen {
    unsigned count;
    char keys[16][STORAGE_KEY_MAX];
    uint64_t sizes[16];
    unsigned stop_after;
};

static int collect(void *ctx, const char *key, const struct storage_stat *stat,
                   struct error *err)
{
    struct seen *s = ctx;
    (void)err;
    assert_true(s->count < 16);
    snprintf(s->keys[s->count], STORAGE_KEY_MAX, "%s", key);
    s->sizes[s->count++] = stat->size;
    return s->stop_after != 0 && s->count == s->stop_after ? 7 : 0;
}

static void put_text(struct storage *s, const char *key, const char *text)
{
    struct error err = {0};
    assert_int_equal(storage_put(s, key, text, strlen(text), &err), 0);
}

static void assert_content(struct storage *s, const char *key, const char *text)
{
    struct error err = {0};
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_int_equal(storage_get(s, key, &b, &err), 0);
    assert_string_equal(buf_text(&b), text);
    buf_done(&b);
}

static void test_put_and_get(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct storage_stat st;
        struct error err = {0};
        put_text(f.storage, "main/2026/11/a.json", "{\"n\":1}");
        assert_content(f.storage, "main/2026/11/a.json", "{\"n\":1}");
        assert_int_equal(
            storage_stat(f.storage, "main/2026/11/a.json", &st, &err), 0);
        assert_int_equal(st.size, 7);
        assert_true(st.modified_at > 1600000000000);
    }
}

static void test_put_never_replaces(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        put_text(f.storage, "main/2026/11/a.json", "first");
        assert_int_equal(
            storage_put(f.storage, "main/2026/11/a.json", "x", 1, &err), -1);
        assert_int_equal(err.kind, ERR_CONFLICT);
        assert_content(f.storage, "main/2026/11/a.json", "first");
    }
}

static void test_commit_never_replaces(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        /* The key appears between open and commit. */
        struct error err = {0};
        struct storage_writer *w = NULL;
        struct seen seen = {0};
        assert_int_equal(
            storage_writer_open(f.storage, "main/a.snap", &w, &err), 0);
        assert_int_equal(storage_writer_write(w, "late", 4, &err), 0);
        char path[128];
        snprintf(path, sizeof(path), "%s/main/a.snap", f.dir);
        FILE *other = fopen(path, "w");
        assert_non_null(other);
        fputs("early", other);
        fclose(other);
        assert_int_equal(storage_writer_commit(w, &err), -1);
        assert_int_equal(err.kind, ERR_CONFLICT);
        assert_content(f.storage, "main/a.snap", "early");
        assert_int_equal(storage_list(f.storage, "", collect, &seen, &err), 0);
        assert_int_equal(seen.count, 1);
        unsigned left = 99;
        assert_int_equal(storage_sweep(f.storage, &left, &err), 0);
        assert_int_equal(left, 0);
    }
}

static void test_get_has_a_ceiling(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct buf b;
        put_text(f.storage, "a", "0123456789");
        buf_init(&b, 9);
        assert_int_equal(storage_get(f.storage, "a", &b, &err), -1);
        assert_int_equal(err.kind, ERR_TOO_LARGE);
        buf_done(&b);
        buf_init(&b, 10);
        assert_int_equal(storage_get(f.storage, "a", &b, &err), 0);
        buf_done(&b);
    }
}

/* Pieces of every size across the driver's own buffer and window. */
static void test_large_object_arrives_whole(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        enum { TOTAL = 33 * 1024 * 1024 + 7 };
        struct error err = {0};
        struct storage_writer *w = NULL;
        struct storage_reader *r = NULL;
        struct storage_stat st;
        unsigned char *data = malloc(TOTAL);
        unsigned char *back = malloc(1 << 20);
        assert_non_null(data);
        assert_non_null(back);
        for (size_t i = 0; i < TOTAL; i++)
            data[i] = (unsigned char)((i * 2654435761u) >> 24);
        assert_int_equal(storage_writer_open(f.storage, "m/big.snap", &w, &err),
                         0);
        size_t step = 1;
        for (size_t at = 0; at < TOTAL;) {
            size_t n = TOTAL - at < step ? TOTAL - at : step;
            assert_int_equal(storage_writer_write(w, data + at, n, &err), 0);
            at += n;
            step = step > 900000 ? 3 : step * 2 + 1;
        }
        assert_int_equal(storage_stat(f.storage, "m/big.snap", &st, &err), -1);
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        assert_int_equal(storage_writer_commit(w, &err), 0);
        assert_int_equal(storage_reader_open(f.storage, "m/big.snap", &r, &err),
                         0);
        struct source src = storage_reader_source(r);
        assert_int_equal(src.size, TOTAL);
        for (int pass = 0; pass < 2; pass++) {
            size_t at = 0;
            size_t n = 1;
            while (n > 0) {
                assert_int_equal(src.read(src.ctx, back, 1 << 20, &n, &err), 0);
                assert_true(at + n <= TOTAL);
                assert_memory_equal(back, data + at, n);
                at += n;
            }
            assert_int_equal(at, TOTAL);
            assert_int_equal(src.rewind(src.ctx, &err), 0);
        }
        storage_reader_close(r);
        free(back);
        free(data);
    }
}

static void test_empty_object(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        put_text(f.storage, "m/empty", "");
        assert_content(f.storage, "m/empty", "");
    }
}

static void test_abort_leaves_nothing(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct storage_writer *w = NULL;
        struct seen seen = {0};
        unsigned left = 99;
        assert_int_equal(storage_writer_open(f.storage, "m/a.snap", &w, &err),
                         0);
        assert_int_equal(storage_writer_write(w, "x", 1, &err), 0);
        storage_writer_abort(w);
        storage_writer_abort(NULL);
        assert_int_equal(storage_list(f.storage, "", collect, &seen, &err), 0);
        assert_int_equal(seen.count, 0);
        assert_int_equal(storage_sweep(f.storage, &left, &err), 0);
        assert_int_equal(left, 0);
    }
}

static void test_two_writers_of_one_key(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct storage_writer *one = NULL;
        struct storage_writer *two = NULL;
        assert_int_equal(storage_writer_open(f.storage, "m/a", &one, &err), 0);
        assert_int_equal(storage_writer_open(f.storage, "m/a", &two, &err), -1);
        assert_int_equal(err.kind, ERR_CONFLICT);
        assert_int_equal(storage_writer_commit(one, &err), 0);
    }
}

static void test_sweep_removes_what_a_crash_left(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct storage_writer *w = NULL;
        struct seen seen = {0};
        unsigned removed = 0;
        put_text(f.storage, "main/2026/11/a.snap", "whole");
        assert_int_equal(
            storage_writer_open(f.storage, "main/2026/11/b.snap", &w, &err), 0);
        assert_int_equal(storage_writer_write(w, "half", 4, &err), 0);
        /* As after kill -9: the writer is never closed. */
        storage_close(f.storage);
        backends[b_].open(&f);
        assert_int_equal(storage_list(f.storage, "", collect, &seen, &err), 0);
        assert_int_equal(seen.count, 1);
        assert_int_equal(storage_sweep(f.storage, &removed, &err), 0);
        assert_int_equal(removed, 1);
        assert_content(f.storage, "main/2026/11/a.snap", "whole");
        put_text(f.storage, "main/2026/11/b.snap", "again");
        storage_writer_abort(w);
    }
}

static void test_list_is_sorted_and_filtered(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct seen all = {0};
        struct seen some = {0};
        struct seen one = {.stop_after = 2};
        put_text(f.storage, "m/2026/11/b.json", "b");
        put_text(f.storage, "m/2026/11/a.json", "aa");
        put_text(f.storage, "m/2025/01/z.json", "z");
        put_text(f.storage, "m.x/2025/01/z.json", "z");
        put_text(f.storage, "n/2025/01/z.json", "z");
        assert_int_equal(storage_list(f.storage, "", collect, &all, &err), 0);
        assert_int_equal(all.count, 5);
        for (unsigned i = 1; i < all.count; i++)
            assert_true(strcmp(all.keys[i - 1], all.keys[i]) < 0);
        assert_int_equal(
            storage_list(f.storage, "m/2026/", collect, &some, &err), 0);
        assert_int_equal(some.count, 2);
        assert_string_equal(some.keys[0], "m/2026/11/a.json");
        assert_int_equal(some.sizes[0], 2);
        assert_int_equal(storage_list(f.storage, "", collect, &one, &err), 7);
        assert_int_equal(one.count, 2);
    }
}

static void test_delete(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct storage_stat st;
        put_text(f.storage, "m/a.json", "x");
        assert_int_equal(storage_delete(f.storage, "m/a.json", &err), 0);
        assert_int_equal(storage_stat(f.storage, "m/a.json", &st, &err), -1);
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        assert_int_equal(storage_delete(f.storage, "m/a.json", &err), 0);
        assert_int_equal(storage_delete(f.storage, "no/where", &err), 0);
    }
}

static void test_missing(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct error err = {0};
        struct storage_reader *r = NULL;
        struct buf b;
        uint64_t free_bytes = 0;
        buf_init(&b, 10);
        assert_int_equal(storage_reader_open(f.storage, "m/a", &r, &err), -1);
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        assert_int_equal(storage_get(f.storage, "m", &b, &err), -1);
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        assert_int_equal(storage_free_space(f.storage, &free_bytes, &err), 0);
        assert_true(free_bytes > 0);
        buf_done(&b);
    }
}

static void test_keys_cannot_leave_the_storage(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "/",      "/a",       "a/",    "a//b",    "..",   "a/../b",
        "./a",   ".a",     "a/.b",     "a b",   "a\\b",    "a\nb", "-a",
        "a/-rf", "a.part", "m/a.part", "a%2fb", "\xc3\xa4"};
    struct fixture f;
    EACH_BACKEND(f)
    {
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            struct error err = {0};
            struct storage_writer *w = NULL;
            assert_false(storage_key_valid(bad[i]));
            assert_int_equal(storage_writer_open(f.storage, bad[i], &w, &err),
                             -1);
            assert_int_equal(err.kind, ERR_INVALID);
            assert_int_equal(storage_delete(f.storage, bad[i], &err), -1);
            assert_int_equal(err.kind, ERR_INVALID);
        }
    }
    char part[130];
    memset(part, 'a', 129);
    part[129] = '\0';
    assert_false(storage_key_valid(part));
    part[128] = '\0';
    assert_true(storage_key_valid(part));
    assert_false(storage_key_valid(NULL));
}

static void test_read_only_writes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    EACH_BACKEND(f)
    {
        struct storage_options o = {.name = "copy",
                                    .type = backends[b_].name,
                                    .path = f.dir,
                                    .read_only = true};
        struct storage *copy = NULL;
        struct error err = {0};
        unsigned removed = 0;
        put_text(f.storage, "main/2026/11/a.json", "{}");
        assert_int_equal(storage_open(&o, &copy, &err), 0);
        assert_content(copy, "main/2026/11/a.json", "{}");
        assert_int_equal(storage_put(copy, "main/b", "x", 1, &err), -1);
        assert_int_equal(err.kind, ERR_DENIED);
        assert_int_equal(storage_delete(copy, "main/2026/11/a.json", &err), -1);
        assert_int_equal(storage_sweep(copy, &removed, &err), -1);
        assert_content(f.storage, "main/2026/11/a.json", "{}");
        storage_close(copy);
        o.path = "/nonexistent/assay";
        assert_int_equal(storage_open(&o, &copy, &err), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_get),
        cmocka_unit_test(test_put_never_replaces),
        cmocka_unit_test(test_commit_never_replaces),
        cmocka_unit_test(test_get_has_a_ceiling),
        cmocka_unit_test(test_large_object_arrives_whole),
        cmocka_unit_test(test_empty_object),
        cmocka_unit_test(test_abort_leaves_nothing),
        cmocka_unit_test(test_two_writers_of_one_key),
        cmocka_unit_test(test_sweep_removes_what_a_crash_left),
        cmocka_unit_test(test_list_is_sorted_and_filtered),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_read_only_writes_nothing),
        cmocka_unit_test(test_keys_cannot_leave_the_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
