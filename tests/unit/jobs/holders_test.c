/* SPDX-License-Identifier: Apache-2.0
 *
 * Shares handed in one by one, tried on archives of real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "base/digest.h"
#include "base/limits.h"
#include "jobs/holders.h"
#include "tests/unit/jobs/sealed.h"
#include "transient/keys.h"

#define STRANGE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"

static struct sealed s;

static struct holders *begin(void)
{
    struct source source = sealed_source(&s);
    struct holders *h = NULL;
    struct error err = {0};

    if (holders_new(&source, NULL, &h, &err) != 0)
        fail_msg("%s", err.text);
    return h;
}

static struct jobs_unseal_view view_of(const struct holders *h)
{
    struct jobs_unseal_view v;

    holders_view(h, &v);
    return v;
}

static void add(struct holders *h, const char *share)
{
    struct error err = {0};

    if (holders_add(h, share, &err) != 0)
        fail_msg("%s", err.text);
}

static void test_any_three_of_five(void **state)
{
    struct keys *keys;

    (void)state;
    for (size_t first = 0; first + SEALED_THRESHOLD <= SEALED_SHARES; first++) {
        struct holders *h = begin();
        char nonce[ID_TEXT_MAX];

        assert_non_null(h);
        assert_int_equal(view_of(h).threshold, SEALED_THRESHOLD);
        assert_int_equal(view_of(h).shares, SEALED_SHARES);
        assert_int_equal(view_of(h).progress, 0);
        assert_string_equal(view_of(h).nonce, "");
        add(h, s.shares[first]);
        memcpy(nonce, view_of(h).nonce, sizeof(nonce));
        assert_true(id_valid(nonce));
        add(h, s.shares[first]); /* again: counts once */
        assert_int_equal(view_of(h).progress, 1);
        add(h, s.shares[first + 1]);
        assert_int_equal(view_of(h).progress, 2);
        assert_string_equal(view_of(h).nonce, nonce);
        assert_true(view_of(h).sealed);
        assert_null(holders_take(h));
        add(h, s.shares[first + 2]);
        assert_false(view_of(h).sealed);
        assert_true(holders_done(h));
        keys = holders_take(h);
        assert_int_equal(keys_count(keys), SEALED_THRESHOLD);
        assert_null(holders_take(h));
        keys_free(keys);
        holders_free(h);
    }
}

