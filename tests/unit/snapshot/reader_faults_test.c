/* SPDX-License-Identifier: Apache-2.0
 *
 * What is no archive, or not all of one, or not the one that was made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "archive.h"
#include "reading.h"

static void says_which_member_is_wrong(void **state)
{
    static const struct {
        struct archive_options options;
        const char *sentence;
    } cases[] = {
        {{.order = "sSx"}, "meta.json is missing from the archive"},
        {{.order = "mSx"}, "state.bin is missing from the archive"},
        {{.order = "msx"}, "SHA256SUMS is missing from the archive"},
        {{.order = "msS"}, "SHA256SUMS.sealed is missing from the archive"},
        {{.order = ""}, "meta.json is missing from the archive"},
        {{.order = "msSmx"}, "meta.json is in the archive twice"},
        {{.order = "mssSx"}, "state.bin is in the archive twice"},
        {{.meta = ""}, "meta.json is empty"},
        {{.wrong_size = 1},
         "state.bin is 45 bytes long, but meta.json says 46"},
        {{.wrong_size = -1},
         "state.bin is 45 bytes long, but meta.json says 44"},
        {{.meta = "[1]"}, "meta.json is not a JSON object"},
        {{.meta = "{\"Version\":1}"}, "meta.json has no number \"Index\""},
        {{.meta = "{\"Version\":2,\"Index\":1,\"Term\":1,\"Size\":45}"},
         "meta.json says snapshot version 2, of which no server is known"},
        {{.sums = "hello\n"}, "SHA256SUMS has a malformed line"},
    };

    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        reading_build(&cases[n].options, cases[n].sentence);
    }
}

/* A tar made by `fill`, gzip'd: what does the reader say? */
static void expect_tar(void (*fill)(struct buf *tar), const char *sentence)
{
    struct buf tar;
    struct buf b;

    buf_init(&tar, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    fill(&tar);
    archive_gzip(&b, &tar, 6);
    reading_bad(&b, sentence);
    buf_done(&tar);
    buf_done(&b);
}

static void fill_stranger(struct buf *tar)
{
    archive_tar_member(tar, "ev\x1bil.txt", "x", 1);
}

static void fill_no_sealed_bytes(struct buf *tar)
{
    archive_tar_member(tar, "SHA256SUMS.sealed", "", 0);
}

static void fill_huge_meta(struct buf *tar)
{
    archive_tar_header(tar, "meta.json", 1 << 30, '0');
}

static void fill_half_header(struct buf *tar)
{
    buf_str(tar, "meta.json");
}

static void fill_half_member(struct buf *tar)
{
    archive_tar_header(tar, "state.bin", 1000, '0');
    archive_entry(tar, "a", "b");
}

static void fill_half_entry(struct buf *tar)
{
    archive_tar_member(tar, "state.bin", "\x20\x0a\x01", 3);
}

static void says_what_is_wrong_in_the_tar(void **state)
{
    (void)state;
    expect_tar(fill_stranger, "the archive has a member that does not belong "
                              "there: ev?il.txt");
    expect_tar(fill_no_sealed_bytes, "SHA256SUMS.sealed is empty");
    expect_tar(fill_huge_meta, "meta.json claims a length of 1073741824 bytes");
    expect_tar(fill_half_header,
               "the archive is incomplete: its tar ends inside a tar header");
    expect_tar(fill_half_member, "the archive is incomplete: its tar ends "
                                 "inside state.bin after 7 of 1000 bytes");
    expect_tar(fill_half_entry,
               "entry 1 of state.bin is cut off by the end of state.bin");
}

static void says_what_is_no_archive(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    reading_bad(&b, "the archive is empty (0 bytes)");
    buf_str(&b, "{\"errors\":[]}");
    reading_bad(&b, "the archive is not gzip data (it begins like JSON)");
    buf_clear(&b);
    buf_str(&b, "<html>");
    reading_bad(&b,
                "the archive is not gzip data (it begins like an HTML page)");
    buf_clear(&b);
    buf_str(&b, "PK");
    reading_bad(&b, "the archive is not gzip data");
    buf_done(&b);
}

/* Cut anywhere, the archive is never intact; and the sentence says where. */
static void sees_every_truncation(void **state)
{
    struct snapshot_facts facts;
    struct error err;
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_small(&b);
    for (size_t len = 0; len < b.len; len++) {
        error_clear(&err);
        assert_int_equal(
            reading_all(b.data, len, len % 2 ? 64 : 0, NULL, &facts, &err), -1);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_non_null(
            strstr(err.text, len == 0 ? "is empty" : "is truncated"));
    }
    assert_int_equal(reading_all(b.data, 5, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "the gzip header");
    assert_int_equal(reading_all(b.data, b.len - 1, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "the gzip trailer");
    /* gzip header 10, block header 5, tar header and meta.json 1024. */
    assert_int_equal(
        reading_all(b.data, 15 + 1024 + 512 + 9, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "state.bin after 9 of 63 bytes");
    assert_int_equal(reading_all(b.data, 15 + 200, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "a tar header");
    buf_done(&b);
}

/* Bits that mean nothing to the content: in the gzip header FTEXT (bit 0 of
 * the flags at 3), the time (4-7), the extra flags (8) and the system (9);
 * behind it those that leave the tar as it was, such as the bits that fill a
 * byte up, or the distance of a copy inside a run of zeros.  Only the digest
 * of the whole archive covers these. */
static bool harmless(const struct buf *b, const struct buf *tar, size_t byte,
                     unsigned bit)
{
    struct buf now;
    bool same = false;

    if (byte <= 9) {
        return (byte == 3 && bit == 0) || byte >= 4;
    }
    buf_init(&now, ARCHIVE_MAX);
    same = archive_gunzip(&now, b) && now.len == tar->len &&
           memcmp(now.data, tar->data, tar->len) == 0;
    buf_done(&now);
    return same;
}

static void flip_every_bit(struct buf *b)
{
    struct snapshot_facts facts;
    struct error err;
    struct buf tar;

    buf_init(&tar, ARCHIVE_MAX);
    assert_true(archive_gunzip(&tar, b));
    for (size_t n = 0; n < b->len * 8; n++) {
        bool good = false;

        b->data[n / 8] ^= (char)(1 << n % 8);
        good = reading_all(b->data, b->len, 0, NULL, &facts, &err) == 0;
        if (good) {
            snapshot_facts_done(&facts);
        }
        if (good != harmless(b, &tar, n / 8, n % 8)) {
            fail_msg("bit %zu of byte %zu", n % 8, n / 8);
        }
        if (!good && err.kind != ERR_CORRUPT) {
            fail_msg("bit %zu of byte %zu: %s", n % 8, n / 8, err.text);
        }
        b->data[n / 8] ^= (char)(1 << n % 8);
    }
    buf_done(&tar);
}

static void sees_every_flipped_bit(void **state)
{
    static const struct archive_options compressed = {.level = 9};
    struct buf b;
    struct buf s;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    buf_init(&s, ARCHIVE_MAX);
    archive_small(&b);
    flip_every_bit(&b);
    buf_clear(&b);
    archive_entry(&s, "core/mounts", "abcdefgh");
    archive_build(&b, &s, &compressed);
    flip_every_bit(&b);
    buf_done(&b);
    buf_done(&s);
}

static void sees_what_follows(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_small(&b);
    buf_char(&b, 0);
    reading_bad(&b, "data follows the end of the gzip stream");
    buf_clear(&b);
    archive_small(&b);
    archive_small(&b); /* legal gzip, but no server's */
    reading_bad(&b, "data follows the end of the gzip stream");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_which_member_is_wrong),
        cmocka_unit_test(says_what_is_wrong_in_the_tar),
        cmocka_unit_test(says_what_is_no_archive),
        cmocka_unit_test(sees_every_truncation),
        cmocka_unit_test(sees_every_flipped_bit),
        cmocka_unit_test(sees_what_follows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
