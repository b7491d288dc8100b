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
#include "reading.h"
#include "snapshot/reader.h"

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
        assert_int_equal(
            reading_all(b.data, b.len, 100, &options, &facts, &err), 0);
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
    assert_int_equal(reading_all(b.data, b.len, 0, NULL, &facts, &err), 0);
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

        reading_build(&o, NULL);
        o.state_sum_first = true;
        o.level = 6;
        reading_build(&o, NULL);
        o.bad_sum = 's';
        reading_build(&o, "state.bin does not match its sum in SHA256SUMS");
        o.bad_sum = 'm';
        reading_build(&o, "meta.json does not match its sum in SHA256SUMS");
    }
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
        assert_int_equal(
            reading_all(b.data, b.len, step, &options, &facts, &err), 0);
        snapshot_facts_done(&facts);
        assert_string_equal(
            buf_text(&seen.text),
            "core/mounts=one;logical/a/b=two two;sys/policy/default=;");
    }
    seen.count = 0;
    seen.stop_at = 2;
    assert_int_equal(reading_all(b.data, b.len, 0, &options, &facts, &err), -1);
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
    assert_int_equal(reading_all(b.data, b.len, 0, &options, &facts, &err), 0);
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
        cmocka_unit_test(repeats_its_first_error),
        cmocka_unit_test(hands_entries_to_the_callback),
        cmocka_unit_test(reads_large_values),
        cmocka_unit_test(is_a_sink_and_reads_a_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
