/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/limits.h"
#include "snapshot/entries.h"

/* Walk over the bytes, `step` a time; what was found goes to `seen` as
 * "key=value;". */
static int walk(const void *data, size_t len, size_t step, struct buf *seen,
                struct error *err)
{
    struct entries *e = entries_new(true);
    const uint8_t *at = data;
    int rc = 0;

    assert_non_null(e);
    while (rc == 0 && len > 0) {
        struct span piece = {at, step < len ? step : len};
        struct entries_item item;
        bool found = true;

        at += piece.len;
        len -= piece.len;
        while (rc == 0 && (piece.len > 0 || found)) {
            rc = entries_next(e, &piece, &found, &item, err);
            if (rc == 0 && found) {
                buf_add(seen, item.key, item.key_len);
                buf_char(seen, '=');
                buf_add(seen, item.value, item.value_len);
                buf_char(seen, ';');
            }
        }
    }
    if (rc == 0) {
        rc = entries_end(e, err);
    }
    entries_free(e);
    return rc;
}

static void expect(const void *data, size_t len, const char *rows)
{
    struct buf seen;
    struct error err = {0};

    buf_init(&seen, ARCHIVE_MAX);
    for (size_t step = 1; step <= len; step++) {
        buf_clear(&seen);
        if (walk(data, len, step, &seen, &err) != 0) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(buf_text(&seen), rows);
    }
    buf_done(&seen);
}

static void expect_bad(const void *data, size_t len, const char *sentence)
{
    struct buf seen;
    struct error err = {0};

    buf_init(&seen, ARCHIVE_MAX);
    for (size_t step = 1; step <= len; step++) {
        assert_int_equal(walk(data, len, step, &seen, &err), -1);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_string_equal(err.text, sentence);
    }
    buf_done(&seen);
}

#define GOOD(bytes, rows) expect(bytes, sizeof(bytes) - 1, rows)
#define BAD(bytes, why)                                                        \
    expect_bad(bytes, sizeof(bytes) - 1, "entry 1 of state.bin " why)

static void reads_entries_cut_anywhere(void **state)
{
    (void)state;
    GOOD("\x06\x0a\x01"
         "a"
         "\x12\x01"
         "1"
         "\x08\x0a\x02"
         "ab"
         "\x12\x02"
         "22"
         "\x03\x0a\x01"
         "b",
         "a=1;ab=22;b=;");
    GOOD("\x05\x0a\x01"
         "a"
         "\x12\x00",
         "a=;");
    /* An overlong length is odd, but means the same. */
    GOOD("\x83\x80\x00\x0a\x01"
         "a",
         "a=;");
}

static void walks_over_fields_it_does_not_know(void **state)
{
    (void)state;
    GOOD("\x08\x0a\x01"
         "a"
         "\x12\x01"
         "1"
         "\x18\x01",
         "a=1;");
    GOOD("\x09\x0a\x01"
         "a"
         "\x18\xff\x01\x12\x01"
         "1",
         "a=1;");
    GOOD("\x0a\x0a\x01"
         "a"
         "\x1a\x02xy\x12\x01"
         "1",
         "a=1;");
    GOOD("\x08\x0a\x01"
         "a"
         "\x1d\x01\x02\x03\x04",
         "a=;");
    GOOD("\x0c\x0a\x01"
         "a"
         "\x19\x01\x02\x03\x04\x05\x06\x07\x08",
         "a=;");
    GOOD("\x05\x0a\x01"
         "a"
         "\x1a\x00",
         "a=;");
}

static void names_what_is_malformed(void **state)
{
    (void)state;
    BAD("\x00", "is empty");
    BAD("\x02\x12\x00", "has its value in the wrong place");
    BAD("\x02\x0a\x00", "has no key");
    BAD("\x02\x18\x01", "has no key");
    BAD("\x06\x0a\x01"
        "a"
        "\x0a\x01"
        "b",
        "has its key in the wrong place");
    BAD("\x07\x0a\x01"
        "a"
        "\x12\x00\x12\x00",
        "has its value in the wrong place");
    BAD("\x03\x0a\x02"
        "ab",
        "has a field that is longer than itself");
    BAD("\x05\x0a\x01"
        "a"
        "\x1d\x01",
        "has a field that is longer than itself");
    BAD("\x04\x0a\x01"
        "a\x12",
        "is malformed"
        "");
    BAD("\x02\x08\x01", "is malformed"); /* the key as a number */
    BAD("\x02\x0b\x01", "is malformed"); /* a group */
    BAD("\x02\x0f\x01", "is malformed");
    BAD("\x02\x02\x01", "is malformed"); /* field 0 */
    BAD("\x10\x0a\x01"
        "a"
        "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "is malformed"); /* a varint of eleven bytes */
    BAD("\x05\x0a\x01"
        "a",
        "is cut off by the end of state.bin");
    BAD("\x80", "is cut off by the end of state.bin");
    BAD("\x80\x80\x80\x40", "claims a length of 134217728 bytes");
    BAD("\x85\x80\x04\x0a\x81\x80\x04"
        "a",
        "has a key that is too long");
}

static void insists_on_ascending_keys(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 4096);
    archive_entry(&b, "a/b", "1");
    archive_entry(&b, "a/b", "2");
    expect_bad(b.data, b.len,
               "entry 2 of state.bin has the same key as the one before it");
    buf_clear(&b);
    archive_entry(&b, "a/b", "1");
    archive_entry(&b, "a/b/c", "1");
    archive_entry(&b, "a/a", "2");
    expect_bad(b.data, b.len,
               "entry 3 of state.bin is out of order: its key sorts before "
               "the last one");
    buf_clear(&b);
    archive_entry(&b, "a/b", "1");
    archive_entry(&b, "a/", "2");
    expect_bad(b.data, b.len,
               "entry 2 of state.bin is out of order: its key sorts before "
               "the last one");
    buf_clear(&b);
    archive_entry(&b, "\x7f", "1"); /* bytes, not signed characters */
    archive_entry(&b, "\xc3\xa4", "2");
    expect(b.data, b.len, "\x7f=1;\xc3\xa4=2;");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_entries_cut_anywhere),
        cmocka_unit_test(walks_over_fields_it_does_not_know),
        cmocka_unit_test(names_what_is_malformed),
        cmocka_unit_test(insists_on_ascending_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
