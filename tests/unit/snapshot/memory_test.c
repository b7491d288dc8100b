/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets the n-th allocation fail, n = 1, 2, …, until the whole call succeeds:
 * every failure must be reported as one, and nothing may leak (the sanitizer
 * build looks at that). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "snapshot/compare.h"
#include "snapshot/reader.h"

/* Allocations until one fails; 0: none will. */
static size_t countdown;
static size_t most; /* bytes in one allocation */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(size_t size)
{
    if (size > most) {
        most = size;
    }
    return countdown > 0 && --countdown == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails(size) ? NULL : __real_realloc(p, size);
}

static int ignore(void *ctx, const struct snapshot_entry *entry,
                  struct error *err)
{
    (void)ctx;
    (void)entry;
    (void)err;
    return 0;
}

static int read_once(const struct buf *b, struct error *err)
{
    struct snapshot_reader_options options = {.entry = ignore,
                                              .prefixes = true,
                                              .digest_archive = true,
                                              .helper_thread = true};
    struct snapshot_reader *r = snapshot_reader_new(&options);
    struct snapshot_facts facts;
    int rc = r == NULL ? error_memory(err) : 0;

    for (size_t at = 0; rc == 0 && at < b->len; at += 1000) {
        size_t left = b->len - at;

        rc = snapshot_reader_push(r, b->data + at, left < 1000 ? left : 1000,
                                  err);
    }
    if (rc == 0) {
        rc = snapshot_reader_finish(r, &facts, err);
    }
    if (rc == 0) {
        snapshot_facts_done(&facts);
    }
    snapshot_reader_free(r);
    return rc;
}

static int compare_once(const struct buf *b, struct error *err)
{
    struct archive_source one = {.data = b->data, .len = b->len};
    struct archive_source two = one;
    struct source left = archive_source(&one);
    struct source right = archive_source(&two);
    struct snapshot_facts facts;
    struct snapshot_compare_options options = {.left_facts = &facts};
    struct snapshot_comparison out;
    int rc = snapshot_compare(&left, &right, &options, &out, err);

    if (rc == 0) {
        snapshot_facts_done(&facts);
    }
    return rc;
}

static void walk(int (*once)(const struct buf *, struct error *))
{
    struct archive_options how = {.level = 6};
    struct buf state;
    struct buf b;
    char value[3000];
    size_t n = 0;
    int rc = -1;

    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    buf_init(&state, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    for (char c = 'a'; c <= 'z'; c++) {
        char key[] = {c, '/', 'k', '\0'};

        archive_entry(&state, key, value);
    }
    archive_build(&b, &state, &how);
    while (rc != 0) {
        struct error err = {0};

        n++;
        assert_in_range(n, 1, 10000);
        countdown = n;
        rc = once(&b, &err);
        if (rc != 0 && err.kind != ERR_INTERNAL) {
            countdown = 0;
            fail_msg("allocation %zu: %s", n, err.text);
        }
        if (rc == 0 && countdown == 0) {
            rc = -1; /* did without: the helper thread's slots */
        }
    }
    countdown = 0;
    assert_in_range(n, 10, 10000);
    buf_done(&state);
    buf_done(&b);
}

static void reports_every_failed_allocation_of_a_reader(void **state)
{
    (void)state;
    walk(read_once);
}

static void reports_every_failed_allocation_of_a_comparison(void **state)
{
    (void)state;
    walk(compare_once);
}

/* 20 000 prefixes and 60 MB of values: no single allocation shows it. */
static void needs_no_more_for_a_large_archive(void **state)
{
    struct archive_options how = {.level = 1};
    struct snapshot_reader_options options = {.prefixes = true};
    struct snapshot_reader *r = NULL;
    struct snapshot_facts facts;
    struct error err = {0};
    char value[3000];
    struct buf s;
    struct buf b;

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    buf_init(&s, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    for (unsigned n = 0; n < 20000; n++) {
        char key[16];
        const unsigned digits[] = {n / 10000, n / 1000 % 10, n / 100 % 10,
                                   n / 10 % 10, n % 10};

        for (size_t d = 0; d < 5; d++) {
            key[d] = (char)('0' + digits[d]);
        }
        memcpy(key + 5, "/x/y", 5);
        archive_entry(&s, key, value);
    }
    archive_build(&b, &s, &how);
    most = 0;
    r = snapshot_reader_new(&options);
    assert_non_null(r);
    assert_int_equal(snapshot_reader_push(r, b.data, b.len, &err), 0);
    assert_int_equal(snapshot_reader_finish(r, &facts, &err), 0);
    assert_int_equal(facts.entries, 20000);
    assert_int_equal(facts.prefix_count, 8193);
    snapshot_facts_done(&facts);
    snapshot_reader_free(r);
    assert_in_range(most, 64 * 1024, 512 * 1024);
    buf_done(&s);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_every_failed_allocation_of_a_reader),
        cmocka_unit_test(reports_every_failed_allocation_of_a_comparison),
        cmocka_unit_test(needs_no_more_for_a_large_archive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
