/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/text.h"

static void sums_as_fips_180_4_says(void **state)
{
    struct digest *d = digest_new();
    char hex[DIGEST_SHA256_HEX];

    (void)state;
    digest_sha256_hex("abc", 3, hex);
    assert_string_equal(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_update(d, "a", 1);
    digest_update(d, "", 0);
    digest_update(d, "bc", 2);
    digest_final_hex(d, hex);
    assert_string_equal(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_final_hex(d, hex);
    assert_string_equal(
        hex,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_free(d);
    digest_free(NULL);
}

static void keys_hashes_as_rfc_4231_says(void **state)
{
    uint8_t out[DIGEST_SHA256_SIZE];
    char hex[DIGEST_SHA256_HEX];

    (void)state;
    digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    text_hex(out, sizeof out, hex);
    assert_string_equal(
        hex,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_as_fips_180_4_says),
        cmocka_unit_test(keys_hashes_as_rfc_4231_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
