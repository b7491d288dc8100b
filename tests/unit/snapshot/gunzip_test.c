/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "archive.h"
#include "snapshot/gunzip.h"

/* `step` bytes in a time. */
static int expand(const struct buf *b, size_t step, struct buf *out,
                  enum gunzip_place *place, struct error *err)
{
    struct gunzip *g = gunzip_new();
    const uint8_t *at = (const uint8_t *)b->data;
    size_t len = b->len;
    int rc = 0;

    assert_non_null(g);
    while (rc == 0 && len > 0) {
        struct span piece = {at, step < len ? step : len};

        at += piece.len;
        len -= piece.len;
        while (rc == 0 && (piece.len > 0 || gunzip_pending(g))) {
            struct span made = {NULL, 0};

            rc = gunzip_step(g, &piece, &made, err);
            if (rc == 0) {
                buf_add(out, made.data, made.len);
            }
        }
    }
    *place = gunzip_where(g);
    gunzip_free(g);
    return rc;
}

static void fill(struct buf *plain, size_t len)
{
    uint32_t x = 1;

    for (size_t n = 0; n < len; n++) {
        x = x * 1664525 + 1013904223;
        /* Runs and noise: literals, copies and stored blocks. */
        buf_char(plain, (char)(n % 5000 < 2500 ? x >> 24 : n / 300));
    }
}

static void expands_in_pieces_of_any_size(void **state)
{
    static const size_t sizes[] = {1, 2, 17, 4096, 1 << 20};
    struct buf plain;
    struct buf b;
    struct buf out;
    enum gunzip_place place = GUNZIP_HEADER;
    struct error err = {0};

    (void)state;
    buf_init(&plain, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    buf_init(&out, ARCHIVE_MAX);
    fill(&plain, 300000);
    for (int level = 0; level <= 9; level += 3) {
        buf_clear(&b);
        archive_gzip(&b, &plain, level);
        for (size_t n = 0; n < 5; n++) {
            buf_clear(&out);
            if (expand(&b, sizes[n], &out, &place, &err) != 0) {
                fail_msg("%s", err.text);
            }
            assert_int_equal(place, GUNZIP_END);
            assert_int_equal(out.len, plain.len);
            assert_memory_equal(out.data, plain.data, plain.len);
        }
    }
    buf_done(&plain);
    buf_done(&b);
    buf_done(&out);
}

static void expect_bad(const struct buf *b, const char *sentence)
{
    struct buf out;
    enum gunzip_place place = GUNZIP_HEADER;
    struct error err = {0};

    buf_init(&out, ARCHIVE_MAX);
    for (size_t step = 1; step < 40; step++) {
        assert_int_equal(expand(b, step, &out, &place, &err), -1);
        assert_string_equal(err.text, sentence);
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
    buf_done(&out);
}

/* A stream with these header flags and that optional part. */
static void with_header(struct buf *out, uint8_t flags, const void *part,
                        size_t len)
{
    struct buf b;
    struct buf plain;

    buf_init(&b, ARCHIVE_MAX);
    buf_init(&plain, ARCHIVE_MAX);
    buf_str(&plain, "hello");
    archive_gzip(&b, &plain, 6);
    b.data[3] = (char)flags;
    buf_clear(out);
    buf_add(out, b.data, 10);
    buf_add(out, part, len);
    if ((flags & 2) != 0) {
        uLong crc = crc32(0, (const Bytef *)out->data, (uInt)out->len);

        buf_char(out, (char)(crc & 0xff));
        buf_char(out, (char)(crc >> 8 & 0xff));
    }
    buf_add(out, b.data + 10, b.len - 10);
    buf_done(&plain);
    buf_done(&b);
}

static void reads_every_optional_part_of_the_header(void **state)
{
    static const struct {
        uint8_t flags;
        const char *part;
        size_t len;
    } cases[] = {
        {1, "", 0},         {2, "", 0},          {4, "\x03\0abc", 5},
        {4, "\0\0", 2},     {8, "name", 5},      {16, "comment", 8},
        {24, "n\0c", 4},    {12, "\x01\0xn", 5}, {31, "\x01\0xn\0c", 7},
        {6, "\x02\0xy", 4},
    };
    struct buf b;
    struct buf out;
    enum gunzip_place place = GUNZIP_HEADER;
    struct error err = {0};

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    buf_init(&out, ARCHIVE_MAX);
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        for (size_t step = 1; step < 30; step += 4) {
            with_header(&b, cases[n].flags, cases[n].part, cases[n].len);
            buf_clear(&out);
            if (expand(&b, step, &out, &place, &err) != 0) {
                fail_msg("case %zu: %s", n, err.text);
            }
            assert_string_equal(buf_text(&out), "hello");
            assert_int_equal(place, GUNZIP_END);
        }
    }
    with_header(&b, 2, "", 0);
    b.data[10] ^= 1;
    expect_bad(&b, "the gzip header has a wrong CRC");
    with_header(&b, 0x20, "", 0);
    expect_bad(&b, "the gzip header has reserved flags set");
    with_header(&b, 0, "", 0);
    b.data[2] = 7;
    expect_bad(&b, "the gzip header names an unknown compression method");
    buf_done(&b);
    buf_done(&out);
}

static void checks_the_trailer(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    with_header(&b, 0, "", 0);
    b.data[b.len - 8] ^= 1;
    expect_bad(&b, "the gzip stream has a wrong CRC: its content is damaged");
    b.data[b.len - 8] ^= 1;
    b.data[b.len - 1] ^= 1;
    expect_bad(&b, "the gzip stream has a wrong length in its trailer");
    b.data[b.len - 1] ^= 1;
    buf_char(&b, 0);
    expect_bad(&b, "data follows the end of the gzip stream");
    buf_done(&b);
}

static void says_what_is_damaged(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    with_header(&b, 0, "", 0);
    b.data[10] = 7; /* a block of the reserved type */
    expect_bad(&b, "the compressed data is damaged: invalid block type");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_in_pieces_of_any_size),
        cmocka_unit_test(reads_every_optional_part_of_the_header),
        cmocka_unit_test(checks_the_trailer),
        cmocka_unit_test(says_what_is_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
