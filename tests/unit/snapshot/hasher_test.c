/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "snapshot/hasher.h"

enum { SIZE = 3 * 1024 * 1024 };

/* Two streams in turn, in pieces of odd sizes, more than there are slots. */
static void sums_both_streams(void **state)
{
    uint8_t *data = malloc(SIZE);
    char expected[DIGEST_SHA256_HEX];
    char half[DIGEST_SHA256_HEX];
    char out[DIGEST_SHA256_HEX];

    (void)state;
    assert_non_null(data);
    for (size_t n = 0; n < SIZE; n++) {
        data[n] = (uint8_t)(n * 2654435761U >> 24);
    }
    digest_sha256_hex(data, SIZE, expected);
    digest_sha256_hex(data, SIZE / 2, half);
    for (int threaded = 0; threaded < 2; threaded++) {
        struct hasher *h = hasher_new(threaded == 1);
        size_t piece = 1;

        assert_non_null(h);
        for (size_t at = 0; at < SIZE; at += piece) {
            piece = (at * 7 + 13) % 200000;
            piece = piece < SIZE - at ? piece : SIZE - at;
            hasher_update(h, HASHER_ARCHIVE, data + at, piece);
            if (at < SIZE / 2) {
                size_t left = SIZE / 2 - at;

                hasher_update(h, HASHER_STATE, data + at,
                              piece < left ? piece : left);
            }
        }
        hasher_final_hex(h, HASHER_STATE, out);
        assert_string_equal(out, half);
        hasher_final_hex(h, HASHER_ARCHIVE, out);
        assert_string_equal(out, expected);
        hasher_free(h);
    }
    free(data);
    hasher_free(NULL);
}

static void ends_in_the_middle_of_work(void **state)
{
    static const uint8_t data[512 * 1024];

    (void)state;
    for (int n = 0; n < 20; n++) {
        struct hasher *h = hasher_new(true);

        assert_non_null(h);
        hasher_update(h, HASHER_ARCHIVE, data, sizeof(data));
        hasher_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_both_streams),
        cmocka_unit_test(ends_in_the_middle_of_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
