/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "transient/stanza.h"

static const struct stanza_rule one_seal = {.kind = "seal", .most = 1};
static const struct stanza_rule audits = {.kind = "audit", .most = 2};

static void test_what_is_a_seal(void **state)
{
    static const char *const texts[] = {
        "seal \"static\" {}",
        "# a }\n// b {\n/* c\n */ seal \"static\" {\n a = \"f\" # } in it\n}\n",
        "seal static {\n a = \"\\\"}\"\n b = [1, 2]\n c { d = \"{\" }\n}",
    };
    char label[STANZA_LABEL_MAX];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (stanza_check(texts[i], &one_seal, label, &err) != 0)
            fail_msg("%zu: %s", i, err.text);
        assert_string_equal(label, "static");
    }
}

static void test_what_is_none(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"", "there is no seal stanza"},
        {"# nothing", "there is no seal stanza"},
        {"listener \"tcp\" {}", "line 1"},
        {"seal \"a\" {}\nlistener \"tcp\" {}", "line 2"},
        {"seal \"a\" {}\nseal \"b\" {}", "line 2"},
        {"seal \"a\" {}\nui = true", "line 2"},
        {"seal {}", "expected a name"},
        {"seal \"a\"", "expected '{'"},
        {"seal \"a\" {\n  x = {\n}\n", "a '}' is missing"},
        {"seal \"a\" {}}", "something else"},
        {"seal \"a\" {\n x = \"SECRET\n}", "line 2: "},
        {"seal \"a\" { x = <<EOF\n}\nEOF\n}", "here-documents"},
        {"seal \"a\" { x = \"${y}\" }", "not supported"},
        {"/* seal \"a\" {}", "a comment does not end"},
        {"seals \"a\" {}", "something else"},
        {"{\"seal\":{\"static\":{}}}", "something else"},
    };
    char label[STANZA_LABEL_MAX];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(stanza_check(rows[i].text, &one_seal, label, &err),
                         -1);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_null(strstr(err.text, "SECRET"));
    }
}

static void test_several(void **state)
{
    char label[STANZA_LABEL_MAX];
    struct error err;

    (void)state;
    assert_int_equal(stanza_check("audit \"file\" \"a\" { options { "
                                  "file_path = \"/x\" } }\n"
                                  "audit \"socket\" \"b\" {}\n",
                                  &audits, label, &err),
                     0);
    assert_string_equal(label, "file");
    assert_int_equal(stanza_check("audit \"f\" \"a\" {} audit \"f\" \"b\" {} "
                                  "audit \"f\" \"c\" {}",
                                  &audits, label, &err),
                     -1);
}

static void test_a_file(void **state)
{
    char path[64], label[STANZA_LABEL_MAX];
    struct buf out;
    struct error err;

    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/assay-stanza.%d", (int)getpid());
    buf_init_secret(&out, LIMIT_STANZA_FILE);
    assert_int_equal(stanza_read(path, &one_seal, &out, label, &err), -1);
    assert_int_equal(file_replace(path, "seal \"a\" {}", 11, 0600, &err), 0);
    assert_int_equal(stanza_read(path, &one_seal, &out, label, &err), 0);
    assert_string_equal(buf_text(&out), "seal \"a\" {}\n");
    assert_int_equal(file_replace(path, "seal \"a\" {}\0x", 13, 0600, &err), 0);
    assert_int_equal(stanza_read(path, &one_seal, &out, label, &err), -1);
    assert_non_null(strstr(err.text, path));
    buf_done(&out);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_seal),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
