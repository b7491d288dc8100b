/* SPDX-License-Identifier: Apache-2.0
 *
 * What zlib deflates, in every way it knows, comes back; the fuzzer asks the
 * same of everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "archive.h"
#include "snapshot/inflater.h"

enum { PLAIN = 400 * 1000, ROOM = 500 * 1000 };

static uint8_t plain[PLAIN];
static uint8_t packed[ROOM];

/* Noise, text, runs, and far repeats: literals of every length of code,
 * copies of every length and distance. */
static void fill(unsigned kind)
{
    uint32_t x = 7 + kind;

    for (size_t n = 0; n < PLAIN; n++) {
        uint8_t noise = 0;

        x = x * 1664525 + 1013904223;
        noise = (uint8_t)(x >> 24);
        switch (kind) {
        case 0:
            plain[n] = noise;
            break;
        case 1: /* geometric: long codes for rare bytes */
            plain[n] = (uint8_t)__builtin_ctz(x >> 8 | 1 << 23);
            break;
        case 2:
            plain[n] = (uint8_t)(n / 1000);
            break;
        default:
            plain[n] = n > 32768 && noise < 250 ? plain[n - 32768] : noise;
            break;
        }
    }
}

static size_t pack(int level, int strategy)
{
    z_stream z = {0};
    size_t len = 0;

    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 8, strategy),
                     Z_OK);
    z.next_in = plain;
    z.avail_in = PLAIN;
    z.next_out = packed;
    z.avail_out = ROOM;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    len = ROOM - z.avail_out;
    deflateEnd(&z);
    return len;
}

static void expect_back(size_t len, size_t step)
{
    struct inflater *s = inflater_new();
    struct error err = {0};
    size_t at = 0;
    size_t made = 0;

    assert_non_null(s);
    while (!inflater_ended(s)) {
        struct span in = {packed + at, step < len - at ? step : len - at};

        assert_true(at < len || inflater_pending(s));
        at += in.len;
        do {
            struct span out = {NULL, 0};

            if (inflater_step(s, &in, &out, &err) != 0) {
                fail_msg("%s", err.text);
            }
            assert_in_range(out.len, 0, PLAIN - made);
            assert_memory_equal(out.data, plain + made, out.len);
            made += out.len;
        } while (in.len > 0 && !inflater_ended(s));
        assert_int_equal(in.len, 0);
    }
    assert_int_equal(made, PLAIN);
    assert_int_equal(at, len);
    inflater_free(s);
}

static void gives_back_what_zlib_packed(void **state)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED,
                                     Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
    static const size_t steps[] = {1, 15, 16, 17, 1000, ROOM};

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        fill(kind);
        for (size_t n = 0; n < 5; n++) {
            for (int level = 1; level <= 9; level += 4) {
                size_t len = pack(level, strategies[n]);

                for (size_t at = 0; at < 6; at++) {
                    expect_back(len, steps[at]);
                }
            }
        }
    }
}

static void stops_at_the_end_of_its_data(void **state)
{
    struct inflater *s = inflater_new();
    struct span out = {NULL, 0};
    struct error err;
    struct span in = {packed, 0};
    size_t len = 0;

    (void)state;
    fill(2);
    len = pack(9, Z_DEFAULT_STRATEGY);
    memset(packed + len, 0xff, 100);
    in.len = len + 100;
    while (!inflater_ended(s)) {
        assert_int_equal(inflater_step(s, &in, &out, &err), 0);
    }
    assert_int_equal(in.len, 100);
    assert_ptr_equal(in.data, packed + len);
    assert_false(inflater_pending(s));
    inflater_free(s);
    inflater_free(NULL);
}

/* Bits, first to last; filled up with zeros. */
static void expect_damaged(const char *bits, const char *why)
{
    uint8_t bytes[64] = {0};
    struct span in = {bytes, sizeof(bytes)};
    struct span out = {NULL, 0};
    struct error err = {0};
    struct inflater *s = inflater_new();

    for (size_t n = 0; *bits != '\0'; bits++) {
        if (*bits != ' ') {
            bytes[n / 8] |= (uint8_t)((*bits - '0') << n % 8);
            n++;
        }
    }
    assert_int_equal(inflater_step(s, &in, &out, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_non_null(strstr(err.text, why));
    inflater_free(s);
}

static void refuses_what_is_damaged(void **state)
{
    (void)state;
    expect_damaged("1 11", "invalid block type");
    expect_damaged("1 00 00000 1000000000000000 1000000000000000",
                   "invalid stored block lengths");
    expect_damaged("1 01 01111", "too many length or distance symbols");
    expect_damaged("1 01 00000 01111 0000",
                   "too many length or distance symbols");
    expect_damaged("1 01 00000 00000 0000 000 000 000 000",
                   "invalid code lengths set");
    expect_damaged("1 01 00000 00000 0000 100 100 100 000",
                   "invalid code lengths set");
    /* 16 (repeat) with nothing before it */
    expect_damaged("1 01 00000 00000 0000 100 100 000 000 0",
                   "invalid bit length repeat");
    /* fixed codes: a copy at the very beginning; symbol 286; distance 30 */
    expect_damaged("1 10 0000001 00000", "too far back");
    expect_damaged("1 10 11000110", "invalid literal/length code");
    expect_damaged("1 10 00110000 0000001 11110", "invalid distance code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_zlib_packed),
        cmocka_unit_test(stops_at_the_end_of_its_data),
        cmocka_unit_test(refuses_what_is_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
