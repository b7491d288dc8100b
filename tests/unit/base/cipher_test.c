/* SPDX-License-Identifier: Apache-2.0
 *
 * Vectors: test cases 13 and 16 of the GCM specification (McGrew, Viega). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cipher.h"
#include "base/text.h"

#define KEY "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define NONCE "cafebabefacedbaddecaf888"
#define AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define PLAIN                                                                  \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c"   \
    "95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define SEALED                                                                 \
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e"   \
    "48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"                       \
    "76fc6ece0f4e1768cddf8853bb2d551b"

enum { PLAIN_LEN = 60, SEALED_LEN = PLAIN_LEN + CIPHER_TAG_SIZE };
enum { AAD_LEN = 20 };

struct vector {
    uint8_t key[CIPHER_KEY_SIZE];
    uint8_t nonce[CIPHER_NONCE_SIZE];
    uint8_t aad[AAD_LEN];
    uint8_t sealed[SEALED_LEN];
};

static void load(struct vector *v)
{
    assert_true(text_unhex(KEY, v->key, sizeof v->key));
    assert_true(text_unhex(NONCE, v->nonce, sizeof v->nonce));
    assert_true(text_unhex(AAD, v->aad, sizeof v->aad));
    assert_true(text_unhex(SEALED, v->sealed, sizeof v->sealed));
}

static bool opens(const struct vector *v, size_t aad_len, uint8_t *out)
{
    struct cipher *c = cipher_new(v->key);
    const struct cipher_text text = {
        .nonce = v->nonce,
        .aad = v->aad,
        .aad_len = aad_len,
        .data = v->sealed,
        .len = sizeof v->sealed,
    };
    bool first, second;

    assert_non_null(c);
    first = cipher_open(c, &text, out);
    second = cipher_open(c, &text, out); /* and again with the same handle */
    assert_int_equal(first, second);
    cipher_free(c);
    return first;
}

static void it_opens_what_the_standard_seals(void **state)
{
    uint8_t out[PLAIN_LEN];
    char hex[2 * PLAIN_LEN + 1];
    struct vector v;

    (void)state;
    load(&v);
    assert_true(opens(&v, AAD_LEN, out));
    text_hex(out, sizeof out, hex);
    assert_string_equal(hex, PLAIN);
}

static void nothing_but_a_tag_is_enough(void **state)
{
    const uint8_t key[CIPHER_KEY_SIZE] = {0};
    const uint8_t nonce[CIPHER_NONCE_SIZE] = {0};
    uint8_t tag[CIPHER_TAG_SIZE], none[1];
    struct cipher *c = cipher_new(key);
    struct cipher_text text = {.nonce = nonce, .data = tag, .len = sizeof tag};

    (void)state;
    assert_true(
        text_unhex("530f8afbc74536b9a963b4f1c4cb738b", tag, sizeof tag));
    assert_non_null(c);
    assert_true(cipher_open(c, &text, none));
    tag[15] ^= 1;
    assert_false(cipher_open(c, &text, none));
    cipher_free(c);
    cipher_free(NULL);
}

static void any_flipped_bit_is_refused(void **state)
{
    uint8_t out[PLAIN_LEN];
    struct vector v;

    (void)state;
    for (size_t i = 0; i < sizeof v; i++) {
        load(&v);
        ((uint8_t *)&v)[i] ^= 0x10;
        assert_false(opens(&v, AAD_LEN, out));
    }
    load(&v);
    assert_false(opens(&v, AAD_LEN - 1, out));
    assert_false(opens(&v, 0, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_what_the_standard_seals),
        cmocka_unit_test(nothing_but_a_tag_is_enough),
        cmocka_unit_test(any_flipped_bit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
