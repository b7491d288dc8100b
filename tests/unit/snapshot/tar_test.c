/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "snapshot/tar.h"

/* Read the tar `step` bytes a time; members go to `seen` as
 * "name[size]data|". */
static int read_tar(const struct buf *b, size_t step, struct buf *seen,
                    bool *ended, char *inside, struct error *err)
{
    struct tar *t = tar_new();
    const uint8_t *at = (const uint8_t *)b->data;
    size_t len = b->len;
    int rc = 0;

    assert_non_null(t);
    while (rc == 0 && len > 0) {
        struct span piece = {at, step < len ? step : len};
        enum tar_event event = TAR_CLOSED;

        at += piece.len;
        len -= piece.len;
        while (rc == 0 && event != TAR_MORE) {
            struct span data = {NULL, 0};

            rc = tar_next(t, &piece, &event, &data, err);
            if (rc == 0 && event == TAR_MEMBER) {
                buf_printf(seen, "%s[%" PRIu64 "]", tar_name(t), tar_size(t));
            } else if (rc == 0 && event == TAR_DATA) {
                buf_add(seen, data.data, data.len);
            } else if (rc == 0 && event == TAR_CLOSED) {
                buf_char(seen, '|');
            }
        }
    }
    *ended = tar_ended(t);
    inside[0] = '\0';
    (void)tar_inside(t, inside, 100);
    tar_free(t);
    return rc;
}

static void expect(const struct buf *b, const char *members, const char *where)
{
    static const size_t steps[] = {1, 3, 511, 512, 513, 100000};
    char inside[100];
    struct error err = {0};
    bool ended = false;
    struct buf seen;

    buf_init(&seen, ARCHIVE_MAX);
    for (size_t n = 0; n < sizeof(steps) / sizeof(steps[0]); n++) {
        buf_clear(&seen);
        if (read_tar(b, steps[n], &seen, &ended, inside, &err) != 0) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(buf_text(&seen), members);
        assert_int_equal(ended, where == NULL);
        assert_string_equal(inside, where != NULL ? where : "");
    }
    buf_done(&seen);
}

static void expect_bad(const struct buf *b, const char *sentence)
{
    char inside[100];
    struct error err = {0};
    bool ended = false;
    struct buf seen;

    buf_init(&seen, ARCHIVE_MAX);
    assert_int_equal(read_tar(b, 100, &seen, &ended, inside, &err), -1);
    assert_string_equal(err.text, sentence);
    assert_int_equal(err.kind, ERR_CORRUPT);
    buf_done(&seen);
}

/* Change the header block at `at` and make its checksum right again. */
static void patch(struct buf *b, size_t at, size_t offset, const void *data,
                  size_t len)
{
    memcpy(b->data + at + offset, data, len);
    archive_tar_fix_sum((uint8_t *)b->data + at);
}

static void reads_members_of_any_length(void **state)
{
    struct buf b;
    char big[513];

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    memset(big, 'x', sizeof(big) - 1);
    big[512] = '\0';
    archive_tar_member(&b, "one", "hello", 5);
    expect(&b, "one[5]hello|", "");
    archive_tar_member(&b, "none", "", 0);
    archive_tar_end(&b);
    expect(&b, "one[5]hello|none[0]|", NULL);
    buf_clear(&b);
    archive_tar_member(&b, "b", big, 512);
    archive_tar_end(&b);
    buf_char(&b, 'x');
    expect_bad(&b, "data follows the end of the tar");
    buf_done(&b);
}

static void knows_where_it_is(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_tar_member(&b, "one", "hello", 5);
    b.len = 512 + 3;
    expect(&b, "one[5]hel", "one after 3 of 5 bytes");
    b.len = 100;
    expect(&b, "", "a tar header");
    b.len = 0;
    archive_tar_end(&b);
    b.len = 512;
    expect(&b, "", "the end marker of the tar");
    buf_done(&b);
}

