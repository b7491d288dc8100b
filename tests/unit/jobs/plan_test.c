/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "jobs/plan.h"

static void test_blockers(void **state)
{
    (void)state;
    struct plan p = {0};
    assert_null(plan_blocker(&p));
    plan_say(&p, "one", PLAN_OK, "fine");
    plan_say(&p, "two", PLAN_WARNING, "hm");
    assert_null(plan_blocker(&p));
    plan_say(&p, "three", PLAN_BLOCKER, "no %d", 3);
    assert_string_equal(plan_blocker(&p)->name, "three");
    /* The last word counts. */
    plan_say(&p, "three", PLAN_OK, "yes");
    assert_null(plan_blocker(&p));
    assert_int_equal(p.count, 3);
}

static void test_override(void **state)
{
    (void)state;
    struct plan p = {.overrides = "server,upload_time,hard"};
    plan_say(&p, "server", PLAN_BLOCKER, "no");
    plan_say(&p, "upload_time", PLAN_BLOCKER, "no");
    assert_null(plan_blocker(&p));
    assert_string_equal(p.findings[0].message,
                        "no (overridden by the request)");
    /* Each names its own. */
    plan_say(&p, "verdict", PLAN_BLOCKER, "no");
    assert_string_equal(plan_blocker(&p)->name, "verdict");
    plan_say(&p, "verdict", PLAN_OK, "yes");
    /* What is not in the table cannot be overridden, nor can a stop. */
    plan_say(&p, "hard", PLAN_BLOCKER, "never");
    assert_string_equal(plan_blocker(&p)->name, "hard");
    plan_say(&p, "hard", PLAN_OK, "yes");
    plan_say(&p, "server", PLAN_STOP, "never");
    assert_string_equal(plan_blocker(&p)->name, "server");
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"verdict", "upload_time", "verdict"};
    static const char *const bad[] = {"verdict", "everything"};
    struct error err = {0};
    struct buf b;
    buf_init(&b, 128);
    assert_int_equal(plan_join_overrides(NULL, 0, &b, &err), 0);
    assert_string_equal(buf_text(&b), "");
    assert_int_equal(plan_join_overrides(good, 3, &b, &err), 0);
    assert_string_equal(buf_text(&b), "verdict,upload_time");
    assert_int_equal(plan_join_overrides(bad, 2, &b, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    for (size_t i = 0; plan_overridable[i] != NULL; i++)
        assert_non_null(strstr(err.text, plan_overridable[i]));
    assert_true(plan_overrides("a,bc", "bc"));
    assert_false(plan_overrides("a,bc", "b"));
    assert_false(plan_overrides("abc", "bc"));
    assert_false(plan_overrides("", ""));
    assert_false(plan_overrides(NULL, "a"));
    buf_done(&b);
}

static void describe(struct plan *p, const char *figure)
{
    text_copy(p->archive_sha256, sizeof(p->archive_sha256), "aa");
    text_copy(p->cluster_id, sizeof(p->cluster_id), "cc");
    plan_say(p, "one", PLAN_OK, "it takes %s", figure);
    plan_say(p, "two", PLAN_WARNING, "hm");
}

static void test_fingerprint(void **state)
{
    (void)state;
    struct plan p = {.overrides = ""};
    struct plan q = {.overrides = NULL};
    struct error err = {0};
    char first[DIGEST_SHA256_HEX];
    char second[DIGEST_SHA256_HEX];
    describe(&p, "one second");
    describe(&q, "two seconds");
    assert_int_equal(plan_fingerprint(&p, first, &err), 0);
    assert_int_equal(plan_fingerprint(&q, second, &err), 0);
    assert_string_equal(first, second);
    for (int i = 0; i < 7; i++) {
        q = (struct plan){.overrides = NULL};
        describe(&q, "two seconds");
        switch (i) {
        case 0:
            plan_say(&q, "one", PLAN_WARNING, "x");
            break;
        case 1:
            plan_say(&q, "three", PLAN_OK, "x");
            break;
        case 2:
            text_copy(q.archive_sha256, sizeof(q.archive_sha256), "ab");
            break;
        case 3:
            text_copy(q.cluster_id, sizeof(q.cluster_id), "cd");
            break;
        case 4:
            q.force = true;
            break;
        case 5:
            text_copy(q.subject, sizeof(q.subject), "x, at version 1");
            break;
        default:
            q.overrides = "verdict";
            break;
        }
        assert_int_equal(plan_fingerprint(&q, second, &err), 0);
        assert_string_not_equal(first, second);
    }
}

static void test_compare(void **state)
{
    (void)state;
    struct plan p = {.revision = 1};
    struct plan q = {.revision = 2};
    struct error err = {0};
    struct buf b;
    buf_init(&b, LIMIT_REQUEST_BODY);
    describe(&p, "one second");
    describe(&q, "two seconds");
    assert_int_equal(plan_write(&p, &b, &err), 0);
    assert_int_equal(plan_compare(&q, buf_text(&b), &err), 0);
    assert_int_equal(q.changes_count, 0);
    plan_say(&p, "gone", PLAN_OK, "x");
    buf_clear(&b);
    assert_int_equal(plan_write(&p, &b, &err), 0);
    plan_say(&q, "one", PLAN_STOP, "x");
    text_copy(q.cluster_id, sizeof(q.cluster_id), "dd");
    plan_say(&q, "new", PLAN_OK, "x");
    assert_int_equal(plan_compare(&q, buf_text(&b), &err), 0);
    assert_int_equal(q.changes_count, 4);
    assert_string_equal(q.changes[0], "the target's cluster id was cc, is dd");
    assert_string_equal(q.changes[1], "one was ok, is blocker");
    assert_string_equal(q.changes[2], "new was not mentioned, is ok");
    assert_string_equal(q.changes[3], "gone was ok, is not mentioned");
    buf_clear(&b);
    assert_int_equal(plan_write(&q, &b, &err), 0);
    assert_non_null(strstr(buf_text(&b), "\"one was ok, is blocker\""));
    assert_int_equal(plan_compare(&q, "nonsense", &err), -1);
    buf_done(&b);
}

/* Whoever agreed to a plan agreed to one that is better. */
static void test_covered(void **state)
{
    struct plan p = {.archive_sha256 = "a", .cluster_id = "c"};
    struct plan q = p;
    struct error err = {0};
    bool covered = false;
    struct buf b;
    (void)state;
    plan_say(&p, "one", PLAN_OK, "fine");
    plan_say(&p, "two", PLAN_WARNING, "hm");
    buf_init(&b, 4096);
    assert_int_equal(plan_write(&p, &b, &err), 0);
    plan_say(&q, "one", PLAN_OK, "other words");
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_true(covered);
    plan_say(&q, "two", PLAN_OK, "better");
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_true(covered);
    plan_say(&q, "one", PLAN_WARNING, "worse");
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_false(covered);
    plan_say(&q, "one", PLAN_OK, "as before");
    q.cluster_id[0] = 'd';
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_false(covered);
    q.cluster_id[0] = 'c';
    q.archive_sha256[0] = 'b';
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_false(covered);
    q.archive_sha256[0] = 'a';
    q.subject[0] = 's';
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_false(covered);
    q.subject[0] = '\0';
    plan_say(&q, "three", PLAN_OK, "new");
    assert_int_equal(plan_covered(&q, buf_text(&b), &covered, &err), 0);
    assert_false(covered);
    assert_int_equal(plan_covered(&q, "nonsense", &covered, &err), -1);
    buf_done(&b);
}

static void test_text(void **state)
{
    (void)state;
    struct plan p = {.revision = 3};
    struct error err = {0};
    struct buf b;
    buf_init(&b, LIMIT_REQUEST_BODY);
    plan_say(&p, "a", PLAN_OK, "say \"hi\"");
    plan_say(&p, "b", PLAN_STOP, "no");
    assert_int_equal(plan_write(&p, &b, &err), 0);
    assert_string_equal(
        buf_text(&b),
        "{\"revision\":3,\"blocked\":true,\"archive_sha256\":\"\","
        "\"target_cluster_id\":\"\",\"changes\":[],\"findings\":["
        "{\"name\":\"a\",\"level\":\"ok\",\"message\":\"say \\\"hi\\\"\"},"
        "{\"name\":\"b\",\"level\":\"blocker\",\"message\":\"no\"}]}");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blockers), cmocka_unit_test(test_override),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_compare),  cmocka_unit_test(test_covered),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