static void test_wrong_shares_are_forgotten(void **state)
{
    struct holders *h = begin();
    struct error err = {0};

    (void)state;
    add(h, s.shares[0]);
    add(h, STRANGE);
    assert_int_equal(holders_add(h, s.shares[1], &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_true(strncmp(err.text, "Unseal failed, invalid key: ", 28) == 0);
    assert_null(strstr(err.text, s.shares[0]));
    assert_null(strstr(err.text, STRANGE));
    assert_int_equal(view_of(h).progress, 0);
    assert_string_equal(view_of(h).nonce, "");
    assert_false(holders_done(h));
    for (size_t n = 0; n < SEALED_THRESHOLD; n++)
        add(h, s.shares[n]);
    assert_true(holders_done(h));
    holders_free(h);
}

static void test_what_is_no_share_changes_nothing(void **state)
{
    static const char *const bad[] = {"", "secret!", "c2hvcnQ="};
    struct holders *h = begin();
    struct error err = {0};

    (void)state;
    add(h, s.shares[0]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(holders_add(h, bad[i], &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_null(strstr(err.text, "secret!"));
        assert_int_equal(view_of(h).progress, 1);
    }
    holders_free(h);
}

/* Two with the same number: at least one of them is made up. */
static void test_shares_that_cannot_go_together(void **state)
{
    struct holders *h = begin();
    char other[128];
    struct error err = {0};

    (void)state;
    /* Base64: its last characters are the number of the share. */
    (void)snprintf(other, sizeof(other), "%s", s.shares[0]);
    other[0] = other[0] == 'A' ? 'B' : 'A';
    add(h, s.shares[0]);
    add(h, other);
    assert_int_equal(holders_add(h, s.shares[1], &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(view_of(h).progress, 0);
    holders_free(h);
}

static void test_reset_forgets(void **state)
{
    struct holders *h = begin();

    (void)state;
    holders_reset(h);
    add(h, s.shares[0]);
    add(h, s.shares[1]);
    holders_reset(h);
    assert_int_equal(view_of(h).progress, 0);
    add(h, s.shares[2]);
    assert_false(holders_done(h));
    assert_int_equal(view_of(h).progress, 1);
    holders_set_deadline(h, 4711);
    assert_int_equal(view_of(h).deadline_ms, 4711);
    holders_free(h);
}

static void test_too_many_are_not_looked_at(void **state)
{
    struct holders *h = begin();
    struct error err = {0};
    int taken = 0;

    (void)state;
    while (holders_knock(h, 1000000000, &err) == 0)
        taken++;
    assert_int_equal(taken, LIMIT_UNSEAL_BURST);
    assert_int_equal(err.kind, ERR_TOO_MANY);
    assert_int_equal(holders_knock(h, 1000000000 + LIMIT_UNSEAL_EVERY_MS, &err),
                     0);
    holders_free(h);
}

/* The good one cut short, and one that was cancelled. */
static void test_an_archive_that_cannot_be_read(void **state)
{
    struct cancel cancel = {.requested = true};
    struct source source = sealed_source(&s);
    struct holders *h = NULL;
    struct error err = {0};

    (void)state;
    assert_int_equal(holders_new(&source, &cancel, &h, &err), -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    source = sealed_source(&s);
    s.archive.len -= 50;
    assert_int_equal(holders_new(&source, NULL, &h, &err), -1);
    s.archive.len += 50;
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_null(h);
    holders_free(NULL);
}

static char *find(char *from, const struct buf *tar, const char *what)
{
    size_t len = tar->len - (size_t)(from - tar->data);
    char *at = memmem(from, len, what, strlen(what));

    assert_non_null(at);
    return at;
}

/* Damage the root key on the primary, before an honest backup: everything in
 * the archive fits together, the sealed sums apart. */
static void damage_the_root_key(void)
{
    char sum[DIGEST_SHA256_HEX];
    struct buf tar;
    char *member;
    char *value;
    size_t size = 0;

    buf_init(&tar, ARCHIVE_MAX);
    assert_true(archive_gunzip(&tar, &s.archive));
    member = tar.data;
    while (strcmp(member, "state.bin") != 0)
        member += 512;
    for (const char *digit = member + 124; *digit >= '0' && *digit <= '7';)
        size = size * 8 + (size_t)(*digit++ - '0');
    member += 512;
    value = find(member, &tar, "core/hsm/barrier-unseal-keys");
    value[60] ^= 1;
    digest_sha256_hex(member, size, sum);
    memcpy(find(tar.data, &tar, "  state.bin\n") - 64, sum, 64);
    buf_clear(&s.archive);
    archive_gzip(&s.archive, &tar, 0);
    buf_done(&tar);
}

/* It is not the holders' fault, and they are not told that it is. */
static void test_right_shares_for_a_damaged_archive(void **state)
{
    struct holders *h;
    struct error err = {0};
    struct keys *keys;

    (void)state;
    damage_the_root_key();
    h = begin();
    add(h, s.shares[0]);
    add(h, STRANGE);
    assert_int_equal(holders_add(h, s.shares[1], &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
    for (size_t n = 0; n < SEALED_THRESHOLD; n++)
        add(h, s.shares[n]);
    assert_true(holders_done(h));
    keys = holders_take(h);
    assert_int_equal(keys_count(keys), SEALED_THRESHOLD);
    keys_free(keys);
    holders_free(h);
}

static int up(void **state)
{
    sealed_load(&s, *state);
    return 0;
}

static int down(void **state)
{
    (void)state;
    sealed_done(&s);
    return 0;
}

#define ON(test, name)                                                         \
    {                                                                          \
#test, test, up, down, (void *)(uintptr_t)(name)                       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_any_three_of_five, SEALED_VAULT),
        ON(test_any_three_of_five, SEALED_OPENBAO),
        ON(test_wrong_shares_are_forgotten, SEALED_VAULT),
        ON(test_wrong_shares_are_forgotten, SEALED_OPENBAO),
        ON(test_what_is_no_share_changes_nothing, SEALED_VAULT),
        ON(test_shares_that_cannot_go_together, SEALED_VAULT),
        ON(test_reset_forgets, SEALED_VAULT),
        ON(test_too_many_are_not_looked_at, SEALED_VAULT),
        ON(test_right_shares_for_a_damaged_archive, SEALED_VAULT),
        ON(test_right_shares_for_a_damaged_archive, SEALED_OPENBAO),
        ON(test_an_archive_that_cannot_be_read, SEALED_OPENBAO),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
