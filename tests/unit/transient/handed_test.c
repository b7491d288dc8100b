/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "transient/handed.h"

static char base[] = "/tmp/assay-handed-XXXXXX";
static struct driver_dir dir = {.path = base};

static int read_text(const char *text, struct handed *h, struct error *err)
{
    struct json *root = NULL;
    int rc;

    assert_int_equal(json_parse(text, strlen(text), &root, err), 0);
    rc = handed_read(root, &dir, h, err);
    json_free(root);
    return rc;
}

#define PEM "-----BEGIN CERTIFICATE-----\\nx\\n"

static void test_both_shapes_are_read(void **state)
{
    static const char *const shapes[] = {
        "{\"vault_addr\":\"https://x:8200\",\"vault_cacert\":\"" PEM "\","
        "\"vault_namespace\":\"ns\",\"init_token\":\"s.t\","
        "\"unsealed\":true,\"egress_probe\":\"blocked\"}",
        "{\"vault_addr\":{\"sensitive\":false,\"type\":\"string\","
        "\"value\":\"https://x:8200\"},\"vault_cacert\":{\"value\":\"" PEM
        "\"},\"vault_namespace\":{\"value\":\"ns\"},"
        "\"init_token\":{\"sensitive\":true,\"value\":\"s.t\"},"
        "\"unsealed\":{\"value\":\"true\"},"
        "\"egress_probe\":{\"value\":\"blocked\"}}",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct transient_facts f = {.address = NULL};
        struct handed h;
        struct error err;
        struct buf pem;

        if (read_text(shapes[i], &h, &err) != 0)
            fail_msg("%s", err.text);
        handed_facts(&h, &f);
        assert_string_equal(f.address, "https://x:8200");
        assert_string_equal(f.namespace, "ns");
        assert_string_equal(f.init_token, "s.t");
        assert_true(f.unsealed);
        assert_string_equal(f.egress_probe, "blocked");
        buf_init(&pem, 1000);
        assert_int_equal(file_read(f.ca_file, &pem, &err), 0);
        assert_non_null(strstr(pem.data, "CERTIFICATE"));
        buf_done(&pem);
        handed_done(&h);
    }
}

static void test_the_address_is_enough(void **state)
{
    struct handed h;
    struct error err;

    (void)state;
    assert_int_equal(read_text("{\"vault_addr\":\"unix:///x/s\",\"other\":[1],"
                               "\"init_token\":null,\"unsealed\":null}",
                               &h, &err),
                     0);
    assert_null(h.init_token);
    assert_null(h.ca_file);
    assert_null(h.egress_probe);
    assert_false(h.unsealed);
    assert_false(handed_answers(&h));
    handed_done(&h);
    assert_false(handed_answers(&h));
}

static void test_what_cannot_be_is_said(void **state)
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"[]", "no JSON object"},
        {"{}", "no text \"vault_addr\""},
        {"{\"vault_addr\":5}", "no text \"vault_addr\""},
        {"{\"vault_addr\":\"x:8200\"}", "is no address"},
        {"{\"vault_addr\":\"http://10.0.0.1:8200\"}", "in the clear"},
        {"{\"vault_addr\":\"https://x\",\"unsealed\":\"perhaps\"}",
         "unsealed: expected true or false"},
        {"{\"vault_addr\":\"https://x\",\"egress_probe\":\"maybe\"}",
         "expected \"blocked\" or \"open\""},
        {"{\"vault_addr\":\"https://x\",\"vault_cacert\":\"/a/file\"}",
         "expected a certificate"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct handed h;
        struct error err;

        assert_int_equal(read_text(rows[i].text, &h, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        if (strstr(err.text, rows[i].sentence) == NULL)
            fail_msg("%s", err.text);
    }
}

static void test_only_loopback_is_reached_in_the_clear(void **state)
{
    static const char *const good[] = {
        "https://vault.example:8200", "https://10.0.0.1", "unix:///a/b",
        "http://127.0.0.1:8200",      "http://127.9.9.9", "http://[::1]:8200",
        "http://localhost:8200",      "HTTP://LOCALHOST"};
    static const char *const bad[] = {
        "http://vault.example:8200", "http://10.0.0.1:8200",
        "http://[::2]:8200",         "http://127.0.0.1.example:8200",
        "http://localhost.example",  "http://x@localhost:8200",
        "ftp://127.0.0.1",           ""};
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (handed_check_address(good[i], &err) != 0)
            fail_msg("%s: %s", good[i], err.text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (handed_check_address(bad[i], &err) == 0)
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_shapes_are_read),
        cmocka_unit_test(test_the_address_is_enough),
        cmocka_unit_test(test_what_cannot_be_is_said),
        cmocka_unit_test(test_only_loopback_is_reached_in_the_clear),
    };
    int failed;

    if (mkdtemp(base) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (file_remove_tree(base, NULL) != 0)
        failed++;
    return failed;
}
