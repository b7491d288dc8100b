/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "jobs/plan_loss.h"

#define KV "logical/11111111-2222-3333-4444-555555555555"
#define OTHER "auth/66666666-2222-3333-4444-555555555555"
#define SPACE "77777777-2222-3333-4444-555555555555"

/* "key=value;key=value" as an archive. */
static void build(struct buf *out, const char *rows)
{
    struct archive_options how = {.level = 0};
    struct buf state;

    buf_init(out, ARCHIVE_MAX);
    buf_init(&state, ARCHIVE_MAX);
    while (*rows != '\0') {
        size_t key = strcspn(rows, "=");
        size_t value = strcspn(rows + key + 1, ";");

        archive_entry_len(&state, rows, key, rows + key + 1, value);
        rows += key + 1 + value;
        rows += *rows == ';';
    }
    archive_build(out, &state, &how);
    buf_done(&state);
}

static void measure(struct plan_loss *l, const char *snapshot,
                    const char *target)
{
    struct buf a;
    struct buf b;
    struct error err = {0};

    memset(l, 0, sizeof(*l));
    build(&a, snapshot);
    build(&b, target);
    struct archive_source from_a = {.data = a.data, .len = a.len, .step = 99};
    struct archive_source from_b = {.data = b.data, .len = b.len, .step = 99};
    struct source left = archive_source(&from_a);
    struct source right = archive_source(&from_b);
    if (plan_loss_measure(l, &left, &right, NULL, &err) != 0)
        fail_msg("%s", err.text);
    buf_done(&a);
    buf_done(&b);
}

static void is(const struct plan_loss_count *c, uint64_t added,
               uint64_t changed, uint64_t removed)
{
    assert_int_equal(c->added, added);
    assert_int_equal(c->changed, changed);
    assert_int_equal(c->removed, removed);
}

static struct plan_loss l;

static void test_places_the_most_changed_first(void **state)
{
    (void)state;
    measure(&l, KV "/a=1;" KV "/b=1;sys/policy/p=1",
            OTHER "/role/r=1;" KV "/a=2;" KV "/c=1;" KV "/d=1;sys/policy/p=1");
    assert_int_equal(l.groups_count, 2);
    assert_string_equal(l.groups[0].prefix, KV);
    is(&l.groups[0].count, 2, 1, 1);
    assert_string_equal(l.groups[1].prefix, OTHER);
    is(&l.groups[1].count, 1, 0, 0);
    assert_int_equal(plan_loss_sum(&l.rest), 0);
}

static void test_tokens_leases_and_keys_are_counted_apart(void **state)
{
    (void)state;
    measure(&l,
            OTHER "/secret_id/x/gone=1;core/audit=1;"
                  "core/hsm/barrier-unseal-keys=1;sys/expire/id/db/creds/a=1;"
                  "sys/token/id/h1=1",
            OTHER "/secret_id/x/new=1;core/audit=2;"
                  "core/hsm/barrier-unseal-keys=2;"
                  "sys/expire/id/auth/approle/login/h2=1;"
                  "sys/expire/id/db/creds/b=1;sys/expire/id/db/creds/c=1;"
                  "sys/token/accessor/a=1;sys/token/id/h2=1;sys/token/id/h3=1");
    is(&l.tokens, 2, 0, 1);
    is(&l.secret_ids, 1, 0, 1);
    is(&l.leases, 2, 0, 1);
    is(&l.audits, 0, 1, 0);
    is(&l.keys, 0, 1, 0);
    assert_int_equal(l.groups_count, 0);
}

static void test_bookkeeping_is_no_loss(void **state)
{
    (void)state;
    measure(&l,
            "audit/x/salt=1;core/cluster/feature-flags=1;core/keyring=1;"
            "core/lock=1;core/raft/tls=1;" KV "/xx/response=1;"
            "sys/counters/activity/1=1",
            "core/cluster/feature-flags=2;core/keyring=2;core/leader/u=1;"
            "core/lock=2;core/raft/tls=2;core/upgrade/1=1;" KV
            "/wal/1=1;sys/counters/activity/1=2");
    assert_int_equal(l.groups_count, 0);
    is(&l.tokens, 0, 0, 0);
    is(&l.keys, 0, 0, 0);
}

static void test_namespaces_keep_their_own(void **state)
{
    (void)state;
    measure(&l, "core/lock=1",
            "core/lock=1;namespaces/" SPACE
            "/core/hsm/barrier-unseal-keys=1;namespaces/" SPACE "/" KV
            "/a=1;namespaces/" SPACE "/sys/token/id/h=1");
    assert_int_equal(l.groups_count, 1);
    assert_string_equal(l.groups[0].prefix, KV);
    assert_string_equal(l.groups[0].space, SPACE);
    is(&l.tokens, 1, 0, 0);
    is(&l.keys, 0, 0, 0);
}

/* Somebody who logs in for the first time takes nothing from anybody. */
static void test_a_login_makes_an_entity(void **state)
{
    (void)state;
    measure(&l, KV "/packer/buckets/1=1",
            KV "/packer/buckets/1=2;" KV "/packer/buckets/7=1;" KV
               "/packer/group/buckets/3=1");
    is(&l.entities, 1, 1, 0);
    assert_int_equal(l.groups_count, 1);
    is(&l.groups[0].count, 1, 0, 0);
}

/* More places than there is room for are counted together. */
static void test_there_is_a_ceiling(void **state)
{
    struct buf rows;

    (void)state;
    buf_init(&rows, 1024 * 1024);
    for (unsigned i = 0; i < PLAN_LOSS_GROUPS_MAX + 10; i++)
        buf_printf(&rows, "logical/%08u/x=1;", i);
    buf_str(&rows, "logical/very-long-");
    for (unsigned i = 0; i < 200; i++)
        buf_char(&rows, 'x');
    buf_str(&rows, "/x=1");
    measure(&l, "core/lock=1", buf_text(&rows));
    assert_int_equal(l.groups_count, PLAN_LOSS_GROUPS_MAX);
    is(&l.rest, 11, 0, 0);
    buf_done(&rows);
}

static void test_a_bad_archive_is_named(void **state)
{
    struct error err = {0};
    struct buf a;
    struct buf b;

    (void)state;
    build(&a, "core/lock=1");
    build(&b, "core/lock=1");
    struct archive_source from_a = {.data = a.data, .len = a.len, .step = 99};
    struct archive_source from_b = {
        .data = b.data, .len = b.len - 60, .step = 99};
    struct source left = archive_source(&from_a);
    struct source right = archive_source(&from_b);
    assert_int_equal(plan_loss_measure(&l, &left, &right, NULL, &err), -1);
    assert_non_null(strstr(err.text, "the snapshot of the target"));
    buf_done(&a);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_the_most_changed_first),
        cmocka_unit_test(test_tokens_leases_and_keys_are_counted_apart),
        cmocka_unit_test(test_bookkeeping_is_no_loss),
        cmocka_unit_test(test_namespaces_keep_their_own),
        cmocka_unit_test(test_a_login_makes_an_entity),
        cmocka_unit_test(test_there_is_a_ceiling),
        cmocka_unit_test(test_a_bad_archive_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
