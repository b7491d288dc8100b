/* SPDX-License-Identifier: Apache-2.0
 *
 * The table keeps to its own rules, and the policy to the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proof/probes.h"

static struct buf text;

static const char *policy(enum probes_policy which, const char *kv1)
{
    buf_clear(&text);
    probes_policy_write(which, kv1, &text);
    assert_false(buf_failed(&text));
    return buf_text(&text);
}

static bool has(const char *p, const char *path, const char *capabilities)
{
    char block[256];

    (void)snprintf(block, sizeof block,
                   "path \"%s\" {\n  capabilities = [%s]\n}\n", path,
                   capabilities);
    return strstr(p, block) != NULL;
}

static void rows_make_sense(void **state)
{
    (void)state;
    for (size_t i = 0; i < probes_count; i++) {
        const struct probe *p = &probes[i];

        assert_non_null(p->engine);
        assert_non_null(p->kind);
        assert_true(p->list != NULL || p->read != NULL);
        /* A name is put right behind it, or it is all of the path. */
        if (p->list != NULL && p->read != NULL && p->read[0] != '\0')
            assert_int_equal(p->read[strlen(p->read) - 1], '/');
        if (p->detailed != NULL)
            assert_non_null(p->list);
        if ((p->flags & PROBE_MAP) != 0)
            assert_null(p->list);
        assert_true(probes_know(p->engine));
    }
    assert_true(probes_know("cubbyhole"));
    assert_false(probes_know("consul"));
    assert_false(probes_know("auth/github"));
}

static void words_are_whole_words(void **state)
{
    (void)state;
    assert_true(probes_word("a bc d", "bc"));
    assert_true(probes_word("a bc d", "d"));
    assert_false(probes_word("a bc d", "b"));
    assert_false(probes_word("a bc d", "bcd"));
    assert_false(probes_word("", "a"));
    assert_false(probes_word(NULL, "a"));
}

/* Every row is allowed by a block, whatever else changes. */
static void every_row_is_in_the_policy(void **state)
{
    const char *p = policy(PROBES_POLICY_ROOT, NULL);
    char path[200];

    (void)state;
    for (size_t i = 0; i < probes_count; i++) {
        const struct probe *row = &probes[i];
        const char *mount = strcmp(row->engine, "system") == 0     ? "sys/"
                            : strcmp(row->engine, "identity") == 0 ? "identity/"
                            : strncmp(row->engine, "auth/", 5) == 0 ? "auth/+/"
                                                                    : "+/";
        bool tree = (row->flags & PROBE_TREE) != 0;

        if (strcmp(row->engine, "kv1") == 0 || (row->flags & PROBE_VALUES) != 0)
            continue;
        (void)snprintf(path, sizeof path, "path \"%s%s%s\" {", mount,
                       row->list != NULL ? row->list : row->read,
                       tree ? "/*" : "");
        if (strstr(p, path) == NULL)
            fail_msg("nothing allows %s", path);
    }
}

static void secrets_are_read_by_the_values_policy_only(void **state)
{
    const char *p = policy(PROBES_POLICY_ROOT, "old,deep/er/");

    (void)state;
    assert_null(strstr(p, "/data/"));
    assert_true(has(p, "old/*", "\"list\""));
    assert_true(has(p, "deep/er/*", "\"list\""));
    assert_true(has(p, "+/metadata/*", "\"list\", \"read\""));
    p = policy(PROBES_POLICY_NAMESPACES, "old");
    assert_null(strstr(p, "/data/"));
    assert_null(strstr(p, "\"old/"));
    assert_true(has(p, "+/+/metadata/*", "\"list\", \"read\""));
    assert_true(has(p, "+/+/+/metadata/*", "\"list\", \"read\""));
    p = policy(PROBES_POLICY_VALUES, "old");
    assert_true(has(p, "+/data/*", "\"read\""));
    assert_true(has(p, "old/*", "\"list\", \"read\""));
    p = policy(PROBES_POLICY_SCAN, "old,,");
    assert_true(has(p, "old/*", "\"scan\""));
    assert_null(strstr(p, "read"));
}

static void one_path_has_one_block(void **state)
{
    const char *p = policy(PROBES_POLICY_ROOT, NULL);

    (void)state;
    for (const char *at = strstr(p, "path \""); at != NULL;
         at = strstr(at + 1, "path \"")) {
        char head[200];

        (void)snprintf(head, sizeof head, "%.*s", (int)strcspn(at, "{"), at);
        assert_null(strstr(at + 1, head));
    }
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&text, 256 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_make_sense),
        cmocka_unit_test(words_are_whole_words),
        cmocka_unit_test(every_row_is_in_the_policy),
        cmocka_unit_test(secrets_are_read_by_the_values_policy_only),
        cmocka_unit_test(one_path_has_one_block),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
