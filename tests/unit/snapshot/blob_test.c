/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs as both kinds of seal write them, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "snapshot/blob.h"

/* 28 bytes: the least that a ciphertext with nonce can be. */
#define LEAST "nonce-in-frt0123456789abcdef"
#define NONCE "other-nonce!"

static struct span span(const char *bytes, size_t len)
{
    return (struct span){(const uint8_t *)bytes, len};
}

#define SPAN(text) span(text, sizeof(text) - 1)

static void test_the_nonce_in_front(void **state)
{
    struct cipher_text text;
    char name[16] = "x";

    (void)state;
    assert_true(blob_text(SPAN("\x0a\x1c" LEAST), &text));
    assert_memory_equal(text.nonce, "nonce-in-frt", CIPHER_NONCE_SIZE);
    assert_int_equal(text.len, CIPHER_TAG_SIZE);
    assert_memory_equal(text.data, "0123456789abcdef", CIPHER_TAG_SIZE);
    assert_int_equal(text.aad_len, 0);
    blob_key_name(SPAN("\x0a\x1c" LEAST), name, sizeof(name));
    assert_string_equal(name, "");
}

static void test_the_nonce_apart(void **state)
{
    /* In any order, with a number in between. */
    const struct span blob =
        SPAN("\x12\x0c" NONCE "\x18\x05\x0a\x1c" LEAST "\x2a\x06\x1a\x04"
             "id-1");
    struct cipher_text text;
    char name[16];

    (void)state;
    assert_true(blob_text(blob, &text));
    assert_memory_equal(text.nonce, NONCE, CIPHER_NONCE_SIZE);
    assert_int_equal(text.len, 28);
    blob_key_name(blob, name, sizeof(name));
    assert_string_equal(name, "id-1");
    blob_key_name(blob, name, 4);
    assert_string_equal(name, "");
}

static void test_what_is_none(void **state)
{
    const struct span broken[] = {
        SPAN(""),
        SPAN("\x0a"),
        SPAN("\x0a\x1d" LEAST), /* longer than there is */
        SPAN("\x12\x1c" LEAST), /* no ciphertext */
        SPAN("\x0a\x0f" LEAST), /* no room for a tag */
        SPAN("\x0d\x1c" LEAST), /* another kind of field */
        SPAN("\x0a\x1c" LEAST "\x12\x0btoo-short-!"), /* a nonce of 11 */
        SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    };
    struct cipher_text text;

    (void)state;
    for (size_t n = 0; n < sizeof(broken) / sizeof(broken[0]); n++) {
        assert_false(blob_text(broken[n], &text));
    }
}

static void test_a_name_that_is_none(void **state)
{
    char name[16] = "x";

    (void)state;
    blob_key_name(SPAN("\x2a\x06\x1a\x04"
                       "a\nbc"),
                  name, sizeof(name));
    assert_string_equal(name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nonce_in_front),
        cmocka_unit_test(test_the_nonce_apart),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_a_name_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