static void reads_the_forms_of_other_writers(void **state)
{
    static const char base256[12] = {(char)0x80, 0, 0, 0, 0, 0,
                                     0,          0, 0, 0, 0, 5};
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_tar_member(&b, "one", "hello", 5);
    patch(&b, 0, 124, base256, 12);
    patch(&b, 0, 156, "\0", 1);
    expect(&b, "one[5]hello|", "");
    patch(&b, 0, 124, "         5 \0", 12);
    expect(&b, "one[5]hello|", "");
    patch(&b, 0, 345, "dir", 3);
    expect(&b, "dir/one[5]hello|", "");
    patch(&b, 0, 257, "ustar  ", 7); /* GNU: no prefix there */
    expect(&b, "one[5]hello|", "");
    buf_done(&b);
}

static void pax(struct buf *b, const char *records)
{
    size_t len = strlen(records);
    size_t at = b->len;

    archive_tar_member(b, "PaxHeaders.0/x", records, len);
    patch(b, at, 156, "x", 1);
}

static void takes_size_and_path_from_pax(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    pax(&b, "30 mtime=1700000000.123456789\n9 size=5\n12 path=two\n");
    archive_tar_member(&b, "one", "hello", 5);
    patch(&b, 1024, 124, "00000000000", 11);
    archive_tar_member(&b, "three", "x", 1); /* it counts once only */
    expect(&b, "two[5]hello|three[1]x|", "");
    b.len = 1024;
    expect(&b, "", "a tar header");
    b.len = 700;
    expect(&b, "", "a tar header");
    buf_done(&b);
}

static void refuses_bad_pax_records(void **state)
{
    static const char *const bad[] = {
        "size=5\n",     "7 size=5\n",  "11 size=5\n",  "9 size=x\n",
        "99 size=5\n",  "8 size5\n",   "0 \n",         "9 size=5",
        "10 size=-5\n", "4 =\nxxxxxx", "5 size\n9999",
    };
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        buf_clear(&b);
        pax(&b, bad[n]);
        expect_bad(&b, "a pax header of the tar is malformed");
    }
    buf_clear(&b);
    pax(&b, "9 size=5\n");
    pax(&b, "9 size=5\n");
    expect_bad(&b, "a pax header of the tar is malformed");
    buf_clear(&b);
    pax(&b, "9 size=5\n");
    archive_tar_end(&b);
    expect_bad(&b, "a pax header of the tar is malformed");
    buf_done(&b);
}

static void refuses_bad_headers(void **state)
{
    static const char negative[12] = {(char)0xff, (char)0xff, 0};
    static const char vast[12] = {(char)0x80, 0, 0, 0, (char)0x80, 0};
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_tar_member(&b, "one", "hello", 5);
    b.data[3] ^= 1;
    expect_bad(&b, "a tar header has a wrong checksum");
    b.data[3] ^= 1;
    patch(&b, 0, 124, "0000000000x", 11);
    expect_bad(&b, "a tar header has a bad size");
    patch(&b, 0, 124, "\0\0\0\0\0\0\0\0\0\0\0", 12);
    expect_bad(&b, "a tar header has a bad size");
    patch(&b, 0, 124, negative, 12);
    expect_bad(&b, "a tar header has a bad size");
    patch(&b, 0, 124, vast, 12);
    expect_bad(&b, "a tar header has a bad size");
    patch(&b, 0, 124, "00000000005", 11);
    patch(&b, 0, 156, "5", 1);
    expect_bad(&b, "the tar holds something that is not a regular file");
    buf_clear(&b);
    archive_tar_end(&b);
    b.len = 512;
    archive_tar_member(&b, "one", "hello", 5);
    expect_bad(&b, "the tar goes on after a block of zeros");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members_of_any_length),
        cmocka_unit_test(knows_where_it_is),
        cmocka_unit_test(reads_the_forms_of_other_writers),
        cmocka_unit_test(takes_size_and_path_from_pax),
        cmocka_unit_test(refuses_bad_pax_records),
        cmocka_unit_test(refuses_bad_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
