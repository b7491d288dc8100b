/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof/inventories.h"
#include "proof/unlike.h"

#define R(line) inventories_record(line)

static void differences_are_seen(void **state)
{
    static const struct {
        const char *a, *b;
        enum unlike expected;
    } cases[] = {
        {"mount s/ 0 - - a=1 b=2", "mount s/ 0 - - a=1 b=2", UNLIKE_NOTHING},
        {"mount s/ 0 - - a=1 b=2", "mount s/ 0 - - a=1 b=3", UNLIKE_SOMETHING},
        {"mount s/ 0 - - a=1", "mount s/ 0 - - a=1 b=3", UNLIKE_SOMETHING},
        {"mount s/ 0 - - b=3", "mount s/ 0 - - a=1 b=3", UNLIKE_SOMETHING},
        {"mount s/ 0 - -", "mount s/ 0 - -", UNLIKE_NOTHING},
        {"kv2 s/a 1 1 1", "kv2 s/a 2 1 1", UNLIKE_SOMETHING},
        {"kv2 s/a 1 1 1", "kv2 s/a 1 2 1", UNLIKE_SOMETHING},
        {"kv2 s/a 1 1 1", "kv2 s/a 1 1 2", UNLIKE_SOMETHING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(unlike_records(R(cases[i].a), R(cases[i].b), 0),
                         cases[i].expected);
    assert_int_equal(unlike_records(NULL, NULL, 0), UNLIKE_NOTHING);
    assert_int_equal(unlike_records(NULL, R("kv2 s/a 1 1 1"), 0),
                     UNLIKE_SOMETHING);
    assert_int_equal(unlike_records(R("kv2 s/a 1 1 1"), NULL, 0),
                     UNLIKE_SOMETHING);
}

static void what_moves_by_itself_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(
        unlike_records(R("group x 1 1 1 a=1"), R("group x 2 1 1 a=1"), 0),
        UNLIKE_NOTHING);
    assert_int_equal(
        unlike_records(R("group x 1 1 1 a=1"), R("group x 2 1 2 a=1"), 0),
        UNLIKE_SOMETHING);
}

static void what_cannot_be_compared_is_neither(void **state)
{
    (void)state;
    assert_int_equal(unlike_records(R("policy p 0 - - t=h:1"),
                                    R("policy p 0 - - t=h:2"), UNLIKE_KEYS),
                     UNLIKE_UNSEEN);
    assert_int_equal(unlike_records(R("policy p 0 - - n=1 t=h:1"),
                                    R("policy p 0 - - n=2 t=h:2"), UNLIKE_KEYS),
                     UNLIKE_SOMETHING);
    assert_int_equal(unlike_records(R("policy p 0 - - n=1"),
                                    R("policy p 0 - - new=1 n=1"),
                                    UNLIKE_SERVERS),
                     UNLIKE_UNSEEN);
    assert_int_equal(unlike_records(R("policy p 0 - - n=1"),
                                    R("policy p 0 - - new=1 n=1"), UNLIKE_KEYS),
                     UNLIKE_SOMETHING);
}

static void words_are_short_and_to_the_point(void **state)
{
    char text[UNLIKE_TEXT_MAX];

    (void)state;
    unlike_text(R("policy p 3 - 0 same=1 text=h:00112233445566778899aabb"),
                R("policy p 2 - 0 same=1 text=h:ff"), text);
    assert_string_equal(text, "version 3, text h:00112233...");
    unlike_text(R("policy p 3 - 0 a=1"), R("policy p 3 - 0 b=1"), text);
    assert_string_equal(text, "a 1, b not set");
    unlike_text(NULL, R("policy p 3 - 0 b=1"), text);
    assert_string_equal(text, "not there");
    unlike_text(R("kv2 p 3 0 - b=1"), NULL, text);
    assert_string_equal(text, "there, version 3, created "
                              "1970-01-01T00:16:40.000Z");
    unlike_text(R("mount p 0 - - a=1 b=1 c=1 d=1 e=1 f=1"),
                R("mount p 0 - - a=2 b=2 c=2 d=2 e=2 f=2"), text);
    assert_string_equal(text, "a 1, b 1, c 1, d 1, 2 more");
}

static void words_never_run_over(void **state)
{
    char text[UNLIKE_TEXT_MAX];
    char name[200], line[300];

    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(line, sizeof line, "mount p 0 - - %s=1 z=1", name);
    unlike_text(R(line), R("mount p 0 - - a=1"), text);
    assert_true(strlen(text) < sizeof text);
    (void)snprintf(line, sizeof line, "mount p 0 - - %s%.60s=1 z=1", name,
                   name);
    unlike_text(R(line), R("mount p 0 - - a=1"), text);
    assert_true(strlen(text) < sizeof text);
    assert_non_null(strstr(text, "more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_seen),
        cmocka_unit_test(what_moves_by_itself_does_not_count),
        cmocka_unit_test(what_cannot_be_compared_is_neither),
        cmocka_unit_test(words_are_short_and_to_the_point),
        cmocka_unit_test(words_never_run_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
