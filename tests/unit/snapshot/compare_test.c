/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "snapshot/compare.h"

/* "key=value;key=value" as an archive. */
static void build(struct buf *out, const char *rows, int level)
{
    struct archive_options how = {.level = level};
    struct buf state;

    buf_init(out, ARCHIVE_MAX);
    buf_init(&state, ARCHIVE_MAX);
    while (*rows != '\0') {
        size_t key = strcspn(rows, "=");
        size_t value = strcspn(rows + key + 1, ";");

        archive_entry_len(&state, rows, key, rows + key + 1, value);
        rows += key + 1 + value;
        rows += *rows == ';';
    }
    archive_build(out, &state, &how);
    buf_done(&state);
}

static void note(void *ctx, const struct snapshot_change *change)
{
    static const char marks[] = {'+', '-', '~'};
    struct buf *out = ctx;

    buf_printf(out, "%c%.*s(%d,%d)", marks[change->kind], (int)change->key_len,
               (const char *)change->key, (int)change->left_size,
               (int)change->right_size);
}

static void expect(const char *left, const char *right, const char *changes,
                   struct snapshot_comparison *out)
{
    struct buf a;
    struct buf b;
    struct buf seen;
    struct error err = {0};
    struct snapshot_compare_options options = {.changed = note, .ctx = &seen};

    buf_init(&seen, 4096);
    build(&a, left, 0);
    build(&b, right, 6);
    for (size_t step = 0; step < 20; step += 3) {
        struct archive_source from_a = {
            .data = a.data, .len = a.len, .step = step};
        struct archive_source from_b = {
            .data = b.data, .len = b.len, .step = step * 7};
        struct source l = archive_source(&from_a);
        struct source r = archive_source(&from_b);

        buf_clear(&seen);
        if (snapshot_compare(&l, &r, &options, out, &err) != 0) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(buf_text(&seen), changes);
    }
    buf_done(&a);
    buf_done(&b);
    buf_done(&seen);
}

static void finds_every_kind_of_change(void **state)
{
    struct snapshot_comparison c;

    (void)state;
    expect("a=1;b=2;c=3", "a=1;b=2;c=3", "", &c);
    assert_int_equal(c.equal, 3);
    assert_int_equal(c.added + c.removed + c.changed, 0);
    expect("a=1;b=2;c=3", "a=1;b=9;c=3", "~b(1,1)", &c);
    expect("a=1;b=2;c=3", "a=1;b=22;c=3", "~b(1,2)", &c);
    expect("a=1;b=2;c=3", "b=2;c=3", "-a(1,0)", &c);
    expect("a=1;b=2;c=3", "a=1;c=3", "-b(1,0)", &c);
    expect("a=1;b=2;c=3", "a=1;b=2", "-c(1,0)", &c);
    expect("b=2", "a=1;b=2;c=33", "+a(0,1)+c(0,2)", &c);
    expect("a=1;c=3", "b=2;d=4", "-a(1,0)+b(0,1)-c(1,0)+d(0,1)", &c);
    assert_int_equal(c.equal, 0);
    assert_int_equal(c.added, 2);
    assert_int_equal(c.removed, 2);
    assert_int_equal(c.left_entries, 2);
    assert_int_equal(c.right_entries, 2);
    /* A key that begins like another sorts before it. */
    expect("a=1;a/b=1", "a/b=1;a/bc=1", "-a(1,0)+a/bc(0,1)", &c);
    /* An empty value is a value. */
    expect("a=;b=1", "a=x;b=1", "~a(0,1)", &c);
}

/* `bad` replaces the named side; the error must name it. */
static void expect_error(bool left_bad, size_t cut, const char *sentence)
{
    struct buf a;
    struct buf b;
    struct error err = {0};
    struct snapshot_comparison out = {.equal = 77};
    struct snapshot_facts facts;
    struct snapshot_compare_options options = {.left_name = "x.snap",
                                               .left_facts = &facts};
    struct archive_source from_a;
    struct archive_source from_b;
    struct source l;
    struct source r;

    build(&a, "a=1;b=2", 6);
    build(&b, "a=1;b=2", 6);
    from_a = (struct archive_source){.data = a.data, .len = a.len};
    from_b = (struct archive_source){.data = b.data, .len = b.len};
    if (left_bad) {
        from_a.len -= cut;
    } else {
        from_b.len -= cut;
    }
    l = archive_source(&from_a);
    r = archive_source(&from_b);
    assert_int_equal(snapshot_compare(&l, &r, &options, &out, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_string_equal(err.text, sentence);
    assert_int_equal(out.equal, 77); /* untouched */
    buf_done(&a);
    buf_done(&b);
}

static void names_the_archive_that_is_bad(void **state)
{
    (void)state;
    expect_error(true, 1,
                 "x.snap: the archive is truncated: it ends inside the gzip "
                 "trailer");
    expect_error(false, 1,
                 "the right archive: the archive is truncated: it ends inside "
                 "the gzip trailer");
}

static void gives_the_facts_of_both(void **state)
{
    struct buf a;
    struct buf b;
    struct error err = {0};
    struct snapshot_comparison out;
    struct snapshot_facts left;
    struct snapshot_facts right;
    struct snapshot_compare_options options = {
        .left_facts = &left, .right_facts = &right, .digest_archives = true};
    struct archive_source from_a;
    struct archive_source from_b;
    struct source l;
    struct source r;
    char sum[DIGEST_SHA256_HEX];

    (void)state;
    build(&a, "a=1;b=2", 6);
    build(&b, "a=1", 0);
    from_a = (struct archive_source){.data = a.data, .len = a.len};
    from_b = (struct archive_source){.data = b.data, .len = b.len};
    l = archive_source(&from_a);
    r = archive_source(&from_b);
    assert_int_equal(snapshot_compare(&l, &r, &options, &out, &err), 0);
    assert_int_equal(left.entries, 2);
    assert_int_equal(left.prefix_count, 2);
    assert_int_equal(right.entries, 1);
    digest_sha256_hex(b.data, b.len, sum);
    assert_string_equal(right.sha256, sum);
    snapshot_facts_done(&left);
    snapshot_facts_done(&right);
    buf_done(&a);
    buf_done(&b);
}

static void stops_when_told_or_when_the_source_fails(void **state)
{
    struct buf a;
    struct error err = {0};
    struct snapshot_comparison out;
    struct cancel cancel = {true};
    struct snapshot_compare_options options = {.cancel = &cancel};
    struct archive_source one;
    struct archive_source two;
    struct source l;
    struct source r;

    (void)state;
    build(&a, "a=1;b=2", 6);
    one = (struct archive_source){.data = a.data, .len = a.len};
    two = one;
    l = archive_source(&one);
    r = archive_source(&two);
    assert_int_equal(snapshot_compare(&l, &r, &options, &out, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    one.at = two.at = 0;
    two.fail = true;
    assert_int_equal(snapshot_compare(&l, &r, NULL, &out, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.text, "the right archive: the cable was pulled");
    buf_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_kind_of_change),
        cmocka_unit_test(names_the_archive_that_is_bad),
        cmocka_unit_test(gives_the_facts_of_both),
        cmocka_unit_test(stops_when_told_or_when_the_source_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
