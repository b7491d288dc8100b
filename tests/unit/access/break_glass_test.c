/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "access/break_glass.h"
#include "base/clock.h"

enum { HOUR_MS = 3600 * 1000 };

static struct error err;

static struct break_glass named(const char *name, unsigned rights,
                                char token[BREAK_GLASS_TOKEN_MAX])
{
    struct break_glass b = {.rights = rights,
                            .expires_ms = clock_now_ms() + HOUR_MS};

    (void)strncat(b.name, name, sizeof(b.name) - 1);
    break_glass_make(token, b.sha256);
    return b;
}

static void tokens_are_long_and_never_the_same(void **state)
{
    char a[BREAK_GLASS_TOKEN_MAX], b[BREAK_GLASS_TOKEN_MAX];
    char of_a[DIGEST_SHA256_HEX], again[DIGEST_SHA256_HEX];

    (void)state;
    break_glass_make(a, of_a);
    break_glass_make(b, again);
    assert_string_not_equal(a, b);
    assert_true(break_glass_is(a));
    assert_false(break_glass_is("hvs.x"));
    assert_int_equal(strlen(a), strlen(BREAK_GLASS_PREFIX) + 48);
    digest_sha256_hex(a, strlen(a), again);
    assert_string_equal(of_a, again);
}

static void the_right_one_is_found_and_no_other(void **state)
{
    char token[3][BREAK_GLASS_TOKEN_MAX];
    struct break_glass list[2], found;
    struct break_glass_box *box = NULL;

    (void)state;
    assert_int_equal(break_glass_box_new(&box, &err), 0);
    assert_false(break_glass_find(box, "x", &found));
    list[0] = named("ann", ACCESS_RIGHT_READ, token[0]);
    list[1] = named("bob", ACCESS_RIGHT_RESTORE, token[1]);
    (void)named("eve", ACCESS_RIGHT_RESTORE, token[2]);
    break_glass_box_set(box, list, 2);
    assert_true(break_glass_find(box, token[0], &found));
    assert_string_equal(found.name, "ann");
    assert_true(break_glass_find(box, token[1], &found));
    assert_string_equal(found.name, "bob");
    assert_false(break_glass_find(box, token[2], &found));
    assert_false(break_glass_find(box, list[0].sha256, &found));
    assert_false(break_glass_find(NULL, token[0], &found));
    break_glass_box_set(box, list, 1); /* taken back */
    assert_false(break_glass_find(box, token[1], &found));
    break_glass_box_free(box);
}

static void rights_have_reading_in_them_and_no_more(void **state)
{
    static const unsigned all[] = {ACCESS_RIGHT_READ, ACCESS_RIGHT_OPERATE,
                                   ACCESS_RIGHT_APPROVE, ACCESS_RIGHT_RESTORE};
    char token[BREAK_GLASS_TOKEN_MAX];
    struct principal who;

    (void)state;
    for (size_t has = 0; has < 4; has++) {
        struct break_glass b = named("ann", all[has], token);

        for (size_t wants = 0; wants < 4; wants++) {
            int rc =
                break_glass_judge(&b, all[wants], clock_now_ms(), &who, &err);

            assert_int_equal(rc, wants == 0 || wants == has ? 0 : -1);
        }
        assert_int_equal(break_glass_judge(&b, 0, clock_now_ms(), &who, &err),
                         -1);
    }
    struct break_glass none = named("ann", 0, token);
    assert_int_equal(
        break_glass_judge(&none, ACCESS_RIGHT_READ, clock_now_ms(), &who, &err),
        -1);
    assert_int_equal(break_glass_right("restore"), ACCESS_RIGHT_RESTORE);
    assert_int_equal(break_glass_right("root"), 0);
}

static void an_expired_one_says_so(void **state)
{
    char token[BREAK_GLASS_TOKEN_MAX];
    struct break_glass b = named("ann", ACCESS_RIGHT_READ, token);
    struct principal who = {.authenticated = false};

    (void)state;
    b.expires_ms = 1000;
    assert_int_equal(break_glass_judge(&b, ACCESS_RIGHT_READ, 999, &who, &err),
                     0);
    who.authenticated = false;
    assert_int_equal(break_glass_judge(&b, ACCESS_RIGHT_READ, 1000, &who, &err),
                     -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_non_null(strstr(err.text, "\"ann\" expired at 1970-01-01"));
    assert_string_equal(who.entity_id, "break-glass:ann");
    assert_false(who.authenticated);
}

static void uses_are_seen_and_told_now_and_then(void **state)
{
    char token[BREAK_GLASS_TOKEN_MAX];
    struct break_glass list[2];
    struct break_glass_box *box = NULL;
    struct break_glass_view view;

    (void)state;
    break_glass_look(NULL, &view);
    assert_int_equal(view.tokens, 0);
    assert_int_equal(break_glass_box_new(&box, &err), 0);
    list[0] = named("ann", ACCESS_RIGHT_READ, token);
    list[1] = named("bob", ACCESS_RIGHT_READ, token);
    list[1].expires_ms = 1;
    break_glass_box_set(box, list, 2);
    break_glass_look(box, &view);
    assert_int_equal(view.tokens, 1);
    assert_int_equal(view.expires_ms, list[0].expires_ms);
    assert_int_equal(view.used_ms, 0);
    assert_true(break_glass_used(box, "ann"));
    assert_false(break_glass_used(box, "ann"));
    assert_true(break_glass_used(box, "bob"));
    break_glass_look(box, &view);
    assert_string_equal(view.name, "bob");
    assert_true(view.used_ms > 0);
    break_glass_box_free(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_long_and_never_the_same),
        cmocka_unit_test(the_right_one_is_found_and_no_other),
        cmocka_unit_test(rights_have_reading_in_them_and_no_more),
        cmocka_unit_test(an_expired_one_says_so),
        cmocka_unit_test(uses_are_seen_and_told_now_and_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
