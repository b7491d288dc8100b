/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/signer.h"
#include "base/text.h"

static void verifies_rfc_8032_test_2(void **state)
{
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE], sig[DIGEST_SIGNATURE_SIZE];

    (void)state;
    assert_true(text_unhex(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", key,
        sizeof key));
    assert_true(text_unhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        sig, sizeof sig));
    assert_true(signer_verify(key, "\x72", 1, sig));
    assert_false(signer_verify(key, "\x73", 1, sig));
    sig[0] ^= 1;
    assert_false(signer_verify(key, "\x72", 1, sig));
}

static void keeps_its_key(void **state)
{
    char dir[] = "/tmp/assay-signer-XXXXXX";
    uint8_t sig[DIGEST_SIGNATURE_SIZE], again[DIGEST_SIGNATURE_SIZE];
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE];
    struct signer *s;
    struct error err;
    struct stat st;
    char *path, *junk;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = text_format("%s/key.pem", dir);
    junk = text_format("%s/junk.pem", dir);
    assert_int_equal(signer_open(path, &s, &err), 0);
    assert_int_equal(signer_sign(s, "hello", 5, sig, &err), 0);
    signer_free(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(signer_open(path, &s, &err), 0);
    assert_int_equal(signer_sign(s, "hello", 5, again, &err), 0);
    assert_memory_equal(sig, again, sizeof sig); /* Ed25519: no randomness */
    signer_public_key(s, key);
    signer_free(s);
    assert_true(signer_verify(key, "hello", 5, sig));
    assert_int_equal(file_replace(junk, "junk", 4, 0600, &err), 0);
    assert_int_equal(signer_open(junk, &s, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(file_remove_tree(dir, &err), 0);
    free(path);
    free(junk);
}

/* The key of RFC 8410, section 10.1. */
static void writes_and_reads_public_keys(void **state)
{
    static const char hex[] =
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    static const char pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n";
    static const char *const bad[] = {
        "",
        "19bf",
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1x",
        "-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9E\n",
        /* X25519: the same length, another purpose */
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n",
    };
    uint8_t key[DIGEST_PUBLIC_KEY_SIZE], again[DIGEST_PUBLIC_KEY_SIZE];
    char out[SIGNER_PEM_MAX];
    struct error err;

    (void)state;
    assert_true(signer_public_parse(hex, key));
    assert_int_equal(signer_public_pem(key, out, &err), 0);
    assert_string_equal(out, pem);
    assert_true(signer_public_parse(pem, again));
    assert_memory_equal(key, again, sizeof key);
    assert_true(signer_public_parse("  \n19bf44096984cdfe8541bac167dc3b96c8508"
                                    "6aa30b6b6cb0c5c38ad703166e1\n",
                                    again));
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        assert_false(signer_public_parse(bad[n], again));
}

static void derives_a_secret_per_label(void **state)
{
    char dir[] = "/tmp/assay-signer-XXXXXX";
    uint8_t a[DIGEST_SHA256_SIZE], b[DIGEST_SHA256_SIZE];
    uint8_t public[DIGEST_PUBLIC_KEY_SIZE];
    struct signer *s;
    struct error err;
    char *path;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = text_format("%s/key.pem", dir);
    assert_int_equal(signer_open(path, &s, &err), 0);
    signer_derive(s, "one", a);
    signer_derive(s, "two", b);
    assert_memory_not_equal(a, b, sizeof a);
    signer_public_key(s, public);
    digest_hmac_sha256(public, sizeof public, "one", 3, b);
    assert_memory_not_equal(a, b, sizeof a);
    signer_free(s);
    assert_int_equal(signer_open(path, &s, &err), 0);
    signer_derive(s, "one", b);
    assert_memory_equal(a, b, sizeof a);
    signer_free(s);
    assert_int_equal(file_remove_tree(dir, &err), 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_rfc_8032_test_2),
        cmocka_unit_test(derives_a_secret_per_label),
        cmocka_unit_test(keeps_its_key),
        cmocka_unit_test(writes_and_reads_public_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
