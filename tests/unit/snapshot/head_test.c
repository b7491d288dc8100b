/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "archive.h"
#include "base/file.h"
#include "snapshot/head.h"

enum { SHARES = 5, MOST = 1024 * 1024 };

struct fixture {
    struct buf archive;
    struct buf keys;
    const char *shares[SHARES];
};

static const char *const names[] = {"vault-1.21.0-rekeyed",
                                    "openbao-2.7.2-rekeyed"};

static void load(struct fixture *f, const char *name)
{
    char path[512];
    struct error err;
    char *save = NULL;

    buf_init(&f->archive, MOST);
    buf_init(&f->keys, MOST);
    (void)snprintf(path, sizeof(path), "%s/%s.snap", ASSAY_FIXTURES, name);
    assert_int_equal(file_read(path, &f->archive, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/%s.keys", ASSAY_FIXTURES, name);
    assert_int_equal(file_read(path, &f->keys, &err), 0);
    for (size_t n = 0; n < SHARES; n++) {
        f->shares[n] = strtok_r(n == 0 ? f->keys.data : NULL, "\n", &save);
        assert_non_null(f->shares[n]);
    }
}

static void unload(struct fixture *f)
{
    buf_done(&f->archive);
    buf_done(&f->keys);
}

static int read_head(const struct buf *archive, const char *const *shares,
                     size_t count, struct snapshot_head *head,
                     struct error *err)
{
    const struct snapshot_head_keys keys = {.shares = shares,
                                            .shares_count = count};
    struct archive_source bytes = {
        .data = archive->data, .len = archive->len, .step = 777};
    struct source source = archive_source(&bytes);

    return snapshot_head_read(&source, &keys, NULL, head, err);
}

static void test_the_seal_needs_no_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct snapshot_head head;
        struct error err = {0};
        struct fixture f;

        load(&f, names[i]);
        assert_int_equal(read_head(&f.archive, NULL, 0, &head, &err), 0);
        assert_string_equal(head.seal.type, "shamir");
        assert_int_equal(head.seal.threshold, 3);
        assert_int_equal(head.seal.shares, 5);
        assert_int_equal(head.keys, UNSEAL_TOO_FEW);
        assert_int_not_equal(head.keys_text[0], '\0');
        assert_int_equal(head.contents.mounts_count, 0);
        snapshot_head_done(&head);
        unload(&f);
    }
}

static void test_the_tables_open_with_the_right_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct snapshot_head head;
        struct error err = {0};
        struct fixture other;
        struct fixture f;

        load(&f, names[i]);
        load(&other, names[1 - i]);
        assert_int_equal(read_head(&f.archive, f.shares, 3, &head, &err), 0);
        assert_int_equal(head.keys, UNSEAL_OPENED);
        assert_int_equal(head.contents.unread, 0);
        assert_true(head.contents.mounts_count >= 4);
        snapshot_head_done(&head);
        assert_int_equal(read_head(&f.archive, other.shares, 3, &head, &err),
                         0);
        assert_int_equal(head.keys, UNSEAL_WRONG);
        snapshot_head_done(&head);
        unload(&other);
        unload(&f);
    }
}

/* Damage behind the head is not its business; damage in it is. */
static void test_it_reads_no_further(void **state)
{
    struct snapshot_head head;
    struct error err = {0};
    struct buf state_bin;
    struct buf archive;
    struct fixture f;

    (void)state;
    load(&f, names[0]);
    f.archive.len = 100;
    assert_int_equal(read_head(&f.archive, NULL, 0, &head, &err), -1);
    assert_int_equal(err.kind, ERR_CORRUPT);
    unload(&f);

    buf_init(&state_bin, ARCHIVE_MAX);
    buf_init(&archive, ARCHIVE_MAX);
    archive_entry(&state_bin, "core/seal-config",
                  "{\"type\":\"awskms\",\"secret_shares\":1,"
                  "\"secret_threshold\":1}");
    archive_entry(&state_bin, "logical/b", "b");
    archive_entry(&state_bin, "logical/a", "not ascending");
    archive_build(&archive, &state_bin, &(struct archive_options){.level = 0});
    assert_int_equal(read_head(&archive, NULL, 0, &head, &err), 0);
    assert_string_equal(head.seal.type, "awskms");
    assert_int_equal(head.keys, UNSEAL_AUTO);
    snapshot_head_done(&head);
    buf_done(&archive);
    buf_done(&state_bin);
}

static void test_it_can_be_cancelled(void **state)
{
    const struct snapshot_head_keys none = {.shares_count = 0};
    struct cancel cancel = {.requested = true};
    struct snapshot_head head;
    struct error err = {0};
    struct fixture f;

    (void)state;
    load(&f, names[0]);
    struct archive_source bytes = {
        .data = f.archive.data, .len = f.archive.len, .step = 777};
    struct source source = archive_source(&bytes);
    assert_int_equal(snapshot_head_read(&source, &none, &cancel, &head, &err),
                     -1);
    assert_int_equal(err.kind, ERR_CANCELLED);
    unload(&f);
}

/* As both products write it: what is decrypted, with one device or none. */
static void test_audit_devices(void **state)
{
    static const char table[] =
        "{\"type\":\"audit\",\"entries\":[{\"table\":\"audit\",\"path\":"
        "\"file/\",\"type\":\"file\",\"uuid\":\"u\",\"options\":{"
        "\"file_path\":\"/var/log/a.log\"}},{\"path\":\"net/\",\"type\":"
        "\"socket\",\"options\":{\"address\":\"10.0.0.1:9\"}},{\"x\":1}]}";
    static const char none[] = "{\"type\":\"audit\",\"entries\":null}";
    struct snapshot_entry plain = {.key = (const uint8_t *)"core/audit",
                                   .key_len = strlen("core/audit"),
                                   .value = (const uint8_t *)table,
                                   .value_len = strlen(table)};
    struct contents c;
    struct error err = {0};

    (void)state;
    contents_init(&c);
    assert_true(contents_wants(plain.key, plain.key_len));
    assert_true(contents_wants("core/local-audit", 16));
    assert_int_equal(contents_add(&c, &plain, &err), 0);
    plain.value = (const uint8_t *)none;
    plain.value_len = strlen(none);
    assert_int_equal(contents_add(&c, &plain, &err), 0);
    assert_int_equal(contents_finish(&c, &err), 0);
    assert_int_equal(c.audits_count, 2);
    assert_int_equal(c.unread, 1);
    assert_string_equal(c.audits[0].path, "file/");
    assert_string_equal(c.audits[0].place, "/var/log/a.log");
    assert_string_equal(c.audits[1].type, "socket");
    assert_string_equal(c.audits[1].place, "10.0.0.1:9");
    contents_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_seal_needs_no_keys),
        cmocka_unit_test(test_the_tables_open_with_the_right_keys),
        cmocka_unit_test(test_it_reads_no_further),
        cmocka_unit_test(test_it_can_be_cancelled),
        cmocka_unit_test(test_audit_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
