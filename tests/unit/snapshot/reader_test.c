/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/limits.h"
#include "snapshot/reader.h"

/* Push all of it, `step` bytes a time (0: at once), and finish. */
static int read_all(const void *data, size_t len, size_t step,
                    const struct snapshot_reader_options *options,
                    struct snapshot_facts *facts, struct error *err)
{
    struct snapshot_reader *r = snapshot_reader_new(options);
    const uint8_t *at = data;
    int rc = 0;

    assert_non_null(r);
    while (rc == 0 && len > 0) {
        size_t piece = step == 0 || step > len ? len : step;
        /* A copy of its own size, so that a sanitizer sees reads past it. */
        uint8_t *copy = malloc(piece);

        assert_non_null(copy);
        memcpy(copy, at, piece);
        rc = snapshot_reader_push(r, copy, piece, err);
        free(copy);
        at += piece;
        len -= piece;
    }
    if (rc == 0) {
        rc = snapshot_reader_finish(r, facts, err);
    }
    snapshot_reader_free(r);
    return rc;
}

static void expect_good(const struct buf *b, size_t step)
{
    struct snapshot_facts facts;
    struct error err = {0};

    if (read_all(b->data, b->len, step, NULL, &facts, &err) != 0) {
        fail_msg("%s", err.text);
    }
    snapshot_facts_done(&facts);
}

static void expect_bad(const struct buf *b, const char *sentence)
{
    static const size_t steps[] = {0, 1, 7, 511, 4096};

    for (size_t n = 0; n < sizeof(steps) / sizeof(steps[0]); n++) {
        struct snapshot_facts facts;
        struct error err = {0};

        assert_int_equal(
            read_all(b->data, b->len, steps[n], NULL, &facts, &err), -1);
        assert_string_equal(err.text, sentence);
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
}

/* Build with `options` from a few entries, and expect this sentence (NULL:
 * intact). */
static void expect_build(const struct archive_options *options,
                         const char *sentence)
{
    struct buf state;
    struct buf b;

    buf_init(&state, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    archive_entry(&state, "core/mounts", "one");
    archive_entry(&state, "sys/policy/default", "two");
    archive_build(&b, &state, options);
    if (sentence == NULL) {
        expect_good(&b, 0);
        expect_good(&b, 1);
    } else {
        expect_bad(&b, sentence);
    }
    buf_done(&state);
    buf_done(&b);
}

static void tells_what_it_read(void **state)
{
    struct snapshot_reader_options options = {.digest_archive = true,
                                              .prefixes = true};
    char expected[DIGEST_SHA256_HEX];
    struct snapshot_facts facts;
    struct error err = {0};
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_small(&b);
    digest_sha256_hex(b.data, b.len, expected);
    for (int threaded = 0; threaded < 2; threaded++) {
        options.helper_thread = threaded == 1;
        assert_int_equal(read_all(b.data, b.len, 100, &options, &facts, &err),
                         0);
        assert_string_equal(facts.sha256, expected);
        assert_true(facts.archive_digested);
        assert_int_equal(facts.size_bytes, b.len);
        assert_int_equal(facts.state_bytes, 18 + 22 + 20 + 3);
        assert_int_equal(facts.entries, 3);
        assert_int_equal(facts.raft_index, 157);
        assert_int_equal(facts.raft_term, 3);
        assert_int_equal(facts.server_count, 2);
        assert_string_equal(facts.servers[0].id, "n1");
        assert_string_equal(facts.servers[0].address, "127.0.0.1:8201");
        assert_true(facts.servers[0].voter);
        assert_false(facts.servers[1].voter);
        assert_int_equal(facts.prefix_count, 3);
        assert_string_equal(facts.prefixes[0].prefix, "core/mounts");
        assert_int_equal(facts.prefixes[0].entries, 1);
        assert_int_equal(facts.prefixes[0].bytes, 18);
        assert_string_equal(facts.prefixes[2].prefix, "sys/policy");
        snapshot_facts_done(&facts);
    }
    buf_done(&b);
}

static void does_only_what_was_asked_for(void **state)
{
    struct snapshot_facts facts;
    struct error err = {0};
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_small(&b);
    assert_int_equal(read_all(b.data, b.len, 0, NULL, &facts, &err), 0);
    assert_false(facts.archive_digested);
    assert_string_equal(facts.sha256, "");
    assert_null(facts.prefixes);
    assert_int_equal(facts.prefix_count, 0);
    snapshot_facts_done(&facts);
    buf_done(&b);
}

static void takes_members_and_sums_in_any_order(void **state)
{
    static const char *const orders[] = {"msSx", "sSxm", "xSsm", "Smxs",
                                         "smxS"};

    (void)state;
    for (size_t n = 0; n < sizeof(orders) / sizeof(orders[0]); n++) {
        struct archive_options o = {.order = orders[n]};

        expect_build(&o, NULL);
        o.state_sum_first = true;
        o.level = 6;
        expect_build(&o, NULL);
        o.bad_sum = 's';
        expect_build(&o, "state.bin does not match its sum in SHA256SUMS");
        o.bad_sum = 'm';
        expect_build(&o, "meta.json does not match its sum in SHA256SUMS");
    }
}

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
        expect_build(&cases[n].options, cases[n].sentence);
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
    expect_bad(&b, sentence);
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
    expect_bad(&b, "the archive is empty (0 bytes)");
    buf_str(&b, "{\"errors\":[]}");
    expect_bad(&b, "the archive is not gzip data (it begins like JSON)");
    buf_clear(&b);
    buf_str(&b, "<html>");
    expect_bad(&b,
               "the archive is not gzip data (it begins like an HTML page)");
    buf_clear(&b);
    buf_str(&b, "PK");
    expect_bad(&b, "the archive is not gzip data");
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
            read_all(b.data, len, len % 2 ? 64 : 0, NULL, &facts, &err), -1);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_non_null(
            strstr(err.text, len == 0 ? "is empty" : "is truncated"));
    }
    assert_int_equal(read_all(b.data, 5, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "the gzip header");
    assert_int_equal(read_all(b.data, b.len - 1, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "the gzip trailer");
    /* gzip header 10, block header 5, tar header and meta.json 1024. */
    assert_int_equal(
        read_all(b.data, 15 + 1024 + 512 + 9, 0, NULL, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is truncated: it ends inside "
                                  "state.bin after 9 of 63 bytes");
    assert_int_equal(read_all(b.data, 15 + 200, 0, NULL, &facts, &err), -1);
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
        good = read_all(b->data, b->len, 0, NULL, &facts, &err) == 0;
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
    expect_bad(&b, "data follows the end of the gzip stream");
    buf_clear(&b);
    archive_small(&b);
    archive_small(&b); /* legal gzip, but no server's */
    expect_bad(&b, "data follows the end of the gzip stream");
    buf_done(&b);
}

static void repeats_its_first_error(void **state)
{
    struct snapshot_reader *r = snapshot_reader_new(NULL);
    struct snapshot_facts facts;
    struct error err = {0};

    (void)state;
    assert_non_null(r);
    assert_int_equal(snapshot_reader_push(r, "nonsense", 8, &err), -1);
    error_clear(&err);
    assert_int_equal(snapshot_reader_push(r, "", 0, &err), -1);
    assert_string_equal(err.text, "the archive is not gzip data");
    error_clear(&err);
    assert_int_equal(snapshot_reader_finish(r, &facts, &err), -1);
    assert_string_equal(err.text, "the archive is not gzip data");
    assert_int_equal(snapshot_reader_finish(r, &facts, NULL), -1);
    snapshot_reader_free(r);
    snapshot_reader_free(NULL);
}

struct seen {
    struct buf text;
    uint64_t stop_at; /* 0: never */
    uint64_t count;
};

static int see_entry(void *ctx, const struct snapshot_entry *entry,
                     struct error *err)
{
    struct seen *seen = ctx;

    seen->count++;
    if (seen->count == seen->stop_at) {
        return error_set(err, ERR_CANCELLED, "enough");
    }
    assert_non_null(entry->value);
    buf_add(&seen->text, entry->key, entry->key_len);
    buf_char(&seen->text, '=');
    buf_add(&seen->text, entry->value, entry->value_len);
    buf_char(&seen->text, ';');
    return 0;
}

static void hands_entries_to_the_callback(void **state)
{
    struct seen seen = {.count = 0};
    struct snapshot_reader_options options = {.entry = see_entry, .ctx = &seen};
    struct snapshot_facts facts;
    struct error err = {0};
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    buf_init(&seen.text, ARCHIVE_MAX);
    archive_small(&b);
    for (size_t step = 0; step < 40; step++) {
        buf_clear(&seen.text);
        assert_int_equal(read_all(b.data, b.len, step, &options, &facts, &err),
                         0);
        snapshot_facts_done(&facts);
        assert_string_equal(
            buf_text(&seen.text),
            "core/mounts=one;logical/a/b=two two;sys/policy/default=;");
    }
    seen.count = 0;
    seen.stop_at = 2;
    assert_int_equal(read_all(b.data, b.len, 0, &options, &facts, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_string_equal(err.text, "enough");
    assert_int_equal(seen.count, 2);
    buf_done(&b);
    buf_done(&seen.text);
}

static int sum_values(void *ctx, const struct snapshot_entry *entry,
                      struct error *err)
{
    uint64_t *sum = ctx;

    (void)err;
    for (size_t n = 0; n < entry->value_len; n++) {
        *sum = *sum * 31 + entry->value[n];
    }
    return 0;
}

/* Values larger than a chunk arrive whole. */
static void reads_large_values(void **state)
{
    static const struct archive_options how = {.level = 1};
    enum { VALUE = 700 * 1000, COUNT = 5 };
    uint64_t expected = 0;
    uint64_t sum = 0;
    struct snapshot_reader_options options = {.entry = sum_values,
                                              .ctx = &sum,
                                              .helper_thread = true,
                                              .digest_archive = true};
    struct snapshot_facts facts;
    struct error err = {0};
    uint8_t *value = malloc(VALUE);
    struct buf s;
    struct buf b;

    (void)state;
    assert_non_null(value);
    buf_init(&s, ARCHIVE_MAX);
    buf_init(&b, ARCHIVE_MAX);
    for (uint32_t n = 0; n < COUNT; n++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "k/%u", n);
        for (uint32_t at = 0; at < VALUE; at++) {
            value[at] = (uint8_t)((at * 2654435761U + n) >> 24);
            expected = expected * 31 + value[at];
        }
        archive_entry_len(&s, key, strlen(key), value, VALUE);
    }
    archive_build(&b, &s, &how);
    assert_int_equal(read_all(b.data, b.len, 0, &options, &facts, &err), 0);
    assert_int_equal(sum, expected);
    assert_int_equal(facts.entries, COUNT);
    snapshot_facts_done(&facts);
    free(value);
    buf_done(&s);
    buf_done(&b);
}

static void is_a_sink_and_reads_a_source(void **state)
{
    struct cancel cancel = {false};
    struct archive_source bytes = {.step = 100};
    struct source source = archive_source(&bytes);
    struct snapshot_reader *r = snapshot_reader_new(NULL);
    struct sink sink = snapshot_reader_sink(r);
    struct snapshot_facts facts;
    struct error err = {0};
    struct buf b;

    (void)state;
    buf_init(&b, ARCHIVE_MAX);
    archive_small(&b);
    assert_int_equal(sink.write(sink.ctx, b.data, b.len, &err), 0);
    assert_int_equal(snapshot_reader_finish(r, &facts, &err), 0);
    snapshot_facts_done(&facts);
    snapshot_reader_free(r);
    bytes.data = b.data;
    bytes.len = b.len;
    assert_int_equal(snapshot_read_source(&source, NULL, &cancel, &facts, &err),
                     0);
    assert_int_equal(facts.entries, 3);
    snapshot_facts_done(&facts);
    bytes.at = 0;
    bytes.len--;
    bytes.fail = true;
    assert_int_equal(snapshot_read_source(&source, NULL, NULL, &facts, &err),
                     -1);
    assert_string_equal(err.text, "the cable was pulled");
    bytes.at = 0;
    atomic_store(&cancel.requested, true);
    assert_int_equal(snapshot_read_source(&source, NULL, &cancel, &facts, &err),
                     -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_it_read),
        cmocka_unit_test(does_only_what_was_asked_for),
        cmocka_unit_test(takes_members_and_sums_in_any_order),
        cmocka_unit_test(says_which_member_is_wrong),
        cmocka_unit_test(says_what_is_wrong_in_the_tar),
        cmocka_unit_test(says_what_is_no_archive),
        cmocka_unit_test(sees_every_truncation),
        cmocka_unit_test(sees_every_flipped_bit),
        cmocka_unit_test(sees_what_follows),
        cmocka_unit_test(repeats_its_first_error),
        cmocka_unit_test(hands_entries_to_the_callback),
        cmocka_unit_test(reads_large_values),
        cmocka_unit_test(is_a_sink_and_reads_a_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
